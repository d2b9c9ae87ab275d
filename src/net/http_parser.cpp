#include "net/http_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace gibsey::net {
namespace {

constexpr std::size_t kMostFields = 100;
constexpr std::size_t kLongestTarget = 8000;     // RFC 9112 section 3: at least 8,000 should be taken
constexpr std::size_t kLongestChunkLine = 1024;  // size and extensions
constexpr std::size_t kLongestTrailer = 8 * 1024;
constexpr std::array<std::string_view, 7> kMethods = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};

std::unexpected<ParseFailure> refuse(int status, std::string detail) {
  return std::unexpected(ParseFailure{status, std::move(detail)});
}
std::unexpected<ParseFailure> malformed(std::string detail) {
  return refuse(400, "Malformed request: " + std::move(detail));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// tchar of RFC 9110 section 5.6.2.
bool is_token_char(char c) {
  return is_digit(c) || is_letter(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}
/// HTAB, SP, VCHAR and obs-text.
bool is_value_char(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Splits "http://host:port/path" and checks the form of the target (RFC 9112 section 3.2).
Parsed<void> set_target(HttpRequest& request, std::string_view target) {
  if (target.size() > kLongestTarget) return refuse(414, "The address is longer than 8,000 characters.");
  const bool printable = std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
  if (!printable) return malformed("the address holds a character that must be written as %XX.");
  if (target.starts_with('/')) {
    request.target = target;
    return {};
  }
  if (target == "*" && request.method == "OPTIONS") {
    request.target = target;
    return {};
  }
  const auto scheme = target.find("://");
  const auto name = target.substr(0, scheme);
  if (scheme == std::string_view::npos || !(equal_ignoring_case(name, "http") || equal_ignoring_case(name, "https"))) {
    return malformed("the address must begin with '/' or 'http://'.");
  }
  const auto rest = target.substr(scheme + 3);
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  request.host = rest.substr(0, end);
  if (request.host.empty() || request.host.find('@') != std::string::npos) {
    return malformed("the address must name a host, and no user.");
  }
  request.target = rest.substr(end);
  if (!request.target.starts_with('/')) request.target.insert(0, "/");
  return {};
}

Parsed<void> parse_request_line(HttpRequest& request, std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || last == first) return malformed("the request line must be 'METHOD /path HTTP/1.1'.");
  const auto method = line.substr(0, first);
  const auto version = line.substr(last + 1);
  if (!is_token(method)) return malformed("the method is not a word.");
  const bool digits =
      version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  if (!digits) return malformed("the request line must end with ' HTTP/1.1'.");
  if (version[5] != '1') return refuse(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
  if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
    return refuse(501, "The method is not one that is known here.");
  }
  request.method = method;
  request.minor_version = version[7] == '0' ? 0 : 1;
  return set_target(request, line.substr(first + 1, last - first - 1));
}

Parsed<void> parse_field(HttpHeaders& headers, std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return malformed("a header field goes on over several lines.");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return malformed("a header field is not 'Name: value'.");
  }
  const auto value = trimmed(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_char)) return malformed("a header field holds a control character.");
  headers.add(std::string(line.substr(0, colon)), std::string(value));
  return {};
}

/// RFC 9112 section 6.3, with everything refused that leaves two readings.
Parsed<BodyFraming> parse_framing(const HttpRequest& request) {
  const auto codings = request.headers.count("Transfer-Encoding");
  const auto lengths = request.headers.count("Content-Length");
  if (codings > 0 && lengths > 0) return malformed("send Transfer-Encoding or Content-Length, not both.");
  if (codings > 0) {
    if (request.minor_version == 0) return malformed("HTTP/1.0 has no Transfer-Encoding.");
    if (codings > 1) return malformed("send one Transfer-Encoding field.");
    if (!equal_ignoring_case(*request.headers.find("Transfer-Encoding"), "chunked")) {
      return refuse(501, "The only Transfer-Encoding known here is 'chunked'.");
    }
    return BodyFraming{true, 0};
  }
  if (lengths == 0) return BodyFraming{};
  const auto text = *request.headers.find("Content-Length");
  BodyFraming framing;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), framing.length);
  const bool whole = error == std::errc() && end == text.data() + text.size() && is_digit(text.front());
  if (lengths > 1 || !whole) return malformed("Content-Length must be there once and be a number.");
  return framing;
}

Parsed<void> check_host(HttpRequest& request) {
  const auto count = request.headers.count("Host");
  if (count > 1) return malformed("send one Host field.");
  if (count == 0) {
    if (request.minor_version == 1) return malformed("HTTP/1.1 needs a Host field.");
    return {};
  }
  const auto host = *request.headers.find("Host");
  if (!request.host.empty() && !equal_ignoring_case(request.host, host)) {
    return malformed("Host and the address name different hosts.");
  }
  request.host = host;
  return {};
}

/// After the size: nothing, or ';' name [ '=' token or quoted string ], again and again (RFC 9112 section 7.1.1).
bool valid_extensions(std::string_view text) {
  const auto skip_token = [&text] {
    const auto end =
        std::min(static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_token_char) - text.begin()), text.size());
    text.remove_prefix(end);
    return end > 0;
  };
  const auto skip_quoted = [&text] {
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        text.remove_prefix(i + 1);
        return true;
      }
    }
    return false;
  };
  while (!text.empty()) {
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    if (!skip_token()) return false;
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    if (!(text.starts_with('"') ? skip_quoted() : skip_token())) return false;
  }
  return true;
}

}  // namespace

Parsed<std::optional<std::size_t>> HeadScanner::scan(std::string_view buffer) {
  for (; position_ < buffer.size(); ++position_) {
    if (position_ >= limit_) {
      if (line_start_ == 0) return refuse(414, "The address is too long.");
      return refuse(431, "The request line and header fields are larger than " + std::to_string(limit_) + " bytes.");
    }
    const char c = buffer[position_];
    const bool after_cr = position_ > line_start_ && buffer[position_ - 1] == '\r';
    if (after_cr && c != '\n') return malformed("a carriage return stands alone.");
    if (c == '\n') {
      if (!after_cr) return malformed("lines must end with CR and LF.");
      const bool blank = position_ == line_start_ + 1;
      line_start_ = position_ + 1;
      if (blank && started_) {
        ++position_;
        return position_;
      }
      started_ = started_ || !blank;
    } else if (c != '\r' && !is_value_char(c)) {
      return malformed("a control character before the body.");
    }
  }
  return std::nullopt;
}

Parsed<RequestHead> parse_request_head(std::string_view head) {
  while (head.starts_with("\r\n")) head.remove_prefix(2);
  RequestHead parsed;
  auto& request = parsed.request;
  bool first = true;
  while (true) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    if (line.empty() || end == std::string_view::npos) break;
    head.remove_prefix(end + 2);
    auto taken = first ? parse_request_line(request, line) : parse_field(request.headers, line);
    if (!taken) return std::unexpected(std::move(taken).error());
    first = false;
    if (request.headers.fields().size() > kMostFields) return refuse(431, "There are more than 100 header fields.");
  }
  auto framing = parse_framing(request);
  if (!framing) return std::unexpected(std::move(framing).error());
  if (auto host = check_host(request); !host) return std::unexpected(std::move(host).error());
  parsed.framing = *framing;
  const auto& headers = request.headers;
  parsed.keep_alive =
      request.minor_version == 1 ? !headers.has_token("Connection", "close") : headers.has_token("Connection", "keep-alive");
  if (const auto expect = headers.find("Expect"); expect && request.minor_version == 1) {
    if (!equal_ignoring_case(*expect, "100-continue")) return refuse(417, "The only expectation known here is '100-continue'.");
    parsed.expects_continue = true;
  }
  return parsed;
}

Parsed<std::size_t> ChunkedDecoder::feed(std::string_view bytes, std::string& body) {
  std::size_t used = 0;
  while (used < bytes.size() && !done()) {
    if (state_ == State::content) {
      const auto part = bytes.substr(used, std::min<std::uint64_t>(left_, bytes.size() - used));
      body.append(part);
      used += part.size();
      left_ -= part.size();
      if (left_ == 0) state_ = State::content_end;
      continue;
    }
    if (auto taken = take_line_byte(bytes[used++]); !taken) return std::unexpected(std::move(taken).error());
    if (left_ > 0 && (left_ > limit_ || body.size() > limit_ - left_)) {
      return refuse(413, "The body is larger than " + std::to_string(limit_) + " bytes.");
    }
  }
  return used;
}

Parsed<void> ChunkedDecoder::take_line_byte(char byte) {
  const bool after_cr = line_.ends_with('\r');
  if (after_cr != (byte == '\n')) return malformed("a line of the chunked body does not end with CR and LF.");
  if (byte == '\n') {
    line_.pop_back();
    return end_line();
  }
  if (byte != '\r' && !is_value_char(byte)) return malformed("a control character between chunks.");
  line_.push_back(byte);
  if (state_ == State::content_end && line_ != "\r") return malformed("a chunk is longer than it says.");
  if (state_ == State::size_line && line_.size() > kLongestChunkLine) return malformed("a chunk's first line is too long.");
  if (state_ == State::trailer_line && ++trailer_ > kLongestTrailer) return refuse(431, "The trailer fields are too large.");
  return {};
}

Parsed<void> ChunkedDecoder::end_line() {
  const auto line = std::move(line_);
  line_.clear();
  if (state_ == State::content_end) {
    state_ = State::size_line;
    return {};
  }
  if (state_ == State::trailer_line) {
    if (line.empty()) {
      state_ = State::done;
      return {};
    }
    HttpHeaders dropped;
    return parse_field(dropped, line);
  }
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
  // from_chars takes no sign for an unsigned number and no 0x: what it leaves must be extensions.
  if (error != std::errc() || line.starts_with('-')) return malformed("a chunk does not begin with its size.");
  if (!valid_extensions(std::string_view(end, line.data() + line.size())))
    return malformed("a chunk extension is not 'name=value'.");
  state_ = left_ == 0 ? State::trailer_line : State::content;
  return {};
}

}  // namespace gibsey::net
