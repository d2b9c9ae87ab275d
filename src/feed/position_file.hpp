#pragma once
#include "base/result.hpp"
#include "feed/file.hpp"

#include <cstdint>
#include <filesystem>

namespace gibsey::feed {

/// A number that survives a kill at any moment (docs/feed_log.md): written by turns to two places of a small file, so that a torn
/// write leaves the one before. It is not synced: after a power loss it may be one of the last seconds.
class PositionFile {
 public:
  /// 0 where there is no file, or nothing whole in it. Errors: unavailable.
  static Result<PositionFile> open(const std::filesystem::path& path);

  [[nodiscard]] std::int64_t value() const { return value_; }
  Result<void> set(std::int64_t value);

 private:
  File file_;
  std::int64_t value_ = 0;
  std::uint64_t turn_ = 0;
};

}  // namespace gibsey::feed
