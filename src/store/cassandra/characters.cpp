// The characters of CassandraPageStore: a world's cast is one partition, small enough to be read as a whole.
#include "store/cassandra/page_store.hpp"
#include "store/model_json.hpp"
#include "store/page_check.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace gibsey::store {

using namespace cassandra;

namespace {

Statement put_member(const std::string& world, const model::Character& character, bool edited, std::int64_t position) {
  return cql(
      "INSERT INTO characters (world, id, display_name, edited, removed, position, character) VALUES (?, ?, ?, ?, false, ?, ?)",
      world, character.id, character.display_name, edited, position, encode(character));
}

}  // namespace

/// In the order of the list; those that are removed too.
Async<std::vector<CassandraPageStore::CastMember>> CassandraPageStore::read_cast(std::string world) {
  std::vector<CastMember> cast;
  const auto keep = [&cast, &world](Row row) -> Result<void> {
    auto& member = cast.emplace_back();
    std::string json;
    std::string id;
    row >> id >> member.edited >> member.removed >> member.position >> json;
    if (!json.empty()) GIBSEY_CHECK(decode(json, member.character));
    member.character.world = world;
    member.character.id = id;
    return {};
  };
  GIBSEY_CO_CHECK(co_await session_.each(
      cql("SELECT id, edited, removed, position, character FROM characters WHERE world = ?", world), keep));
  std::ranges::sort(cast, {},
                    [](const CastMember& member) { return std::tuple(member.edited, member.position, member.character.id); });
  co_return cast;
}

Async<void> CassandraPageStore::replace_characters(std::string world, std::vector<model::Character> characters) {
  std::vector<std::string> ids;
  for (auto& character : characters) {
    character.world = world;
    ids.push_back(character.id);
  }
  GIBSEY_CO_CHECK(check_characters(world, ids));
  const auto held = co_await locks_.take("cast " + world);
  GIBSEY_CO_TRY(const auto cast, co_await read_cast(world));
  std::set<std::string> by_themselves;
  const std::set<std::string> given(ids.begin(), ids.end());
  std::vector<Statement> batch;
  for (const auto& member : cast) {
    if (member.edited || member.removed) {
      by_themselves.insert(member.character.id);
    } else if (!given.contains(member.character.id)) {
      batch.push_back(cql("DELETE FROM characters WHERE world = ? AND id = ?", world, member.character.id));
    }
  }
  std::int64_t position = 0;
  for (const auto& character : characters) {
    if (!by_themselves.contains(character.id)) batch.push_back(put_member(world, character, false, position++));
  }
  co_return co_await session_.write_all(std::move(batch));
}

Async<void> CassandraPageStore::put_character(model::Character character) {
  GIBSEY_CO_CHECK(check_character(character.world, character.id));
  const auto held = co_await locks_.take("cast " + character.world);
  GIBSEY_CO_TRY(const auto cast, co_await read_cast(character.world));
  character.updated = unix_millis_now();
  if (character.created == 0) character.created = character.updated;
  std::int64_t position = 0;
  for (const auto& member : cast) {
    if (member.edited && !member.removed) position = std::max(position, member.position + 1);
  }
  for (const auto& member : cast) {
    if (member.character.id != character.id || member.removed) continue;
    character.created = member.character.created;
    if (member.edited) position = member.position;
  }
  co_return co_await session_.write(put_member(character.world, character, true, position));
}

Async<void> CassandraPageStore::remove_character(std::string world, std::string id) {
  const auto held = co_await locks_.take("cast " + world);
  GIBSEY_CO_TRY(const auto cast, co_await read_cast(world));
  const bool there =
      std::ranges::any_of(cast, [&id](const CastMember& member) { return member.character.id == id && !member.removed; });
  if (!there) co_return std::unexpected(unknown_character(world, id));
  co_return co_await session_.write(cql(
      "INSERT INTO characters (world, id, removed, edited, position, character) VALUES (?, ?, true, false, 0, '')", world, id));
}

Async<std::vector<model::Character>> CassandraPageStore::list_characters(std::string world) {
  GIBSEY_CO_TRY(auto cast, co_await read_cast(world));
  std::vector<model::Character> characters;
  for (auto& member : cast) {
    if (!member.removed) characters.push_back(std::move(member.character));
  }
  co_return characters;
}

Async<std::vector<std::string>> CassandraPageStore::worlds_with_casts() {
  std::vector<std::string> worlds;
  GIBSEY_CO_TRY(const auto known, co_await list_worlds());
  for (const auto& one : known) worlds.push_back(one.name);
  std::set<std::string> others;
  const auto keep = [&](Row row) {
    std::string name;
    row >> name;
    if (std::ranges::find(worlds, name) == worlds.end()) others.insert(name);
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT DISTINCT world FROM characters"), keep));
  worlds.insert(worlds.end(), others.begin(), others.end());
  co_return worlds;
}

Async<std::vector<model::Character>> CassandraPageStore::characters_with_id(std::string id) {
  std::vector<model::Character> found;
  const auto keep = [&](Row row) -> Result<void> {
    model::Character character;
    std::string json;
    bool removed = false;
    row >> character.world >> removed >> json;
    if (removed) return {};
    auto world = character.world;
    GIBSEY_CHECK(decode(json, character));
    character.world = std::move(world);
    character.id = id;
    found.push_back(std::move(character));
    return {};
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT world, removed, character FROM characters WHERE id = ?", id), keep));
  co_return found;
}

Async<std::optional<model::Character>> CassandraPageStore::find_character(std::string world, std::string id) {
  std::vector<std::string> worlds{world};
  if (world.empty()) {
    // Its index fails while it is being built, and then the casts below are asked.
    auto of_id = co_await characters_with_id(id);
    if (of_id && of_id->size() == 1) co_return std::move(of_id->front());
    GIBSEY_CO_TRY(worlds, co_await worlds_with_casts());
  }
  std::optional<model::Character> by_alias;
  for (const auto& name : worlds) {
    GIBSEY_CO_TRY(auto cast, co_await list_characters(name));
    for (auto& character : cast) {
      if (character.id == id) co_return std::move(character);
      if (!by_alias && std::ranges::find(character.aliases, id) != character.aliases.end()) by_alias = character;
    }
  }
  co_return by_alias;
}

}  // namespace gibsey::store
