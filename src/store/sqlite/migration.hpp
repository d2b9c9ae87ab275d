#pragma once
#include "base/result.hpp"

#include <span>

namespace gibsey::store::sqlite {

class Connection;

/// The SQL steps that made a file what it is: step i brings it from form i to form i + 1. Steps are only ever added, never
/// changed, so that every older file can be opened.
using Migrations = std::span<const char* const>;

/// Brings the file to the last form in one transaction; its form is kept in PRAGMA user_version. Errors: unavailable when
/// a newer program wrote the file, else as sqlite_error.hpp; the file is then as it was.
Result<void> migrate(Connection& connection, Migrations steps);

}  // namespace gibsey::store::sqlite
