#pragma once
#include "store/sqlite/migration.hpp"

namespace gibsey::store::sqlite {

/// The tables of ledger.db.
[[nodiscard]] Migrations ledger_migrations();

}  // namespace gibsey::store::sqlite
