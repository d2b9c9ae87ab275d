#include "store/sqlite/note_store.hpp"

#include "store/note_check.hpp"
#include "store/note_json.hpp"
#include "store/sqlite/database.hpp"

namespace gibsey::store {
namespace sqlite {
namespace {

const std::string kNoteColumns =
    "world, id, version, chapter, voice, kind, text, sentences, members, source_hash, model, run_id, reverted_to, retired, "
    "created";

Result<model::Note> read_note(Row row) {
  model::Note note;
  std::string kind;
  std::string sentences;
  std::string members;
  row >> note.world >> note.id >> note.version >> note.chapter >> note.voice >> kind >> note.text >> sentences >> members >>
      note.source_hash >> note.model >> note.run_id >> note.reverted_to >> note.retired >> note.created;
  note.kind = kind == to_string(model::NoteKind::extract) ? model::NoteKind::extract : model::NoteKind::written;
  GIBSEY_CHECK(decode(sentences, note.sentences));
  GIBSEY_CHECK(decode(members, note.members));
  return note;
}

Result<void> write_pages(Connection& db, const model::Note& note) {
  GIBSEY_CHECK(db.run("DELETE FROM summary_pages WHERE id = ?", note.id));
  for (const auto& member : note.members) {
    GIBSEY_CHECK(db.run("INSERT INTO summary_pages (world, page_id, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", note.world,
                        member.page_id, note.id));
  }
  return {};
}

Result<void> put_note(Connection& db, model::Note note) {
  GIBSEY_TRY(const auto now, db.find_value<std::int64_t>("SELECT version FROM summaries WHERE id = ?", note.id));
  GIBSEY_CHECK(check_note(note, now.value_or(0)));
  if (note.created == 0) note.created = unix_millis_now();
  static const std::string kKeep =
      "INSERT INTO summary_versions (" + kNoteColumns + ") SELECT " + kNoteColumns + " FROM summaries WHERE id = ?";
  GIBSEY_CHECK(db.run(kKeep, note.id));
  static const std::string kPut =
      "INSERT OR REPLACE INTO summaries (" + kNoteColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)";
  GIBSEY_CHECK(db.run(kPut, note.world, note.id, note.version, note.chapter, note.voice, to_string(note.kind), note.text,
                      encode(note.sentences), encode(note.members), note.source_hash, note.model, note.run_id, note.reverted_to,
                      note.created));
  return write_pages(db, note);
}

Result<std::optional<model::Note>> find_note(Connection& db, const std::string& id) {
  static const std::string kFind = "SELECT " + kNoteColumns + " FROM summaries WHERE id = ?";
  return db.find<model::Note>(kFind, read_note, id);
}

Result<std::optional<model::Note>> find_note_version(Connection& db, const std::string& id, std::int64_t version) {
  static const std::string kFind = "SELECT " + kNoteColumns + " FROM summaries WHERE id = ?1 AND version = ?2 UNION ALL SELECT " +
                                   kNoteColumns + " FROM summary_versions WHERE id = ?1 AND version = ?2";
  return db.find<model::Note>(kFind, read_note, id, version);
}

Result<std::vector<model::Note>> list_note_versions(Connection& db, const std::string& id) {
  static const std::string kBare =
      "world, id, version, chapter, voice, kind, text, '[]', '[]', source_hash, model, run_id, reverted_to, retired, created";
  static const std::string kList = "SELECT " + kBare + " FROM summary_versions WHERE id = ?1 UNION ALL SELECT " + kBare +
                                   " FROM summaries WHERE id = ?1 ORDER BY version";
  return db.list<model::Note>(kList, read_note, id);
}

Result<std::vector<model::Note>> list_notes(Connection& db, const std::string& world, const std::string& after, int limit) {
  static const std::string kList =
      "SELECT " + kNoteColumns + " FROM summaries WHERE world = ? AND id > ? AND retired = 0 ORDER BY id LIMIT ?";
  return db.list<model::Note>(kList, read_note, world, after, limit);
}

Result<std::vector<model::Note>> notes_of_page(Connection& db, const std::string& world, const std::string& page_id) {
  static const std::string kList = "SELECT " + kNoteColumns +
                                   " FROM summaries WHERE retired = 0 AND id IN (SELECT id FROM summary_pages WHERE world = ? "
                                   "AND page_id = ?) ORDER BY id";
  return db.list<model::Note>(kList, read_note, world, page_id);
}

constexpr std::string_view kRunColumns =
    "id, world, force, trigger, status, attempts, counts, error, planned, plan, covers, started, updated, ended";

Result<model::NightlyRun> read_run(Row row) {
  model::NightlyRun run;
  std::string status;
  std::string counts;
  std::string plan;
  std::string covers;
  row >> run.id >> run.world >> run.force >> run.trigger >> status >> run.attempts >> counts >> run.error >> run.planned >>
      plan >> covers >> run.started >> run.updated >> run.ended;
  using enum model::RunStatus;
  run.status = status == to_string(done) ? done : status == to_string(failed) ? failed : running;
  GIBSEY_CHECK(decode(counts, run.counts));
  GIBSEY_CHECK(decode(plan, run.plan));
  GIBSEY_CHECK(decode(covers, run.covers));
  return run;
}

Result<void> put_run(Connection& db, const model::NightlyRun& run) {
  static const std::string kPut =
      "INSERT OR REPLACE INTO nightly_runs (" + std::string(kRunColumns) + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  return db.run(kPut, run.id, run.world, run.force, run.trigger, to_string(run.status), run.attempts, encode(run.counts),
                run.error, run.planned, encode(run.plan), encode(run.covers), run.started, run.updated, run.ended);
}

Result<std::optional<model::NightlyRun>> find_run(Connection& db, const std::string& id) {
  static const std::string kFind = "SELECT " + std::string(kRunColumns) + " FROM nightly_runs WHERE id = ?";
  return db.find<model::NightlyRun>(kFind, read_run, id);
}

Result<std::vector<model::NightlyRun>> list_runs(Connection& db, int limit) {
  return db.list<model::NightlyRun>(
      "SELECT id, world, force, trigger, status, attempts, counts, error, planned, '[]', covers, started, updated, ended "
      "FROM nightly_runs ORDER BY started DESC, id DESC LIMIT ?",
      read_run, limit);
}

Result<model::JobState> find_job(Connection& db, const std::string& name) {
  GIBSEY_TRY(auto found, db.find<model::JobState>(
                             "SELECT name, revision, holder, held_until, run_id, last_due, attempts, retry_at, last_done, "
                             "last_error, covered FROM jobs WHERE name = ?",
                             [](Row row) -> Result<model::JobState> {
                               model::JobState job;
                               std::string covered;
                               row >> job.name >> job.revision >> job.holder >> job.held_until >> job.run_id >> job.last_due >>
                                   job.attempts >> job.retry_at >> job.last_done >> job.last_error >> covered;
                               GIBSEY_CHECK(decode(covered, job.covered));
                               return job;
                             },
                             name));
  return found ? *std::move(found) : model::JobState{.name = name};
}

Result<model::JobState> change_job(Connection& db, model::JobState job) {
  GIBSEY_TRY(const auto now, db.find_value<std::int64_t>("SELECT revision FROM jobs WHERE name = ?", job.name));
  GIBSEY_CHECK(check_revision(job, now.value_or(0)));
  ++job.revision;
  GIBSEY_CHECK(
      db.run("INSERT OR REPLACE INTO jobs (name, revision, holder, held_until, run_id, last_due, attempts, retry_at, last_done, "
             "last_error, covered) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             job.name, job.revision, job.holder, job.held_until, job.run_id, job.last_due, job.attempts, job.retry_at,
             job.last_done, job.last_error, encode(job.covered)));
  return job;
}

}  // namespace

Result<void> remove_notes(Connection& db, const std::string& world) {
  GIBSEY_CHECK(db.run("DELETE FROM summary_pages WHERE world = ?", world));
  GIBSEY_CHECK(db.run("DELETE FROM summary_versions WHERE world = ?", world));
  return db.run("DELETE FROM summaries WHERE world = ?", world);
}

}  // namespace sqlite

using sqlite::Connection;

Async<void> SqliteNoteStore::put_note(model::Note note) {
  return database_.write([note = std::move(note)](Connection& db) { return sqlite::put_note(db, note); });
}

Async<void> SqliteNoteStore::retire_note(std::string id) {
  return database_.write(
      [id = std::move(id)](Connection& db) { return db.run("UPDATE summaries SET retired = 1 WHERE id = ?", id); });
}

Async<std::optional<model::Note>> SqliteNoteStore::find_note(std::string id) {
  return database_.read([id = std::move(id)](Connection& db) { return sqlite::find_note(db, id); });
}

Async<std::optional<model::Note>> SqliteNoteStore::find_note_version(std::string id, std::int64_t version) {
  return database_.read([id = std::move(id), version](Connection& db) { return sqlite::find_note_version(db, id, version); });
}

Async<std::vector<model::Note>> SqliteNoteStore::list_note_versions(std::string id) {
  return database_.read([id = std::move(id)](Connection& db) { return sqlite::list_note_versions(db, id); });
}

Async<std::vector<model::Note>> SqliteNoteStore::list_notes(std::string world, std::string after, int limit) {
  return database_.read([world = std::move(world), after = std::move(after), limit](Connection& db) {
    return sqlite::list_notes(db, world, after, limit);
  });
}

Async<std::vector<model::Note>> SqliteNoteStore::notes_of_page(std::string world, std::string page_id) {
  return database_.read([world = std::move(world), page_id = std::move(page_id)](Connection& db) {
    return sqlite::notes_of_page(db, world, page_id);
  });
}

Async<void> SqliteNoteStore::put_run(model::NightlyRun run) {
  return database_.write([run = std::move(run)](Connection& db) { return sqlite::put_run(db, run); });
}

Async<std::optional<model::NightlyRun>> SqliteNoteStore::find_run(std::string id) {
  return database_.read([id = std::move(id)](Connection& db) { return sqlite::find_run(db, id); });
}

Async<std::vector<model::NightlyRun>> SqliteNoteStore::list_runs(int limit) {
  return database_.read([limit](Connection& db) { return sqlite::list_runs(db, limit); });
}

Async<model::JobState> SqliteNoteStore::find_job(std::string name) {
  return database_.read([name = std::move(name)](Connection& db) { return sqlite::find_job(db, name); });
}

Async<model::JobState> SqliteNoteStore::change_job(model::JobState job) {
  return database_.write([job = std::move(job)](Connection& db) { return sqlite::change_job(db, job); });
}

}  // namespace gibsey::store
