#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace gibsey::ingest {

/// All of a file. not_found, unavailable (cannot be read), too_large (over `most` bytes), each naming the file.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::uintmax_t most = std::uintmax_t{1} << 30);

}  // namespace gibsey::ingest
