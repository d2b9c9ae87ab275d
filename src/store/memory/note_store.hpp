#pragma once
#include "store/note_store.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace gibsey::store {

/// Notes in memory, gone with the object: for tests. Never suspends.
class MemoryNoteStore final : public NoteStore {
 public:
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
  std::mutex mutex_;
  std::map<std::string, std::vector<model::Note>> notes_;  ///< by id, the versions from the first on
  std::map<std::string, model::NightlyRun> runs_;
  std::map<std::string, model::JobState> jobs_;
};

}  // namespace gibsey::store
