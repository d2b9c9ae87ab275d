#pragma once
#include "input.hpp"
#include "provider/chat_model.hpp"

namespace gibsey::fuzz {

inline void require_same(const provider::Generated& whole, const provider::Generated& pieces) {
  require(whole.finish_reason == pieces.finish_reason, "how it ended does not depend on the cut");
  require(whole.usage.prompt_tokens == pieces.usage.prompt_tokens &&
              whole.usage.completion_tokens == pieces.usage.completion_tokens && whole.usage_estimated == pieces.usage_estimated,
          "usage does not depend on the cut");
  require(whole.usage.prompt_tokens >= 0 && whole.usage.completion_tokens >= 0, "counts are not negative");
  require(whole.reasoning_characters == pieces.reasoning_characters, "what was thought does not depend on the cut");
  require(whole.prompt_was_cut == pieces.prompt_was_cut && whole.citations.size() == pieces.citations.size(),
          "what else was told does not depend on the cut");
}

}  // namespace gibsey::fuzz
