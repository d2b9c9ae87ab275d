#include "input.hpp"
#include "net/ndjson.hpp"
#include "targets.hpp"

#include <string>
#include <vector>

namespace gibsey::fuzz {
namespace {

using net::NdjsonReader;

constexpr std::size_t kSlack = 64;  // of the allocator, for strings of a few bytes

/// What the lines are, told by the definition: parts between LF, without one CR at the end, the empty ones left out.
std::vector<std::string> lines_of(std::string_view stream, std::string& rest) {
  std::vector<std::string> lines;
  for (auto end = stream.find('\n'); end != std::string_view::npos; end = stream.find('\n')) {
    auto line = stream.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
    stream.remove_prefix(end + 1);
  }
  rest = stream;
  return lines;
}

bool has_longer_line(std::string_view stream, std::size_t limit) {
  for (auto end = stream.find('\n'); end != std::string_view::npos; end = stream.find('\n')) {
    if (end > limit) return true;
    stream.remove_prefix(end + 1);
  }
  return stream.size() > limit;
}

void check_pieces(const Input& input, std::size_t limit, const std::vector<std::string>& whole, bool refused_whole) {
  const auto before = allocated_bytes();
  NdjsonReader reader(limit);
  std::size_t seen = 0;
  bool refused = false;
  for_each_piece(input, [&](std::string_view piece) {
    {
      std::vector<std::string> lines;
      refused = !reader.feed(piece, lines);
      for (const auto& line : lines) {
        require(seen < whole.size() && line == whole[seen], "a line does not depend on the cut");
        ++seen;
      }
    }
    require(allocated_bytes() <= before + 2 * limit + kSlack, "the reader keeps to its memory");
    return !refused;
  });
  require(seen == whole.size() && refused == refused_whole, "the lines do not depend on the cut");
}

}  // namespace

/// Option: the limit in steps of 16 bytes; 0 is the default.
void ndjson(std::string_view bytes) {
  const auto input = parse_input(bytes);
  const std::size_t limit = input.option == 0 ? 1024U * 1024U : 16U * input.option;
  NdjsonReader reader(limit);
  std::vector<std::string> whole;
  const auto fed = reader.feed(input.stream, whole);
  require(fed.has_value() != has_longer_line(input.stream, limit),
          "a stream is refused for a line over the limit, and for nothing else");
  if (fed) {
    std::string rest;
    require(whole == lines_of(input.stream, rest), "the lines are those between line feeds");
    require(reader.rest() == rest, "the rest is what follows the last line feed");
  } else {
    require(fed.error().code == ErrorCode::too_large, "it is refused for its size");
  }
  check_pieces(input, limit, whole, !fed);
}

}  // namespace gibsey::fuzz
