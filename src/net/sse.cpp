#include "net/sse.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <limits>

namespace gibsey::net {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kLongestName = 1024;  // of a type or an id

/// How many bytes of malformed `text` one U+FFFD stands for: the longest start of a character that could have been (the Encoding
/// standard's "maximal subpart"), or one byte. utf8::decode replaces byte by byte, which readers in browsers do not.
std::size_t malformed_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned lead = byte(0);
  unsigned low = 0x80;
  unsigned high = 0xBF;
  std::size_t wanted = 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    wanted = 2;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    wanted = 3;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  std::size_t length = 1;
  while (length <= wanted && byte(length) >= low && byte(length) <= high) {
    ++length;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

std::string decoded_line(std::string_view line) {
  std::string out;
  out.reserve(line.size());
  while (!line.empty()) {
    const auto next = utf8::decode(line);
    const bool malformed = next.code_point == utf8::kReplacement && next.length == 1;
    const auto length = malformed ? malformed_length(line) : next.length;
    utf8::append(out, next.code_point);
    line.remove_prefix(length);
  }
  return out;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  std::copy_if(value.begin(), value.end(), std::back_inserter(out), [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
  out.push_back('\n');
}

/// Calls `append_line` for each line of `text`; CR, LF and CRLF separate lines.
template <typename Append>
void for_each_line(std::string_view text, Append append_line) {
  while (true) {
    const auto end = text.find_first_of("\r\n");
    append_line(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
}

}  // namespace

void append_sse(std::string& out, std::string_view type, std::string_view data, std::string_view id) {
  if (!type.empty()) append_field(out, "event", type);
  if (!id.empty()) append_field(out, "id", id);
  // The space after the colon is what a reader takes off: data that begins with a space keeps it.
  for_each_line(data, [&out](std::string_view line) { out.append("data: ").append(line).push_back('\n'); });
  out.push_back('\n');
}

void append_sse_comment(std::string& out, std::string_view text) {
  for_each_line(text, [&out](std::string_view line) { out.append(": ").append(line).push_back('\n'); });
  out.push_back('\n');
}

Result<void> SseReader::feed(std::string_view bytes, std::vector<SseEvent>& events) {
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const auto end = bytes.find_first_of("\r\n");
    const auto part = bytes.substr(0, end);
    GIBSEY_CHECK(check_size(line_.size() + part.size()));
    line_.append(part);
    if (end == std::string_view::npos) return {};
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    GIBSEY_CHECK(end_line(events));
  }
  return {};
}

Result<void> SseReader::check_size(std::size_t more) const {
  if (data_.size() + more <= limit_) return {};
  return fail(ErrorCode::too_large, "An event of the stream is larger than " + std::to_string(limit_) + " bytes.");
}

Result<void> SseReader::end_line(std::vector<SseEvent>& events) {
  auto line = decoded_line(line_);
  line_.clear();
  if (first_line_ && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  first_line_ = false;
  if (line.empty()) {
    dispatch(events);
    return {};
  }
  GIBSEY_CHECK(check_size(line.size()));  // U+FFFD is longer than what it stands for
  if (line.front() == ':') {
    ++comments_;
    return {};
  }
  const auto colon = line.find(':');
  if (colon == std::string::npos) {
    return set_field(line, {});
  }
  auto value = std::string_view(line).substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return set_field(std::string_view(line).substr(0, colon), value);
}

Result<void> SseReader::set_field(std::string_view name, std::string_view value) {
  if ((name == "event" || name == "id") && value.size() > kLongestName) {
    return fail(ErrorCode::too_large,
                "An event of the stream has a type or an id longer than " + std::to_string(kLongestName) + " bytes.");
  }
  if (name == "data") {
    data_.append(value).push_back('\n');
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    const bool digits = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (value.empty() || !digits) return {};
    constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t time = 0;
    for (const char c : value) {
      const auto digit = static_cast<std::uint64_t>(c - '0');
      time = time > (kMost - digit) / 10 ? kMost : time * 10 + digit;
    }
    retry_ = time;
  }
  return {};
}

void SseReader::dispatch(std::vector<SseEvent>& events) {
  last_event_id_ = id_;
  if (!data_.empty()) {
    data_.pop_back();
    events.push_back({type_.empty() ? "message" : std::move(type_), std::move(data_), last_event_id_});
  }
  data_.clear();
  type_.clear();
}

}  // namespace gibsey::net
