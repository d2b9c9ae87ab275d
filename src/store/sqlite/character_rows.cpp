#include "store/sqlite/character_rows.hpp"

#include "store/model_json.hpp"
#include "store/page_check.hpp"

namespace gibsey::store::sqlite {
namespace {

const std::string kSelect =
    "SELECT c.world, c.id, c.aliases, c.display_name, c.color_hex, c.tone, c.blurb, c.greeting, c.system_prompt, c.samples, "
    "c.lead_ins, c.unknown, c.personality, c.owner, c.voice_id, c.appearance_seed, c.created, c.updated FROM ";
// Worlds in the order in which they came; a cast whose world has no row comes after them.
const std::string kWorldOrder = " ORDER BY w.number IS NULL, w.number, c.world, c.edited, c.position LIMIT 1";

Result<model::Character> read_character(Row row) {
  model::Character character;
  std::string aliases;
  std::string samples;
  std::string lead_ins;
  std::string unknown;
  std::optional<std::string> personality;
  row >> character.world >> character.id >> aliases >> character.display_name >> character.color_hex >> character.tone >>
      character.blurb >> character.greeting >> character.system_prompt >> samples >> lead_ins >> unknown >> personality >>
      character.owner >> character.voice_id >> character.appearance_seed >> character.created >> character.updated;
  GIBSEY_CHECK(decode(aliases, character.aliases));
  GIBSEY_CHECK(decode(samples, character.samples));
  GIBSEY_CHECK(decode(lead_ins, character.lead_ins));
  GIBSEY_CHECK(decode(unknown, character.unknown));
  if (personality) GIBSEY_CHECK(decode(*personality, character.personality.emplace()));
  return character;
}

/// Where a character stands in its world's list.
struct Place {
  bool edited = false;
  std::int64_t position = 0;
};

Result<void> insert_character(Connection& db, const std::string& world, Place place, const model::Character& character) {
  const auto personality = character.personality ? std::optional(encode(*character.personality)) : std::nullopt;
  GIBSEY_CHECK(
      db.run("INSERT INTO characters (world, id, edited, position, aliases, display_name, color_hex, tone, blurb, greeting, "
             "system_prompt, samples, lead_ins, unknown, personality, owner, voice_id, appearance_seed, created, updated) "
             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             world, character.id, place.edited, place.position, encode(character.aliases), character.display_name,
             character.color_hex, character.tone, character.blurb, character.greeting, character.system_prompt,
             encode(character.samples), encode(character.lead_ins), encode(character.unknown), personality, character.owner,
             character.voice_id, character.appearance_seed, character.created, character.updated));
  for (const auto& alias : character.aliases) {
    GIBSEY_CHECK(db.run("INSERT INTO character_aliases (alias, world, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", alias, world,
                        character.id));
  }
  return {};
}

/// False when there was none.
Result<bool> delete_character(Connection& db, const std::string& world, const std::string& id) {
  GIBSEY_CHECK(db.run("DELETE FROM characters WHERE world = ? AND id = ?", world, id));
  return db.changes() > 0;
}

/// Whether a cast that is read again must leave this one alone: it was edited or removed since.
Result<bool> was_changed_by_itself(Connection& db, const std::string& world, const std::string& id) {
  GIBSEY_TRY(const auto found, db.value<std::int64_t>("SELECT EXISTS (SELECT 1 FROM characters WHERE world = ?1 AND id = ?2) "
                                                      "OR EXISTS (SELECT 1 FROM removed_characters WHERE world = ?1 AND id = ?2)",
                                                      world, id));
  return found != 0;
}

}  // namespace

Result<void> replace_characters(Connection& db, const std::string& world, const std::vector<model::Character>& characters) {
  std::vector<std::string> ids;
  ids.reserve(characters.size());
  for (const auto& character : characters) ids.push_back(character.id);
  GIBSEY_CHECK(check_characters(world, ids));
  GIBSEY_CHECK(db.run("DELETE FROM characters WHERE world = ? AND edited = 0", world));
  std::int64_t position = 0;
  for (const auto& character : characters) {
    GIBSEY_TRY(const bool changed, was_changed_by_itself(db, world, character.id));
    if (!changed) GIBSEY_CHECK(insert_character(db, world, {.edited = false, .position = position++}, character));
  }
  return {};
}

Result<void> put_character(Connection& db, const model::Character& character) {
  GIBSEY_CHECK(check_character(character.world, character.id));
  auto stored = character;
  stored.updated = unix_millis_now();
  if (stored.created == 0) stored.created = stored.updated;
  GIBSEY_TRY(auto position,
             db.value<std::int64_t>("SELECT coalesce(max(position), -1) + 1 FROM characters WHERE world = ? AND edited = 1",
                                    character.world));
  GIBSEY_CHECK(db.each(
      "SELECT edited, position, created FROM characters WHERE world = ? AND id = ?",
      [&](Row row) {
        Place place;
        row >> place.edited >> place.position >> stored.created;
        if (place.edited) position = place.position;
        return Result<void>();
      },
      character.world, character.id));
  GIBSEY_CHECK(delete_character(db, character.world, character.id));
  GIBSEY_CHECK(insert_character(db, character.world, {.edited = true, .position = position}, stored));
  return db.run("DELETE FROM removed_characters WHERE world = ? AND id = ?", character.world, character.id);
}

Result<void> remove_character(Connection& db, const std::string& world, const std::string& id) {
  GIBSEY_TRY(const bool had_one, delete_character(db, world, id));
  if (!had_one) return std::unexpected(unknown_character(world, id));
  return db.run("INSERT INTO removed_characters (world, id) VALUES (?, ?) ON CONFLICT DO NOTHING", world, id);
}

Result<std::vector<model::Character>> list_characters(Connection& db, const std::string& world) {
  static const std::string kList = kSelect + "characters c WHERE c.world = ? ORDER BY c.edited, c.position";
  return db.list<model::Character>(kList, read_character, world);
}

Result<std::optional<model::Character>> find_character(Connection& db, const std::string& world, const std::string& id) {
  static const std::string kById =
      kSelect + "characters c LEFT JOIN worlds w ON w.name = c.world WHERE c.id = ?1 AND (?2 = '' OR c.world = ?2)" + kWorldOrder;
  GIBSEY_TRY(auto by_id, db.find<model::Character>(kById, read_character, id, world));
  if (by_id) return by_id;
  static const std::string kByAlias =
      kSelect +
      "character_aliases a JOIN characters c ON c.world = a.world AND c.id = a.id LEFT JOIN worlds w ON w.name = c.world "
      "WHERE a.alias = ?1 AND (?2 = '' OR a.world = ?2)" +
      kWorldOrder;
  return db.find<model::Character>(kByAlias, read_character, id, world);
}

}  // namespace gibsey::store::sqlite
