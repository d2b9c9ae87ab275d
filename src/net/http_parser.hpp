#pragma once
#include "net/http_message.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::net {

/// A request that is refused: 400, 413, 414, 431, 501 or 505 and one plain sentence. The connection must be closed after it,
/// because where the next request begins is not known.
struct ParseFailure {
  int status = 400;
  std::string detail;
};

template <typename T>
using Parsed = std::expected<T, ParseFailure>;

/// Finds the end of a request head in bytes that arrive piece by piece, and refuses at once what no head can hold: a bare CR or
/// LF, a control character, a head over the limit.
class HeadScanner {
 public:
  explicit HeadScanner(std::size_t limit) : limit_(limit) {}
  /// `buffer` is all that has arrived since the request's begin, and only grows between calls. Answers the length of the head,
  /// its blank line included, or nullopt when more is needed.
  Parsed<std::optional<std::size_t>> scan(std::string_view buffer);

 private:
  std::size_t limit_;
  std::size_t position_ = 0;
  std::size_t line_start_ = 0;
  bool started_ = false;  ///< empty lines before the request line are skipped (RFC 9112 section 2.2)
};

/// How the body is delimited.
struct BodyFraming {
  bool chunked = false;
  std::uint64_t length = 0;  ///< when not chunked
};

struct RequestHead {
  HttpRequest request;  ///< without body
  BodyFraming framing;
  bool keep_alive = true;
  bool expects_continue = false;
};

/// Parses a head that HeadScanner found. Strict: see HttpServer. `Host` must be there once in HTTP/1.1.
[[nodiscard]] Parsed<RequestHead> parse_request_head(std::string_view head);

/// Decodes a chunked body that arrives piece by piece. Chunk extensions are checked and dropped, so are trailer fields.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::size_t limit) : limit_(limit) {}
  /// Appends content to `body` and answers how many bytes of `bytes` were used: all of them, or fewer once done().
  /// 413 when the body grows past the limit.
  Parsed<std::size_t> feed(std::string_view bytes, std::string& body);
  [[nodiscard]] bool done() const { return state_ == State::done; }

 private:
  enum class State { size_line, content, content_end, trailer_line, done };
  Parsed<void> end_line();
  Parsed<void> take_line_byte(char byte);

  std::size_t limit_;
  State state_ = State::size_line;
  std::string line_;
  std::uint64_t left_ = 0;   ///< of the chunk under way
  std::size_t trailer_ = 0;  ///< bytes of trailer lines so far
};

}  // namespace gibsey::net
