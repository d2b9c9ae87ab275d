#pragma once
#include "store/sqlite/migration.hpp"

namespace gibsey::store::sqlite {

/// The tables of turns.db.
[[nodiscard]] Migrations turn_migrations();

}  // namespace gibsey::store::sqlite
