#pragma once
#include "store/note_store.hpp"

namespace gibsey::store {

namespace sqlite {
class Database;
class Connection;

/// Removes all that a world's book wrote about itself, older versions too, inside the caller's transaction.
Result<void> remove_notes(Connection& db, const std::string& world);
}  // namespace sqlite

/// Notes in the database of SqlitePageStore, which makes it (SqlitePageStore::notes()) and must outlive it. The table `summaries`
/// holds a row a note as it is now, `summary_versions` those before, `nightly_runs` the runs, `jobs` a row a job.
class SqliteNoteStore final : public NoteStore {
 public:
  explicit SqliteNoteStore(sqlite::Database& database) : database_(database) {}

  Async<void> put_note(model::Note note) override;
  Async<void> retire_note(std::string id) override;
  Async<std::optional<model::Note>> find_note(std::string id) override;
  Async<std::optional<model::Note>> find_note_version(std::string id, std::int64_t version) override;
  Async<std::vector<model::Note>> list_note_versions(std::string id) override;
  Async<std::vector<model::Note>> list_notes(std::string world, std::string after, int limit) override;
  Async<std::vector<model::Note>> notes_of_page(std::string world, std::string page_id) override;
  Async<void> put_run(model::NightlyRun run) override;
  Async<std::optional<model::NightlyRun>> find_run(std::string id) override;
  Async<std::vector<model::NightlyRun>> list_runs(int limit) override;
  Async<model::JobState> find_job(std::string name) override;
  Async<model::JobState> change_job(model::JobState job) override;

 private:
  sqlite::Database& database_;
};

}  // namespace gibsey::store
