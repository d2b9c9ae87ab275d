#include "store/memory/casts.hpp"

#include "store/page_check.hpp"

#include <algorithm>

namespace gibsey::store {
namespace {

using Characters = std::vector<model::Character>;

bool has_alias(const model::Character& character, const std::string& alias) {
  return std::ranges::find(character.aliases, alias) != character.aliases.end();
}

bool erase(Characters& characters, const std::string& id) {
  return std::erase_if(characters, [&](const model::Character& character) { return character.id == id; }) > 0;
}

}  // namespace

Result<void> Casts::replace(const std::string& world, Characters characters) {
  std::vector<std::string> ids;
  for (auto& character : characters) {
    character.world = world;
    ids.push_back(character.id);
  }
  GIBSEY_CHECK(check_characters(world, ids));
  auto& cast = casts_[world];
  std::erase_if(characters, [&](const model::Character& character) {
    return cast.removed.contains(character.id) ||
           std::ranges::find(cast.edited, character.id, &model::Character::id) != cast.edited.end();
  });
  cast.with_world = std::move(characters);
  return {};
}

Result<void> Casts::put(model::Character character) {
  GIBSEY_CHECK(check_character(character.world, character.id));
  character.updated = unix_millis_now();
  if (character.created == 0) character.created = character.updated;
  auto& cast = casts_[character.world];
  cast.removed.erase(character.id);
  const auto edited = std::ranges::find(cast.edited, character.id, &model::Character::id);
  if (edited != cast.edited.end()) {
    character.created = edited->created;
    *edited = std::move(character);
    return {};
  }
  const auto came = std::ranges::find(cast.with_world, character.id, &model::Character::id);
  if (came != cast.with_world.end()) {
    character.created = came->created;
    cast.with_world.erase(came);
  }
  cast.edited.push_back(std::move(character));
  return {};
}

Result<void> Casts::remove(const std::string& world, const std::string& id) {
  const auto cast = casts_.find(world);
  if (cast == casts_.end() || !(erase(cast->second.with_world, id) || erase(cast->second.edited, id))) {
    return std::unexpected(unknown_character(world, id));
  }
  cast->second.removed.insert(id);
  return {};
}

Characters Casts::list(const std::string& world) const {
  const auto cast = casts_.find(world);
  if (cast == casts_.end()) return {};
  auto all = cast->second.with_world;
  all.insert(all.end(), cast->second.edited.begin(), cast->second.edited.end());
  return all;
}

std::optional<model::Character> Casts::find(const std::vector<std::string>& worlds, const std::string& id) const {
  std::optional<model::Character> by_alias;
  for (const auto& world : worlds) {
    const auto cast = list(world);
    const auto by_id = std::ranges::find(cast, id, &model::Character::id);
    if (by_id != cast.end()) return *by_id;
    const auto aliased = std::ranges::find_if(cast, [&](const model::Character& character) { return has_alias(character, id); });
    if (!by_alias && aliased != cast.end()) by_alias = *aliased;
  }
  return by_alias;
}

std::vector<std::string> Casts::with_others(std::vector<std::string> worlds) const {
  for (const auto& [world, cast] : casts_) {
    if (std::ranges::find(worlds, world) == worlds.end()) worlds.push_back(world);
  }
  return worlds;
}

}  // namespace gibsey::store
