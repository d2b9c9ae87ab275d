#include "store/sqlite/world_rows.hpp"

#include "store/model_json.hpp"

namespace gibsey::store::sqlite {
namespace {

const std::string kWorldColumns =
    "name, title, author, language, licence, origin, character_cost, narrator_cost, mandate, prompt_template, "
    "small_prompt_template, narrator, max_tokens";

Result<model::World> read_world(Row row) {
  model::World world;
  std::string narrator;
  row >> world.name >> world.title >> world.author >> world.language >> world.licence >> world.origin >> world.character_cost >>
      world.narrator_cost >> world.mandate >> world.prompt_template >> world.small_prompt_template >> narrator >>
      world.max_tokens;
  GIBSEY_CHECK(decode(narrator, world.narrator));
  return world;
}

}  // namespace

Result<void> put_world(Connection& db, const model::World& world) {
  static const std::string kPut =
      "INSERT INTO worlds (" + kWorldColumns +
      ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET title = excluded.title, "
      "author = excluded.author, language = excluded.language, licence = excluded.licence, origin = excluded.origin, "
      "character_cost = excluded.character_cost, narrator_cost = excluded.narrator_cost, mandate = excluded.mandate, "
      "prompt_template = excluded.prompt_template, small_prompt_template = excluded.small_prompt_template, "
      "narrator = excluded.narrator, max_tokens = excluded.max_tokens";
  return db.run(kPut, world.name, world.title, world.author, world.language, world.licence, world.origin, world.character_cost,
                world.narrator_cost, world.mandate, world.prompt_template, world.small_prompt_template, encode(world.narrator),
                world.max_tokens);
}

Result<std::optional<model::World>> find_world(Connection& db, const std::string& name) {
  static const std::string kFind = "SELECT " + kWorldColumns + " FROM worlds WHERE name = ?";
  return db.find<model::World>(kFind, read_world, name);
}

Result<std::vector<model::World>> list_worlds(Connection& db) {
  static const std::string kList = "SELECT " + kWorldColumns + " FROM worlds ORDER BY number";
  return db.list<model::World>(kList, read_world);
}

Result<bool> remove_world_row(Connection& db, const std::string& name) {
  GIBSEY_CHECK(db.run("DELETE FROM worlds WHERE name = ?", name));
  return db.changes() > 0;
}

}  // namespace gibsey::store::sqlite
