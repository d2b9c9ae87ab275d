#include "net/ndjson.hpp"

#include <fmt/format.h>

#include <utility>

namespace gibsey::net {

Result<void> NdjsonReader::feed(std::string_view bytes, std::vector<std::string>& lines) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (part.size() > limit_ - line_.size()) {
      return fail(ErrorCode::too_large, fmt::format("a line of the stream is longer than {} bytes", limit_));
    }
    line_ += part;
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    if (line_.ends_with('\r')) line_.pop_back();
    if (!line_.empty()) lines.push_back(std::exchange(line_, {}));
  }
  return {};
}

}  // namespace gibsey::net
