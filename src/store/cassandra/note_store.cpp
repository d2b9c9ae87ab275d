// The notes of CassandraNoteStore; its runs and jobs are in nightly_runs.cpp.
#include "store/cassandra/note_store.hpp"

#include "base/ids.hpp"
#include "store/note_check.hpp"
#include "store/note_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

namespace gibsey::store {

using namespace cassandra;

namespace {

constexpr int kAttempts = 10;
constexpr int kAtOnce = 200;
/// Statements of a batch.
constexpr std::size_t kMost = 100;

const std::string kColumns =
    "world, cluster, version, title, voice, extractive, text, sentences, members, source_hash, model, run_id, reverted_to, "
    "retired, created";

/// A row that another hand wrote may lack any column but its key.
Result<model::Note> read_note(Row row) {
  model::Note note;
  bool extractive = false;
  std::string sentences;
  std::string members;
  row >> note.world >> note.id >> note.version >> note.chapter >> note.voice >> extractive >> note.text >> sentences >> members >>
      note.source_hash >> note.model >> note.run_id >> note.reverted_to >> note.retired >> note.created;
  note.kind = extractive ? model::NoteKind::extract : model::NoteKind::written;
  if (!sentences.empty()) GIBSEY_CHECK(decode(sentences, note.sentences));
  if (!members.empty()) GIBSEY_CHECK(decode(members, note.members));
  return note;
}

std::set<std::string> pages_of(const model::Note& note) {
  std::set<std::string> pages;
  for (const auto& member : note.members) pages.insert(member.page_id);
  return pages;
}

Statement unlist(const std::string& world, const std::string& page_id, const std::string& id, std::int64_t version) {
  return cql("DELETE FROM notes_by_page WHERE world = ? AND page_id = ? AND id = ? AND version = ?", world, page_id, id, version);
}

std::vector<Statement> unlist(const model::Note& note) {
  std::vector<Statement> batch;
  for (const auto& page : pages_of(note)) batch.push_back(unlist(note.world, page, note.id, note.version));
  return batch;
}

/// Where the note of that version will be found.
std::vector<Statement> listing_of(const model::Note& note) {
  std::vector<Statement> batch{cql("INSERT INTO note_worlds (id, world) VALUES (?, ?)", note.id, note.world)};
  for (const auto& page : pages_of(note)) {
    batch.push_back(cql("INSERT INTO notes_by_page (world, page_id, id, version) VALUES (?, ?, ?, ?)", note.world, page, note.id,
                        note.version));
  }
  return batch;
}

Statement insert_statement(const model::Note& note, const std::string& mark) {
  static const std::string kInsert = "INSERT INTO summaries (" + kColumns +
                                     ", page_ids, mark) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS";
  const auto pages = pages_of(note);
  return cql(kInsert, note.world, note.id, note.version, note.chapter, note.voice, note.kind == model::NoteKind::extract,
             note.text, encode(note.sentences), encode(note.members), note.source_hash, note.model, note.run_id, note.reverted_to,
             note.retired, note.created, std::vector<std::string>(pages.begin(), pages.end()), mark);
}

}  // namespace

Async<void> cassandra::remove_notes(Session& session, std::string world) {
  std::vector<Statement> batch;
  const auto keep = [&batch](Row row) {
    std::string id;
    row >> id;
    batch.push_back(cql("DELETE FROM note_worlds WHERE id = ?", id));
    return Result<void>();
  };
  GIBSEY_CO_CHECK(
      co_await session.each(cql("SELECT cluster FROM summaries WHERE world = ? GROUP BY world, cluster", world), keep));
  for (std::size_t at = 0; at < batch.size(); at += kMost) {
    const auto first = batch.begin() + static_cast<std::ptrdiff_t>(at);
    const auto count = std::min(kMost, batch.size() - at);
    GIBSEY_CO_CHECK(co_await session.write_all({first, first + static_cast<std::ptrdiff_t>(count)}));
  }
  GIBSEY_CO_CHECK(co_await session.write(cql("DELETE FROM notes_by_page WHERE world = ?", world)));
  co_return co_await session.write(cql("DELETE FROM summaries WHERE world = ?", world));
}

Async<std::string> CassandraNoteStore::world_of(std::string id) {
  std::string world;
  if (id.empty()) co_return world;
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql("SELECT world FROM note_worlds WHERE id = ?", id)));
  if (!rows.empty()) rows[0] >> world;
  co_return world;
}

Async<std::optional<model::Note>> CassandraNoteStore::newest(std::string world, std::string id) {
  static const std::string kFind = "SELECT " + kColumns + " FROM summaries WHERE world = ? AND cluster = ? LIMIT 1";
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(kFind, world, id)));
  if (rows.empty()) co_return std::nullopt;
  GIBSEY_CO_TRY(auto note, read_note(rows[0]));
  co_return std::optional(std::move(note));
}

Async<std::optional<model::Note>> CassandraNoteStore::find_note(std::string id) {
  GIBSEY_CO_TRY(auto world, co_await world_of(id));
  if (world.empty()) co_return std::nullopt;
  co_return co_await newest(std::move(world), std::move(id));
}

Async<bool> CassandraNoteStore::insert_version(const model::Note& note) {
  const auto mark = random_id();
  GIBSEY_CO_CHECK(co_await session_.write_all(listing_of(note)));
  GIBSEY_CO_TRY(const auto applied, co_await session_.apply({insert_statement(note, mark)}));
  if (applied != Applied::unknown) co_return applied == Applied::yes;
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT mark FROM summaries WHERE world = ? AND cluster = ? AND version = ?",
                                           note.world, note.id, note.version),
                                       Reading::serial));
  std::string stored;
  if (!rows.empty()) rows[0] >> stored;
  co_return stored == mark;
}

Async<void> CassandraNoteStore::put_note(model::Note note) {
  GIBSEY_CO_CHECK(check_note(note, note.version - 1));  // of its fields; the version that is there follows
  if (note.created == 0) note.created = unix_millis_now();
  note.retired = false;
  // A world's notes are one partition, and conditional writes of one meet.
  const auto held = co_await locks_.take(note.world);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto before, co_await find_note(note.id));
    if (before && before->world != note.world)
      co_return fail(ErrorCode::invalid_argument, fmt::format("the note {} is one of the world {}", note.id, before->world));
    GIBSEY_CO_CHECK(check_note(note, before ? before->version : 0));
    GIBSEY_CO_TRY(const bool put, co_await insert_version(note));
    if (!put) continue;
    // What is left here is taken out by notes_of_page().
    if (before) static_cast<void>(co_await session_.write_all(unlist(*before)));
    co_return Result<void>();
  }
  co_return fail(ErrorCode::busy, "the note " + note.id + " could not be written; try again in a moment");
}

Async<bool> CassandraNoteStore::mark_retired(const model::Note& note) {
  GIBSEY_CO_TRY(
      const auto applied,
      co_await session_.apply({cql("UPDATE summaries SET retired = true WHERE world = ? AND cluster = ? AND version = ? "
                                   "IF EXISTS",
                                   note.world, note.id, note.version)}));
  if (applied != Applied::unknown) co_return true;
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT retired FROM summaries WHERE world = ? AND cluster = ? AND version = ?",
                                           note.world, note.id, note.version),
                                       Reading::serial));
  bool retired = rows.empty();
  if (!rows.empty()) rows[0] >> retired;
  co_return retired;
}

Async<void> CassandraNoteStore::retire_note(std::string id) {
  GIBSEY_CO_TRY(const auto world, co_await world_of(id));
  if (world.empty()) co_return Result<void>();
  const auto held = co_await locks_.take(world);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto note, co_await newest(world, id));
    if (!note || note->retired) co_return Result<void>();
    GIBSEY_CO_TRY(const bool retired, co_await mark_retired(*note));
    if (retired) co_return Result<void>();
  }
  co_return fail(ErrorCode::busy, "the note " + id + " could not be retired; try again in a moment");
}

Async<std::optional<model::Note>> CassandraNoteStore::find_note_version(std::string id, std::int64_t version) {
  static const std::string kFind = "SELECT " + kColumns + " FROM summaries WHERE world = ? AND cluster = ? AND version = ?";
  GIBSEY_CO_TRY(const auto world, co_await world_of(id));
  if (world.empty() || version < 1 || version > std::numeric_limits<std::int32_t>::max()) co_return std::nullopt;
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(kFind, world, id, version)));
  if (rows.empty()) co_return std::nullopt;
  GIBSEY_CO_TRY(auto note, read_note(rows[0]));
  co_return std::optional(std::move(note));
}

Async<std::vector<model::Note>> CassandraNoteStore::list_note_versions(std::string id) {
  static const std::string kList =
      "SELECT world, cluster, version, title, voice, extractive, text, source_hash, model, run_id, reverted_to, retired, created "
      "FROM summaries WHERE world = ? AND cluster = ? ORDER BY cluster DESC, version ASC";
  std::vector<model::Note> versions;
  GIBSEY_CO_TRY(const auto world, co_await world_of(id));
  if (world.empty()) co_return versions;
  const auto keep = [&versions](Row row) {
    auto& note = versions.emplace_back();
    bool extractive = false;
    row >> note.world >> note.id >> note.version >> note.chapter >> note.voice >> extractive >> note.text >> note.source_hash >>
        note.model >> note.run_id >> note.reverted_to >> note.retired >> note.created;
    note.kind = extractive ? model::NoteKind::extract : model::NoteKind::written;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql(kList, world, id), keep));
  co_return versions;
}

Async<std::vector<model::Note>> CassandraNoteStore::list_notes(std::string world, std::string after, int limit) {
  // Of each group the first row: the newest version.
  static const std::string kList =
      "SELECT " + kColumns + " FROM summaries WHERE world = ? AND cluster > ? GROUP BY world, cluster LIMIT ?";
  std::vector<model::Note> notes;
  if (world.empty()) co_return notes;
  while (std::cmp_less(notes.size(), limit)) {
    const int wanted = std::min(kAtOnce, limit - static_cast<int>(notes.size()));
    int seen = 0;
    const auto keep = [&](Row row) -> Result<void> {
      GIBSEY_TRY(auto note, read_note(row));
      ++seen;
      after = note.id;
      if (!note.retired && !note.members.empty()) notes.push_back(std::move(note));
      return {};
    };
    GIBSEY_CO_CHECK(co_await session_.each(cql(kList, world, after, wanted), keep));
    if (seen < wanted) break;
  }
  co_return notes;
}

Async<std::vector<model::Note>> CassandraNoteStore::notes_of_page(std::string world, std::string page_id) {
  std::vector<model::Note> notes;
  if (world.empty()) co_return notes;
  std::vector<std::pair<std::string, std::int64_t>> listed;  // by id
  const auto keep = [&listed](Row row) {
    auto& [id, version] = listed.emplace_back();
    row >> id >> version;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(
      co_await session_.each(cql("SELECT id, version FROM notes_by_page WHERE world = ? AND page_id = ?", world, page_id), keep));
  std::vector<Statement> stale;
  for (std::size_t at = 0; at < listed.size();) {
    const auto id = listed[at].first;
    GIBSEY_CO_TRY(auto note, co_await newest(world, id));
    const bool about = note && pages_of(*note).contains(page_id);
    for (; at < listed.size() && listed[at].first == id; ++at) {
      // A version that is not there yet may be about to be written.
      const auto version = listed[at].second;
      const bool past = note && (version < note->version || (version == note->version && !about));
      if (past && stale.size() < kMost) stale.push_back(unlist(world, page_id, id, version));
    }
    if (about && !note->retired) notes.push_back(*std::move(note));
  }
  if (!stale.empty()) static_cast<void>(co_await session_.write_all(std::move(stale)));
  co_return notes;
}

}  // namespace gibsey::store
