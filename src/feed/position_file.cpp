#include "feed/position_file.hpp"

#include <xxhash.h>

#include <array>
#include <cstring>

namespace gibsey::feed {
namespace {

/// One of the two places: the turn in which it was written, the value, and the checksum of both.
using Place = std::array<std::uint64_t, 3>;

std::uint64_t checksum_of(const Place& place) {
  return XXH3_64bits(place.data(), 2 * sizeof place[0]);
}

}  // namespace

Result<PositionFile> PositionFile::open(const std::filesystem::path& path) {
  PositionFile position;
  GIBSEY_TRY(position.file_, File::open(path, File::Open::create));
  for (const std::uint64_t i : {0, 1}) {
    Place place{};
    GIBSEY_TRY(const auto bytes, position.file_.read(i * sizeof place, sizeof place));
    if (bytes.size() < sizeof place) break;
    std::memcpy(place.data(), bytes.data(), sizeof place);
    if (place[2] != checksum_of(place) || place[0] < position.turn_) continue;
    position.turn_ = place[0];
    position.value_ = static_cast<std::int64_t>(place[1]);
  }
  return position;
}

Result<void> PositionFile::set(std::int64_t value) {
  Place place{turn_ + 1, static_cast<std::uint64_t>(value), 0};
  place[2] = checksum_of(place);
  const std::string_view bytes(reinterpret_cast<const char*>(place.data()), sizeof place);  // NOLINT: as they are in memory
  GIBSEY_CHECK(file_.write((place[0] % 2) * sizeof place, bytes));
  turn_ = place[0];
  value_ = value;
  return {};
}

}  // namespace gibsey::feed
