#include "base/utf8.hpp"
#include "input.hpp"
#include "provider/reasoning_filter.hpp"
#include "provider/reply_text.hpp"
#include "targets.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace gibsey::fuzz {
namespace {

using provider::ReasoningFilter;
using provider::ReplyText;

constexpr std::size_t kHeld = 256;  // a tag or a stop string that may still come, and the allocator's slack

/// A reply as the streams read it: the filter, and the text for a reader behind it.
struct Told {
  explicit Told(std::uint8_t option)
      : filter((option & 1U) != 0),
        text((option & 2U) != 0 ? std::vector<std::string>{"\nReader:", "</s>"} : std::vector<std::string>{}) {}

  void add(std::string_view bytes) {
    const auto shown = filter.add(bytes);
    filtered += shown;
    said += text.add(shown);
  }
  void finish() {
    const auto shown = filter.finish();
    filtered += shown;
    said += text.add(shown);
    said += text.finish();
  }

  ReasoningFilter filter;
  ReplyText text;
  std::string filtered;
  std::string said;
};

void check_memory(const Input& input) {
  const auto before = allocated_bytes();
  Told told(input.option);
  std::size_t longest = 0;  // a string keeps the room of the longest piece that it held
  for_each_piece(input, [&](std::string_view piece) {
    told.add(piece);
    longest = std::max(longest, piece.size());
    const auto of_text = told.filtered.capacity() + told.said.capacity();
    require(allocated_bytes() <= before + of_text + 4 * longest + kHeld, "no more is held back than a tag");
    return true;
  });
}

}  // namespace

/// Option: 1 the reply begins inside its reasoning, 2 with stop strings.
void reasoning_filter(std::string_view bytes) {
  const auto input = parse_input(bytes);
  Told whole(input.option);
  whole.add(input.stream);
  whole.finish();
  Told pieces(input.option);
  for_each_piece(input, [&](std::string_view piece) {
    pieces.add(piece);
    return true;
  });
  pieces.finish();
  require(whole.filtered == pieces.filtered, "what is shown does not depend on the cut");
  require(whole.said == pieces.said, "what is told does not depend on the cut");
  require(utf8::is_valid(whole.said), "what is told is UTF-8");
  require(whole.filter.characters() == pieces.filter.characters(), "what is cut out does not depend on the cut");
  require(whole.filter.inside() == pieces.filter.inside() && whole.filter.leaked() == pieces.filter.leaked(),
          "how it ended does not depend on the cut");
  require(whole.filtered.size() + whole.filter.characters() <= input.stream.size(), "nothing is shown and cut out both");
  if ((input.option & 1U) == 0 && input.stream.find('<') == std::string_view::npos) {
    require(whole.filtered == input.stream, "a text without a tag is shown as it is");
  }
  check_memory(input);
}

}  // namespace gibsey::fuzz
