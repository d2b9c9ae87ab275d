#pragma once
#include <cstdlib>
#include <filesystem>

namespace gibsey::testing {

/// A folder or file of the public data sets that some tests measure against: in $GIBSEY_SHARED_DATA, else in ../shared/data
/// beside the source folder. The tests say so and are skipped where it is not there.
inline std::filesystem::path shared_data(const char* name) {
  const char* folder = std::getenv("GIBSEY_SHARED_DATA");
  const std::filesystem::path base =
      folder != nullptr ? std::filesystem::path(folder) : std::filesystem::path(GIBSEY_SOURCE_DIR) / "../shared/data";
  return base / name;
}

}  // namespace gibsey::testing
