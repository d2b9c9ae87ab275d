#include "store/sqlite/world_rows.hpp"

#include "store/page_check.hpp"
#include "store/sqlite/model_json.hpp"

namespace gibsey::store::sqlite {
namespace {

const std::string kWorldColumns =
    "name, title, author, language, licence, origin, character_cost, narrator_cost, mandate, prompt_template, narrator";
const std::string kCharacterColumns =
    "c.world, c.id, c.aliases, c.display_name, c.color_hex, c.tone, c.blurb, c.greeting, c.system_prompt, c.samples, c.lead_ins, "
    "c.unknown";
// Worlds in the order in which they came; a cast whose world has no row comes after them.
const std::string kWorldOrder = " ORDER BY w.number IS NULL, w.number, c.world, c.position LIMIT 1";

Result<model::World> read_world(Row row) {
  model::World world;
  std::string narrator;
  row >> world.name >> world.title >> world.author >> world.language >> world.licence >> world.origin >>
      world.character_cost >> world.narrator_cost >> world.mandate >> world.prompt_template >> narrator;
  GIBSEY_CHECK(decode(narrator, world.narrator));
  return world;
}

Result<model::Character> read_character(Row row) {
  model::Character character;
  std::string aliases;
  std::string samples;
  std::string lead_ins;
  std::string unknown;
  row >> character.world >> character.id >> aliases >> character.display_name >> character.color_hex >> character.tone >>
      character.blurb >> character.greeting >> character.system_prompt >> samples >> lead_ins >> unknown;
  GIBSEY_CHECK(decode(aliases, character.aliases));
  GIBSEY_CHECK(decode(samples, character.samples));
  GIBSEY_CHECK(decode(lead_ins, character.lead_ins));
  GIBSEY_CHECK(decode(unknown, character.unknown));
  return character;
}

Result<void> insert_character(Connection& db, const std::string& world, std::int64_t position,
                              const model::Character& character) {
  GIBSEY_CHECK(db.run(
      "INSERT INTO characters (world, id, position, aliases, display_name, color_hex, tone, blurb, greeting, system_prompt, "
      "samples, lead_ins, unknown) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      world, character.id, position, encode(character.aliases), character.display_name, character.color_hex, character.tone,
      character.blurb, character.greeting, character.system_prompt, encode(character.samples), encode(character.lead_ins),
      encode(character.unknown)));
  for (const auto& alias : character.aliases) {
    GIBSEY_CHECK(db.run("INSERT INTO character_aliases (alias, world, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", alias, world,
                        character.id));
  }
  return {};
}

}  // namespace

Result<void> put_world(Connection& db, const model::World& world) {
  static const std::string kPut = "INSERT INTO worlds (" + kWorldColumns +
      ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET title = excluded.title, "
      "author = excluded.author, language = excluded.language, licence = excluded.licence, origin = excluded.origin, "
      "character_cost = excluded.character_cost, narrator_cost = excluded.narrator_cost, mandate = excluded.mandate, "
      "prompt_template = excluded.prompt_template, narrator = excluded.narrator";
  return db.run(kPut, world.name, world.title, world.author, world.language, world.licence, world.origin, world.character_cost,
                world.narrator_cost, world.mandate, world.prompt_template, encode(world.narrator));
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

Result<void> replace_characters(Connection& db, const std::string& world, const std::vector<model::Character>& characters) {
  std::vector<std::string> ids;
  for (const auto& character : characters) ids.push_back(character.id);
  GIBSEY_CHECK(check_characters(world, ids));
  GIBSEY_CHECK(db.run("DELETE FROM characters WHERE world = ?", world));
  std::int64_t position = 0;
  for (const auto& character : characters) GIBSEY_CHECK(insert_character(db, world, position++, character));
  return {};
}

Result<std::vector<model::Character>> list_characters(Connection& db, const std::string& world) {
  static const std::string kList = "SELECT " + kCharacterColumns + " FROM characters c WHERE c.world = ? ORDER BY c.position";
  return db.list<model::Character>(kList, read_character, world);
}

Result<std::optional<model::Character>> find_character(Connection& db, const std::string& world, const std::string& id) {
  static const std::string kById = "SELECT " + kCharacterColumns +
      " FROM characters c LEFT JOIN worlds w ON w.name = c.world WHERE c.id = ?1 AND (?2 = '' OR c.world = ?2)" + kWorldOrder;
  GIBSEY_TRY(auto by_id, db.find<model::Character>(kById, read_character, id, world));
  if (by_id) return by_id;
  static const std::string kByAlias = "SELECT " + kCharacterColumns +
      " FROM character_aliases a JOIN characters c ON c.world = a.world AND c.id = a.id LEFT JOIN worlds w ON w.name = c.world "
      "WHERE a.alias = ?1 AND (?2 = '' OR a.world = ?2)" + kWorldOrder;
  return db.find<model::Character>(kByAlias, read_character, id, world);
}

}  // namespace gibsey::store::sqlite
