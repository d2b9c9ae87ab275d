#pragma once
#include "model/world.hpp"
#include "store/sqlite/connection.hpp"

#include <optional>
#include <string>
#include <vector>

/// The statements of PageStore on worlds; each function does what the method of that name promises, inside the caller's
/// transaction.
namespace gibsey::store::sqlite {

Result<void> put_world(Connection& db, const model::World& world);
Result<std::optional<model::World>> find_world(Connection& db, const std::string& name);
Result<std::vector<model::World>> list_worlds(Connection& db);
/// The row alone; false when there is none.
Result<bool> remove_world_row(Connection& db, const std::string& name);

}  // namespace gibsey::store::sqlite
