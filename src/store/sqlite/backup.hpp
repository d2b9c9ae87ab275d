#pragma once
#include "base/result.hpp"

#include <filesystem>

namespace gibsey::store::sqlite {

class Connection;

/// Copies the file of `source`, as it is at this moment, to the new file `file`; others may go on reading and writing it. The
/// copy is synced to the disk. Errors: conflict when `file` exists; unavailable when it cannot be made or written, and then
/// nothing is left of it.
Result<void> write_backup(Connection& source, const std::filesystem::path& file);

/// Reads the whole file: its pages, indexes, constraints and references. Error: corrupt, with the first complaint.
Result<void> check_integrity(Connection& db);

}  // namespace gibsey::store::sqlite
