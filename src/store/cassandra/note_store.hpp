#pragma once
#include "store/cassandra/keyed_locks.hpp"
#include "store/cassandra/session.hpp"
#include "store/note_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gibsey::store {

namespace cassandra {
/// Removes all that a world's book wrote about itself, older versions too. Cut off before its end, it can be done again.
Async<void> remove_notes(Session& session, std::string world);
}  // namespace cassandra

/// Notes, runs and jobs on Cassandra (docs/cassandra_tables.md). A version of a note is one row, which is inserted if there is
/// none of that number; as versions are never taken away, who inserts number n has followed n - 1. A job's row is changed if its
/// revision is the one that was read. A write whose outcome the cluster did not tell is looked up at SERIAL by its mark. Errors
/// as Session's; put_note also invalid_argument for an id that another world's note has, and busy where a write is lost again and
/// again.
class CassandraNoteStore final : public NoteStore {
 public:
  /// `session` uses a keyspace of the current form and outlives this.
  explicit CassandraNoteStore(cassandra::Session& session) : session_(session) {}

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
  struct RunPlace {
    std::int64_t started = 0;
    std::string id;
  };

  /// "" where there is no such note.
  Async<std::string> world_of(std::string id);
  Async<std::optional<model::Note>> newest(std::string world, std::string id);
  /// The conditional write. False: there is a version of that number by another.
  Async<bool> insert_version(const model::Note& note);
  /// False: it is not known to be retired.
  Async<bool> mark_retired(const model::Note& note);
  /// The conditional write. False: the row was changed by another meanwhile.
  Async<bool> write_job(const model::JobState& job);
  Async<std::vector<RunPlace>> run_places(std::optional<RunPlace> behind, int limit);
  Async<std::optional<model::NightlyRun>> find_planless_run(std::string id);

  cassandra::Session& session_;
  cassandra::KeyedLocks locks_;
};

}  // namespace gibsey::store
