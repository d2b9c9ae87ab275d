#pragma once
#include "base/result.hpp"
#include "feed/file.hpp"
#include "feed/log/frame.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace gibsey::feed::log {

/// One file of a topic's log (docs/feed_log.md). One thread writes, others read beside it.
class Segment {
 public:
  /// A new file for the events from `base` on. `until` is 0, or the offset behind the last that it stands for in the place of
  /// other segments. Errors of all: unavailable; corrupt, saying where and what to do.
  static Result<std::shared_ptr<Segment>> create(const std::filesystem::path& path, std::int64_t base, std::int64_t until);
  /// Reads the whole file. What a crash has left of the last write to the `last` segment is cut off; damage anywhere else is
  /// corrupt.
  static Result<std::shared_ptr<Segment>> open(const std::filesystem::path& path, bool last);

  /// Records with offsets behind the last; readable after show().
  Result<void> append(std::span<const Record> records);
  Result<void> sync() { return file_.sync(); }
  /// Lets readers read what was appended.
  void show();
  /// Gives up what was appended since show(): it could not be written whole, or not synced.
  void take_back();

  /// Events with offsets of `from` and more, at most `most`, and about `kReadBytes` of them.
  [[nodiscard]] Result<std::vector<Record>> read(std::int64_t from, std::size_t most) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void moved_to(std::filesystem::path path) { path_ = std::move(path); }
  [[nodiscard]] std::int64_t base() const { return base_; }
  [[nodiscard]] std::int64_t until() const { return until_; }
  [[nodiscard]] std::int64_t next() const { return next_; }    ///< offset behind the last event; `base` where there is none
  [[nodiscard]] std::uint64_t bytes() const { return end_; }   ///< of the file
  [[nodiscard]] UnixMillis newest() const { return newest_; }  ///< time of the newest event; 0 for none

  static constexpr std::size_t kHeaderBytes = 32;
  static constexpr std::size_t kReadBytes = 1024UL * 1024UL;

 private:
  struct Place {
    std::int64_t first = 0;
    std::uint64_t byte = 0;
  };

  Segment() = default;
  Result<void> scan(bool last);
  Result<void> end_at(std::uint64_t byte, bool last, std::string_view rest);
  void note(const Record& first, const Record& last, std::uint64_t byte);
  [[nodiscard]] std::uint64_t place_of(std::int64_t from) const;
  [[nodiscard]] std::unexpected<Error> damaged(std::uint64_t byte) const;

  File file_;
  std::filesystem::path path_;
  std::int64_t base_ = 0;
  std::int64_t until_ = 0;
  std::atomic<std::int64_t> next_ = 0;
  std::atomic<UnixMillis> newest_ = 0;
  std::atomic<std::uint64_t> end_ = 0;
  mutable std::mutex mutex_;  ///< guards what follows
  std::uint64_t shown_ = 0;   ///< bytes that readers may read
  std::int64_t shown_next_ = 0;
  std::vector<Place> places_;
};

}  // namespace gibsey::feed::log
