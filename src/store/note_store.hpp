#pragma once
#include "model/note.hpp"
#include "store/store_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::store {

/// What the book writes about itself, the runs that write it, and whose turn it is. Every write is one conditional write, atomic
/// and durable when it returns. Errors: unavailable, corrupt, and those named. Safe to call concurrently.
class NoteStore {
 public:
  virtual ~NoteStore() = default;

  /// Writes version `note.version` of a note, which must follow the one that is there (1 for a new one): conflict when it does
  /// not. Older versions stay readable. `created` is now where it is 0. invalid_argument: no id, world or members.
  virtual Async<void> put_note(model::Note note) = 0;
  /// Takes a note out of the lists; its versions stay readable. A later put_note brings it back. Nothing to do, and no error,
  /// where it is not there.
  virtual Async<void> retire_note(std::string id) = 0;
  virtual Async<std::optional<model::Note>> find_note(std::string id) = 0;
  virtual Async<std::optional<model::Note>> find_note_version(std::string id, std::int64_t version) = 0;
  /// All of a note's, oldest first, without their sentences and members; empty for one that never was.
  virtual Async<std::vector<model::Note>> list_note_versions(std::string id) = 0;
  /// Those of a world that are not retired, by id, behind `after`, at most `limit`.
  virtual Async<std::vector<model::Note>> list_notes(std::string world, std::string after, int limit) = 0;
  /// Those among them that are about a page.
  virtual Async<std::vector<model::Note>> notes_of_page(std::string world, std::string page_id) = 0;

  /// Inserts or replaces a run: only the node that holds the job writes it.
  virtual Async<void> put_run(model::NightlyRun run) = 0;
  virtual Async<std::optional<model::NightlyRun>> find_run(std::string id) = 0;
  /// Newest first, without their plans, at most `limit`.
  virtual Async<std::vector<model::NightlyRun>> list_runs(int limit) = 0;

  /// The job's row; one with revision 0 where there is none.
  virtual Async<model::JobState> find_job(std::string name) = 0;
  /// Writes the row if its revision is still `job.revision`, and raises that by one; the answer is the row as it is now.
  /// conflict: another node was faster.
  virtual Async<model::JobState> change_job(model::JobState job) = 0;
};

}  // namespace gibsey::store
