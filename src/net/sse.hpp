#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::net {

/// An event of an event stream (HTML standard, section 9.2).
struct SseEvent {
  std::string type;  ///< empty when written: unnamed; the reader gives "message" for those
  std::string data;
  std::string id;  ///< empty when written: no id line; the reader gives the last id of the stream so far
};

/// Appends `event` to `out`. Every line break in `data` (CR, LF, CRLF) begins a further data line; a reader joins them by LF.
/// Line breaks and NUL in `type` and `id` are left out.
void append_sse(std::string& out, std::string_view type, std::string_view data, std::string_view id);
/// Appends a comment, which readers skip: it keeps proxies from cutting an idle stream.
void append_sse_comment(std::string& out, std::string_view text);

/// Reads an event stream from chunks cut anywhere. Malformed UTF-8 becomes U+FFFD as the Encoding standard says.
class SseReader {
 public:
  /// No event may be larger than `limit` bytes, no type or id longer than 1,024: each event carries its id. Between two calls the
  /// reader holds at most four times `limit` and 16 KiB.
  explicit SseReader(std::size_t limit = 1024 * 1024) : limit_(limit) {}

  /// Appends the events that `bytes` complete. An event that the end of the stream cuts off is never given. Errors:
  /// too_large, after which the reader must not be used.
  Result<void> feed(std::string_view bytes, std::vector<SseEvent>& events);

  [[nodiscard]] const std::string& last_event_id() const { return last_event_id_; }
  /// The reconnection time in milliseconds that the stream asked for last; capped at the largest value, never wrapped.
  [[nodiscard]] std::optional<std::uint64_t> retry() const { return retry_; }
  /// Comments seen, the keep-alives of the other side.
  [[nodiscard]] std::size_t comments() const { return comments_; }

 private:
  Result<void> end_line(std::vector<SseEvent>& events);
  Result<void> set_field(std::string_view name, std::string_view value);
  [[nodiscard]] Result<void> check_size(std::size_t more) const;
  void dispatch(std::vector<SseEvent>& events);

  std::size_t limit_;
  std::string line_;  ///< bytes of the line that is not complete yet
  std::string type_;
  std::string data_;
  std::string id_;  ///< of the block being read; becomes the last id at its blank line
  std::string last_event_id_;
  std::optional<std::uint64_t> retry_;
  std::size_t comments_ = 0;
  bool first_line_ = true;
  bool after_cr_ = false;
};

}  // namespace gibsey::net
