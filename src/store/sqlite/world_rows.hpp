#pragma once
#include "model/character.hpp"
#include "model/world.hpp"
#include "store/sqlite/connection.hpp"

#include <optional>
#include <string>
#include <vector>

/// The statements of PageStore on worlds and of CharacterStore; each function does what the method of that name promises,
/// inside the caller's transaction.
namespace gibsey::store::sqlite {

Result<void> put_world(Connection& db, const model::World& world);
Result<std::optional<model::World>> find_world(Connection& db, const std::string& name);
Result<std::vector<model::World>> list_worlds(Connection& db);
/// The row alone; false when there is none.
Result<bool> remove_world_row(Connection& db, const std::string& name);

Result<void> replace_characters(Connection& db, const std::string& world, const std::vector<model::Character>& characters);
Result<std::vector<model::Character>> list_characters(Connection& db, const std::string& world);
Result<std::optional<model::Character>> find_character(Connection& db, const std::string& world, const std::string& id);

}  // namespace gibsey::store::sqlite
