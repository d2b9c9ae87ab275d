#include "feed/log/segment.hpp"

#include "base/log.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace gibsey::feed::log {
namespace {

constexpr std::string_view kMagic = "GIBFEED1";
constexpr std::size_t kHeader = Segment::kHeaderBytes;
/// Bytes between two places that are remembered: a reader looks through so many at most.
constexpr std::uint64_t kPlaceEvery = 32UL * 1024UL;

std::string header_of(std::int64_t base, std::int64_t until) {
  std::string header(kMagic);
  header.resize(kHeader);
  std::memcpy(header.data() + 8, &base, sizeof base);
  std::memcpy(header.data() + 16, &until, sizeof until);
  const auto checksum = XXH3_64bits(header.data(), 24);
  std::memcpy(header.data() + 24, &checksum, sizeof checksum);
  return header;
}

/// A whole frame of later events stands somewhere in `bytes`.
bool holds_frame(std::string_view bytes, std::int64_t from) {
  for (std::size_t i = 0; i + kFrameHeader <= bytes.size(); ++i) {
    const auto header = read_header(bytes.substr(i));
    if (header && header->first >= from && is_whole(*header, bytes.substr(i))) return true;
  }
  return false;
}

}  // namespace

Result<std::shared_ptr<Segment>> Segment::create(const std::filesystem::path& path, std::int64_t base, std::int64_t until) {
  std::shared_ptr<Segment> segment(new Segment());
  GIBSEY_TRY(segment->file_, File::open(path, File::Open::create_empty));
  GIBSEY_CHECK(segment->file_.write(0, header_of(base, until)));
  segment->path_ = path;
  segment->base_ = base;
  segment->next_ = base;
  segment->until_ = until;
  segment->end_ = kHeader;
  segment->show();
  return segment;
}

Result<std::shared_ptr<Segment>> Segment::open(const std::filesystem::path& path, bool last) {
  std::shared_ptr<Segment> segment(new Segment());
  GIBSEY_TRY(segment->file_, File::open(path, File::Open::existing));
  segment->path_ = path;
  GIBSEY_CHECK(segment->scan(last));
  segment->show();
  return segment;
}

Result<void> Segment::scan(bool last) {
  GIBSEY_TRY(const auto header, file_.read(0, kHeader));
  if (header.size() < kHeader) return damaged(0);
  std::memcpy(&base_, header.data() + 8, sizeof base_);
  std::memcpy(&until_, header.data() + 16, sizeof until_);
  if (header != header_of(base_, until_)) return damaged(0);
  next_ = base_;
  end_ = kHeader;
  std::string bytes;
  for (;;) {
    const auto frame = read_header(bytes);
    const auto needed = frame ? kFrameHeader + frame->size : kFrameHeader;
    if (bytes.size() < needed) {
      GIBSEY_TRY(bytes, file_.read(end_, std::max(needed, kReadBytes)));
      if (bytes.empty()) return {};
      if (bytes.size() < needed) return end_at(end_, last, bytes);
      continue;
    }
    if (!frame || frame->first < next_ || !is_whole(*frame, bytes)) {
      GIBSEY_TRY(const auto size, file_.size());
      GIBSEY_TRY(const auto rest, file_.read(end_, size - end_));
      return end_at(end_, last, rest);
    }
    GIBSEY_TRY(const auto records, read_records(*frame, bytes));
    note(records.front(), records.back(), end_);
    end_ += needed;
    bytes.erase(0, needed);
  }
}

/// The whole frames end at `byte`, and `rest` follows.
Result<void> Segment::end_at(std::uint64_t byte, bool last, std::string_view rest) {
  if (!last || holds_frame(rest.substr(1), next_)) return damaged(byte);
  gibsey::log::warn("{}: {} bytes of a write that did not end are cut off", path_.string(), rest.size());
  return file_.cut(byte);
}

std::unexpected<Error> Segment::damaged(std::uint64_t byte) const {
  return fail(ErrorCode::corrupt,
              fmt::format("{} is damaged at byte {}. Move the folder {} away and start again: events of pages are made anew from "
                          "the page store, other events of that folder are lost",
                          path_.string(), byte, path_.parent_path().string()));
}

void Segment::note(const Record& first, const Record& last, std::uint64_t byte) {
  const std::lock_guard lock(mutex_);
  if (places_.empty() || byte - places_.back().byte >= kPlaceEvery) places_.push_back({first.offset, byte});
  next_ = last.offset + 1;
  newest_ = std::max(newest_.load(), last.event.time);
}

Result<void> Segment::append(std::span<const Record> records) {
  std::string bytes;
  auto end = end_.load();
  while (!records.empty()) {
    std::size_t count = 0;
    std::size_t size = 0;
    while (count < records.size() && size < kFullFrame) {
      const auto& event = records[count++].event;
      size += event.key.size() + event.value.size();
      for (const auto& [name, value] : event.headers) size += name.size() + value.size();
    }
    const auto frame = records.first(count);
    append_frame(bytes, frame);
    note(frame.front(), frame.back(), end);
    end = end_ + bytes.size();
    records = records.subspan(count);
  }
  GIBSEY_CHECK(file_.write(end_, bytes));
  end_ = end;
  return {};
}

void Segment::show() {
  const std::lock_guard lock(mutex_);
  shown_ = end_;
  shown_next_ = next_;
}

void Segment::take_back() {
  const std::lock_guard lock(mutex_);
  end_ = shown_;
  next_ = shown_next_;
  while (!places_.empty() && places_.back().byte >= shown_) places_.pop_back();
  if (const auto cut = file_.cut(shown_); !cut) gibsey::log::error("{}", cut.error().message);
}

std::uint64_t Segment::place_of(std::int64_t from) const {
  const auto after = std::ranges::upper_bound(places_, from, {}, &Place::first);
  return after == places_.begin() ? kHeader : std::prev(after)->byte;
}

Result<std::vector<Record>> Segment::read(std::int64_t from, std::size_t most) const {
  std::uint64_t byte = 0;
  std::uint64_t end = 0;
  {
    const std::lock_guard lock(mutex_);
    byte = place_of(from);
    end = shown_;
  }
  std::vector<Record> found;
  std::size_t size = 0;
  while (byte < end && found.size() < most && size < kReadBytes) {
    GIBSEY_TRY(const auto head, file_.read(byte, kFrameHeader));
    const auto header = read_header(head);
    if (!header) return damaged(byte);
    GIBSEY_TRY(const auto bytes, file_.read(byte, kFrameHeader + header->size));
    if (!is_whole(*header, bytes)) return damaged(byte);
    GIBSEY_TRY(auto records, read_records(*header, bytes));
    for (auto& record : records) {
      if (record.offset < from || found.size() == most) continue;
      size += record.event.value.size();
      found.push_back(std::move(record));
    }
    byte += bytes.size();
  }
  return found;
}

}  // namespace gibsey::feed::log
