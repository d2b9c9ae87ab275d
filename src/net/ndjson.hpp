#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::net {

/// Cuts a stream of newline-delimited JSON into lines, from chunks cut anywhere. CR before LF and empty lines are dropped; what
/// the lines hold is not looked at.
class NdjsonReader {
 public:
  /// No line may be longer than `limit` bytes, a CR at its end counted. Between two calls the reader holds at most twice that.
  explicit NdjsonReader(std::size_t limit = 1024 * 1024) : limit_(limit) {}

  /// Appends the lines that `bytes` complete. Errors: too_large, after which the reader must not be used.
  Result<void> feed(std::string_view bytes, std::vector<std::string>& lines);
  /// What came after the last line break: the last line where the other side left its break out, else nothing.
  [[nodiscard]] const std::string& rest() const { return line_; }

 private:
  std::size_t limit_;
  std::string line_;
};

}  // namespace gibsey::net
