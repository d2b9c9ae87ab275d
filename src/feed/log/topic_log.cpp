#include "feed/log/topic_log.hpp"

#include "base/log.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <unordered_map>

namespace gibsey::feed::log {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAtOnce = 4096;
/// A segment of which less could be given up is left as it is.
constexpr std::size_t kWorthwhile = 4;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    // What a compaction that was killed has left.
    if (entry.path().extension() == ".new") fs::remove(entry.path(), ignored);
    if (entry.path().extension() == ".log") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::uint64_t hash_of(const std::string& key) {
  return XXH3_64bits(key.data(), key.size());
}

/// Calls `see(Record&)` for every event of the segments.
template <typename See>
Result<void> for_each(const std::vector<std::shared_ptr<Segment>>& segments, See see) {
  for (const auto& segment : segments) {
    for (auto from = segment->base();;) {
      GIBSEY_TRY(auto records, segment->read(from, kAtOnce));
      if (records.empty()) break;
      from = records.back().offset + 1;
      for (auto& record : records) see(record);
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<TopicLog>> TopicLog::open(fs::path folder, TopicOptions options) {
  std::unique_ptr<TopicLog> log(new TopicLog(std::move(folder), options));
  std::error_code error;
  fs::create_directories(log->folder_, error);
  if (error) return fail(ErrorCode::unavailable, fmt::format("{} cannot be made: {}", log->folder_.string(), error.message()));
  GIBSEY_CHECK(log->open_segments());
  return log;
}

Result<void> TopicLog::open_segments() {
  auto files = files_in(folder_);
  std::error_code ignored;
  // The program ended between making a file and writing its first bytes: nothing was ever in it.
  if (!files.empty() && fs::file_size(files.back(), ignored) < Segment::kHeaderBytes) {
    fs::remove(files.back(), ignored);
    files.pop_back();
  }
  for (const auto& file : files) {
    GIBSEY_TRY(auto segment, Segment::open(file, file == files.back()));
    // The one before stands in its place.
    if (!segments_.empty() && segments_.back()->until() > segment->base()) {
      fs::remove(file, ignored);
      continue;
    }
    segments_.push_back(std::move(segment));
  }
  if (!segments_.empty()) next_ = std::max(segments_.back()->next(), segments_.back()->until());
  // A segment that stands for others is not written to again.
  if (segments_.empty() || segments_.back()->until() > 0) return roll();
  active_ = segments_.back();
  return {};
}

fs::path TopicLog::file_of(std::int64_t base) const {
  return folder_ / fmt::format("{:020}.log", base);
}

Result<void> TopicLog::roll() {
  GIBSEY_TRY(auto segment, Segment::create(file_of(next_), next_, 0));
  if (options_.sync != Sync::never) {
    GIBSEY_CHECK(segment->sync());
    GIBSEY_CHECK(sync_folder(folder_));
  }
  active_ = segment;
  const std::lock_guard lock(mutex_);
  segments_.push_back(std::move(segment));
  return {};
}

Result<void> TopicLog::append(std::vector<Event> events) {
  if (events.empty()) return {};
  if (active_->bytes() >= options_.segment_bytes) {
    if (unsynced_) GIBSEY_CHECK(sync());
    GIBSEY_CHECK(roll());
  }
  std::vector<Record> records;
  auto offset = next_;
  const auto now = unix_millis_now();
  for (auto& event : events) {
    if (event.time == 0) event.time = now;
    records.push_back({offset++, std::move(event)});
  }
  auto& segment = *active_;
  auto written = segment.append(records);
  if (written && options_.sync == Sync::always) written = segment.sync();
  if (!written) {
    segment.take_back();
    return written;
  }
  unsynced_ = options_.sync == Sync::interval;
  segment.show();
  const std::lock_guard lock(mutex_);
  next_ = offset;
  return {};
}

Result<void> TopicLog::sync() {
  if (!unsynced_) return {};
  unsynced_ = false;
  return active_->sync();
}

TopicLog::Segments TopicLog::segments() const {
  const std::lock_guard lock(mutex_);
  return segments_;
}

std::int64_t TopicLog::next() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

std::size_t TopicLog::closed() const {
  const std::lock_guard lock(mutex_);
  return segments_.size() - 1;
}

Result<std::vector<Record>> TopicLog::read(std::int64_t from, std::size_t most) const {
  const auto held = segments();
  auto at = std::ranges::upper_bound(held, from, {}, [](const auto& segment) { return segment->base(); });
  if (at != held.begin()) --at;
  // Compaction leaves segments in which nothing of interest is left.
  for (; at != held.end(); ++at) {
    GIBSEY_TRY(auto records, (*at)->read(from, most));
    if (!records.empty()) return records;
  }
  return std::vector<Record>();
}

Result<std::size_t> TopicLog::retain(UnixMillis now) {
  GIBSEY_TRY(const auto dropped, drop_old(now));
  if (!options_.retention.by_key) return dropped;
  GIBSEY_TRY(const auto superseded, compact(now));
  return dropped + superseded;
}

Result<std::size_t> TopicLog::drop_old(UnixMillis now) {
  const auto& [by_key, superseded, age, bytes] = options_.retention;
  std::size_t dropped = 0;
  const auto held = segments();
  std::uint64_t total = 0;
  for (const auto& segment : held) total += segment->bytes();
  const auto oldest = now - std::chrono::milliseconds(age).count();
  for (std::size_t i = 0; i + 1 < held.size(); ++i) {
    const bool aged = age.count() > 0 && held[i]->newest() < oldest;
    if (!aged && (bytes == 0 || total <= bytes)) break;
    total -= held[i]->bytes();
    std::error_code error;
    fs::remove(held[i]->path(), error);
    if (error)
      return fail(ErrorCode::unavailable, fmt::format("{} cannot be removed: {}", held[i]->path().string(), error.message()));
    dropped += static_cast<std::size_t>(held[i]->next() - held[i]->base());
    const std::lock_guard lock(mutex_);
    segments_.erase(segments_.begin());
  }
  return dropped;
}

Result<std::size_t> TopicLog::compact(UnixMillis now) {
  auto held = segments();
  std::unordered_map<std::uint64_t, std::int64_t> newest;
  GIBSEY_CHECK(for_each(held, [&](const Record& record) { newest[hash_of(record.event.key)] = record.offset; }));
  held.pop_back();
  const auto keep_from = now - std::chrono::milliseconds(options_.retention.superseded).count();
  Segments run;
  std::vector<Record> kept;
  std::size_t seen = 0;
  std::size_t size = 0;
  std::size_t gone = 0;
  const auto end_run = [&]() -> Result<void> {
    if (run.empty()) return {};
    GIBSEY_TRY(const auto merged, merge(run, std::move(kept), seen));
    gone += merged;
    run.clear();
    kept.clear();
    seen = size = 0;
    return {};
  };
  for (const auto& segment : held) {
    std::vector<Record> survivors;
    std::size_t bytes = 0;
    GIBSEY_CHECK(for_each({segment}, [&](Record& record) {
      ++seen;
      if (newest.at(hash_of(record.event.key)) != record.offset && record.event.time < keep_from) return;
      bytes += record.event.key.size() + record.event.value.size() + 64;
      survivors.push_back(std::move(record));
    }));
    run.push_back(segment);
    size += bytes;
    std::ranges::move(survivors, std::back_inserter(kept));
    if (size >= options_.segment_bytes) GIBSEY_CHECK(end_run());
  }
  GIBSEY_CHECK(end_run());
  return gone;
}

/// Puts one segment with the events `kept`, of the `held` ones, in the place of the run.
Result<std::size_t> TopicLog::merge(const Segments& run, std::vector<Record> kept, std::size_t held) {
  const auto given_up = held - kept.size();
  if (given_up * kWorthwhile < held || held == 0) return std::size_t{0};
  const auto path = run.front()->path();
  const auto until = std::max(run.back()->next(), run.back()->until());
  auto next_to = path;
  next_to.replace_extension(".new");
  GIBSEY_TRY(auto merged, Segment::create(next_to, run.front()->base(), until));
  if (!kept.empty()) GIBSEY_CHECK(merged->append(kept));
  GIBSEY_CHECK(merged->sync());
  merged->show();
  std::error_code error;
  fs::rename(next_to, path, error);
  if (error) return fail(ErrorCode::unavailable, fmt::format("{} cannot be renamed: {}", next_to.string(), error.message()));
  GIBSEY_CHECK(sync_folder(folder_));
  merged->moved_to(path);
  for (std::size_t i = 1; i < run.size(); ++i) fs::remove(run[i]->path(), error);
  gibsey::log::debug("{}: {} events that newer ones have taken the place of are gone", folder_.string(), given_up);
  const std::lock_guard lock(mutex_);
  const auto first = std::ranges::find(segments_, run.front());
  first[0] = std::move(merged);
  segments_.erase(first + 1, first + static_cast<std::ptrdiff_t>(run.size()));
  return given_up;
}

}  // namespace gibsey::feed::log
