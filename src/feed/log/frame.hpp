#pragma once
#include "base/result.hpp"
#include "feed/feed.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The frames of a segment (docs/feed_log.md): what one write put there, under one checksum.
namespace gibsey::feed::log {

inline constexpr std::size_t kFrameHeader = 28;
inline constexpr std::size_t kLargestFrame = 8UL * 1024UL * 1024UL;  ///< header and events
inline constexpr std::size_t kFullFrame = 512UL * 1024UL;            ///< bytes of events after which a writer begins another

/// An event as it is kept.
struct Record {
  std::int64_t offset = 0;
  Event event;
};

struct FrameHeader {
  std::uint32_t size = 0;  ///< bytes of the events
  std::uint64_t checksum = 0;
  std::int64_t first = 0;  ///< offset of the first event
  std::uint32_t count = 0;
};

/// Of records in the order of their offsets, at least one.
void append_frame(std::string& out, std::span<const Record> records);

/// What the bytes at the start of `bytes` say, where they can be the header of a frame; its events may be missing or damaged.
[[nodiscard]] std::optional<FrameHeader> read_header(std::string_view bytes);
/// The whole frame is there and its checksum is right.
[[nodiscard]] bool is_whole(const FrameHeader& header, std::string_view bytes);
/// The events of a whole frame. corrupt: they are not what their frame says (a bug of whoever wrote them).
[[nodiscard]] Result<std::vector<Record>> read_records(const FrameHeader& header, std::string_view bytes);

}  // namespace gibsey::feed::log
