#pragma once
#include <string_view>

namespace gibsey::provider {

/// What a Claude model takes in a request, told by its name. Anthropic's migration guides (platform.claude.com/docs, models) name
/// the generations: a reply cannot be begun for the model (prefill) from 4.6 on, sampling parameters are refused from 4.7 on, and
/// a request that says nothing of thinking is thought about from 5 on; the citations guide names Claude 3.5 and later. A name may
/// lie: the model that refuses says so by a 400.
struct ClaudeFeatures {
  bool opening = false;         ///< a last message of the assistant is gone on with; false where the name tells no generation
  bool temperature = true;      ///< true where the name tells no generation
  bool thinks_unasked = false;  ///< must be told not to think
  bool citations = false;       ///< of documents in the request; false where the name tells no generation
};

/// Knows "claude-3-5-sonnet-20241022", "claude-opus-4-1", "claude-opus-4.6" and the same behind a vendor's prefix.
[[nodiscard]] ClaudeFeatures claude_features(std::string_view model);

}  // namespace gibsey::provider
