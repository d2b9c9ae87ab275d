#include "net/ndjson.hpp"

#include <fmt/format.h>

#include <utility>

namespace gibsey::net {

Result<void> NdjsonReader::feed(std::string_view bytes, std::vector<std::string>& lines) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > limit_)
      return fail(ErrorCode::too_large, fmt::format("a line of the stream is longer than {} bytes", limit_));
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    if (line_.ends_with('\r')) line_.pop_back();
    if (!line_.empty()) lines.push_back(std::exchange(line_, {}));
  }
  return {};
}

}  // namespace gibsey::net
