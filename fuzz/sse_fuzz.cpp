#include "base/utf8.hpp"
#include "input.hpp"
#include "net/sse.hpp"
#include "targets.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace gibsey::fuzz {
namespace {

using net::SseEvent;
using net::SseReader;

constexpr std::size_t kLongestName = 1024;
constexpr std::size_t kOwnMemory = 16 * 1024;  // as sse.hpp has it

struct Reading {
  std::vector<SseEvent> events;
  bool refused = false;
};

Reading read_whole(SseReader& reader, std::string_view stream) {
  Reading reading;
  const auto fed = reader.feed(stream, reading.events);
  if (!fed) require(fed.error().code == ErrorCode::too_large, "an event stream is refused for its size alone");
  reading.refused = !fed;
  return reading;
}

void check_event(const SseEvent& event, std::size_t limit) {
  require(utf8::is_valid(event.type) && utf8::is_valid(event.data) && utf8::is_valid(event.id), "an event is UTF-8");
  require(event.data.size() <= limit, "no event is over the limit");
  require(!event.type.empty() && event.type.size() <= kLongestName, "a type has its length");
  require(event.id.size() <= kLongestName && event.id.find('\0') == std::string::npos, "an id has its length and no NUL");
}

bool same(const SseEvent& a, const SseEvent& b) {
  return a.type == b.type && a.data == b.data && a.id == b.id;
}

/// The same bytes in pieces: the same events, within the memory that is promised.
void check_pieces(const Input& input, std::size_t limit, const SseReader& whole_reader, const Reading& whole) {
  const auto before = allocated_bytes();
  SseReader reader(limit);
  std::size_t seen = 0;
  bool refused = false;
  for_each_piece(input, [&](std::string_view piece) {
    {
      std::vector<SseEvent> events;
      refused = !reader.feed(piece, events);
      for (const auto& event : events) {
        require(seen < whole.events.size() && same(event, whole.events[seen]), "an event does not depend on the cut");
        ++seen;
      }
    }
    require(allocated_bytes() <= before + 4 * limit + kOwnMemory, "the reader keeps to its memory");
    return !refused;
  });
  require(seen == whole.events.size() && refused == whole.refused, "the events do not depend on the cut");
  if (refused) return;
  require(reader.last_event_id() == whole_reader.last_event_id(), "the last id does not depend on the cut");
  require(reader.retry() == whole_reader.retry(), "the retry time does not depend on the cut");
  require(reader.comments() == whole_reader.comments(), "the comments do not depend on the cut");
}

/// What is written is read as it was.
void check_written(const SseEvent& event) {
  std::string stream;
  net::append_sse_comment(stream, event.data);
  net::append_sse(stream, event.type, event.data, event.id);
  SseReader reader(16 * stream.size() + kOwnMemory);
  const auto read = read_whole(reader, stream);
  auto expected = event;
  std::erase(expected.type, '\0');
  if (expected.type.empty()) expected.type = "message";
  require(!read.refused && read.events.size() == 1 && same(read.events[0], expected), "a written event comes back as it was");
}

std::string with_line_feeds(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pair = text.substr(i).starts_with("\r\n");
    if (!pair) out.push_back(text[i] == '\r' ? '\n' : text[i]);
  }
  return out;
}

}  // namespace

/// Option: the limit in steps of 16 bytes; 0 is the default.
void sse(std::string_view bytes) {
  const auto input = parse_input(bytes);
  const std::size_t limit = input.option == 0 ? 1024U * 1024U : 16U * input.option;
  SseReader reader(limit);
  const auto whole = read_whole(reader, input.stream);
  for (const auto& event : whole.events) {
    check_event(event, limit);
    check_written(event);
  }
  check_pieces(input, limit, reader, whole);
  if (utf8::is_valid(input.stream)) check_written({"message", with_line_feeds(input.stream), ""});
}

}  // namespace gibsey::fuzz
