#include "ingest/file_bytes.hpp"

#include <fmt/format.h>

#include <fstream>
#include <system_error>

namespace gibsey::ingest {

Result<std::string> read_file(const std::filesystem::path& path, std::uintmax_t most) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory)
    return fail(ErrorCode::not_found, fmt::format("there is no file {}", path.string()));
  if (error) return fail(ErrorCode::unavailable, fmt::format("{} cannot be read: {}", path.string(), error.message()));
  if (size > most) {
    return fail(ErrorCode::too_large, fmt::format("{} is larger than {} MiB; split it", path.string(), most >> 20));
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file) return fail(ErrorCode::unavailable, fmt::format("{} cannot be read", path.string()));
  return bytes;
}

}  // namespace gibsey::ingest
