#pragma once
#include "model/character.hpp"
#include "store/sqlite/connection.hpp"

#include <optional>
#include <string>
#include <vector>

/// The statements of CharacterStore; each function does what the method of that name promises, inside the caller's
/// transaction.
namespace gibsey::store::sqlite {

Result<void> replace_characters(Connection& db, const std::string& world, const std::vector<model::Character>& characters);
Result<void> put_character(Connection& db, const model::Character& character);
Result<void> remove_character(Connection& db, const std::string& world, const std::string& id);
Result<std::vector<model::Character>> list_characters(Connection& db, const std::string& world);
Result<std::optional<model::Character>> find_character(Connection& db, const std::string& world, const std::string& id);

}  // namespace gibsey::store::sqlite
