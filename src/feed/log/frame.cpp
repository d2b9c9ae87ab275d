#include "feed/log/frame.hpp"

#include <xxhash.h>

#include <cstring>
#include <limits>
#include <type_traits>

namespace gibsey::feed::log {
namespace {

constexpr std::uint32_t kMark = 0x4D524647;  // "GFRM"
constexpr std::size_t kChecked = 16;         // what is under the checksum begins here

template <typename Number>
void put(std::string& out, Number number) {
  // Little-endian, on every machine that we build for.
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  template <typename Number>
  Number number() {
    Number number{};
    if (left_.size() < sizeof number) {
      short_ = true;
      return number;
    }
    std::memcpy(&number, left_.data(), sizeof number);
    left_.remove_prefix(sizeof number);
    return number;
  }
  std::string text(std::size_t size) {
    if (left_.size() < size) {
      short_ = true;
      return {};
    }
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  [[nodiscard]] bool ran_short() const { return short_; }
  [[nodiscard]] bool empty() const { return left_.empty(); }

 private:
  std::string_view left_;
  bool short_ = false;
};

void append_record(std::string& out, const Record& record) {
  put(out, record.offset);
  put(out, record.event.time);
  put(out, static_cast<std::uint32_t>(record.event.key.size()));
  put(out, static_cast<std::uint32_t>(record.event.value.size()));
  put(out, static_cast<std::uint32_t>(record.event.headers.size()));
  out += record.event.key;
  out += record.event.value;
  for (const auto& [name, value] : record.event.headers) {
    put(out, static_cast<std::uint32_t>(name.size()));
    put(out, static_cast<std::uint32_t>(value.size()));
    out += name;
    out += value;
  }
}

Record read_record(Bytes& bytes) {
  Record record;
  record.offset = bytes.number<std::int64_t>();
  record.event.time = bytes.number<UnixMillis>();
  const auto key = bytes.number<std::uint32_t>();
  const auto value = bytes.number<std::uint32_t>();
  const auto headers = bytes.number<std::uint32_t>();
  record.event.key = bytes.text(key);
  record.event.value = bytes.text(value);
  for (std::uint32_t i = 0; i < headers && !bytes.ran_short(); ++i) {
    const auto name = bytes.number<std::uint32_t>();
    const auto size = bytes.number<std::uint32_t>();
    auto text = bytes.text(name);
    record.event.headers.push_back({std::move(text), bytes.text(size)});
  }
  return record;
}

/// The size seeds it: a frame whose length is damaged is no whole frame of another length.
std::uint64_t checksum_of(std::string_view frame, std::uint32_t size) {
  return XXH3_64bits_withSeed(frame.data() + kChecked, kFrameHeader - kChecked + size, size);
}

}  // namespace

void append_frame(std::string& out, std::span<const Record> records) {
  const auto start = out.size();
  put(out, kMark);
  put(out, std::uint32_t{0});
  put(out, std::uint64_t{0});
  put(out, records.front().offset);
  put(out, static_cast<std::uint32_t>(records.size()));
  for (const auto& record : records) append_record(out, record);
  const auto size = static_cast<std::uint32_t>(out.size() - start - kFrameHeader);
  std::memcpy(out.data() + start + 4, &size, sizeof size);
  const auto checksum = checksum_of(std::string_view(out).substr(start), size);
  std::memcpy(out.data() + start + 8, &checksum, sizeof checksum);
}

std::optional<FrameHeader> read_header(std::string_view bytes) {
  if (bytes.size() < kFrameHeader) return std::nullopt;
  Bytes fields(bytes.substr(0, kFrameHeader));
  if (fields.number<std::uint32_t>() != kMark) return std::nullopt;
  FrameHeader header;
  header.size = fields.number<std::uint32_t>();
  header.checksum = fields.number<std::uint64_t>();
  header.first = fields.number<std::int64_t>();
  header.count = fields.number<std::uint32_t>();
  if (header.size > kLargestFrame - kFrameHeader || header.count == 0) return std::nullopt;
  return header;
}

bool is_whole(const FrameHeader& header, std::string_view bytes) {
  return bytes.size() >= kFrameHeader + header.size && checksum_of(bytes, header.size) == header.checksum;
}

Result<std::vector<Record>> read_records(const FrameHeader& header, std::string_view bytes) {
  Bytes body(bytes.substr(kFrameHeader, header.size));
  std::vector<Record> records;
  for (std::uint32_t i = 0; i < header.count; ++i) {
    records.push_back(read_record(body));
    if (body.ran_short()) return fail(ErrorCode::corrupt, "a frame of the feed's log does not hold the events that it says");
  }
  if (!body.empty()) return fail(ErrorCode::corrupt, "a frame of the feed's log holds more than the events that it says");
  return records;
}

}  // namespace gibsey::feed::log
