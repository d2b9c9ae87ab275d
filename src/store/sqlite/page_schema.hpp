#pragma once
#include "store/sqlite/migration.hpp"

namespace gibsey::store::sqlite {

/// The tables of pages.db.
[[nodiscard]] Migrations page_migrations();

}  // namespace gibsey::store::sqlite
