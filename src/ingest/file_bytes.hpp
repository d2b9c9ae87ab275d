#pragma once
#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace gibsey::ingest {

/// All of a file. not_found, unavailable (cannot be read), too_large (over 1 GiB), each naming the file.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path);

}  // namespace gibsey::ingest
