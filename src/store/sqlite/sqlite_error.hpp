#pragma once
#include "base/error.hpp"

#include <string>

struct sqlite3;

namespace gibsey::store::sqlite {

/// What the failure `code` of an SQLite call means for a person who runs the server: which file, what happened, what to do.
/// `connection` may be null (a file that did not open); else its last message is used.
[[nodiscard]] Error to_error(int code, sqlite3* connection, const std::string& path);

}  // namespace gibsey::store::sqlite
