#include "input.hpp"
#include "provider/openai/completion_reader.hpp"
#include "reply_check.hpp"
#include "targets.hpp"

namespace gibsey::fuzz {
namespace {

provider::CompletionReader reader_for(std::uint8_t option) {
  return {(option & 2U) != 0 ? std::vector<std::string>{"\nReader:", "</s>"} : std::vector<std::string>{}, (option & 1U) != 0};
}

}  // namespace

/// Option: 1 the reply begins inside its reasoning, 2 with stop strings.
void openai_stream(std::string_view bytes) {
  const auto input = parse_input(bytes);
  auto whole_reader = reader_for(input.option);
  const auto whole = read_whole(whole_reader, input.stream);
  auto pieces_reader = reader_for(input.option);
  const auto pieces = read_pieces(pieces_reader, input);
  require_same(whole, pieces, input.stream.size());
  const auto usage = whole_reader.usage();
  require(usage.has_value() == pieces_reader.usage().has_value(), "usage does not depend on the cut");
  if (usage) {
    require(usage->prompt_tokens >= 0 && usage->completion_tokens >= 0, "counts are not negative");
    require(usage->prompt_tokens == pieces_reader.usage()->prompt_tokens &&
                usage->completion_tokens == pieces_reader.usage()->completion_tokens,
            "counts do not depend on the cut");
  }
  require(whole_reader.finish_reason() == pieces_reader.finish_reason() && whole_reader.finished() == pieces_reader.finished(),
          "how it ended does not depend on the cut");
  require(whole_reader.reasoning_characters() == pieces_reader.reasoning_characters() &&
              whole_reader.text_bytes() == pieces_reader.text_bytes() && whole_reader.leaked() == pieces_reader.leaked(),
          "what was thought does not depend on the cut");
  auto cut_reader = reader_for(input.option);
  read_and_cut(cut_reader, input.stream);
}

}  // namespace gibsey::fuzz
