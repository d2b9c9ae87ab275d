#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gibsey::retrieval::sharded {

/// Writes what shards say: numbers in bytes of seven bits (LEB128), floats as their bits, texts behind their length.
class WireWriter {
 public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void signed_number(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void flag(bool value) { bytes_ += static_cast<char>(value ? 1 : 0); }
  void real(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift);
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads it back from bytes that anybody may have sent: after the first thing that is not there ok() is false, and all that is
/// read is 0 or empty.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = take_byte();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return bad();
  }
  /// At most `most`.
  std::uint64_t number(std::uint64_t most) {
    const std::uint64_t value = number();
    return value <= most ? value : bad();
  }
  std::int64_t signed_number() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  bool flag() { return take_byte() != 0; }
  float real() {
    std::uint32_t bits = 0;
    for (int shift = 0; shift < 32; shift += 8) bits |= static_cast<std::uint32_t>(take_byte()) << shift;
    return std::bit_cast<float>(bits);
  }
  std::string text() {
    const std::uint64_t length = number();
    if (length > rest_.size()) {
      bad();
      return {};
    }
    std::string value(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return value;
  }
  /// How many of something follow, each of at least `bytes_each`: never more than there is room for, so that nobody is made to
  /// set memory aside for what does not come.
  std::size_t count(std::size_t bytes_each) { return number(rest_.size() / bytes_each); }

  [[nodiscard]] bool ok() const { return ok_; }
  /// All was read, and nothing is left.
  [[nodiscard]] bool done() const { return ok_ && rest_.empty(); }

 private:
  std::uint8_t take_byte() {
    if (rest_.empty()) return static_cast<std::uint8_t>(bad());
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  std::uint64_t bad() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// A list of things that `write(writer, thing)` writes and `read(reader)` reads.
template <typename T, typename Write>
void write_list(WireWriter& writer, const std::vector<T>& list, Write write) {
  writer.number(list.size());
  for (const T& item : list) write(writer, item);
}
template <typename Read>
auto read_list(WireReader& reader, std::size_t bytes_each, Read read) {
  std::vector<decltype(read(reader))> list;
  const std::size_t count = reader.count(bytes_each);
  list.reserve(count);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) list.push_back(read(reader));
  return list;
}

}  // namespace gibsey::retrieval::sharded
