#include "store/memory/note_store.hpp"

#include "store/note_check.hpp"

#include <algorithm>

namespace gibsey::store {

Async<void> MemoryNoteStore::put_note(model::Note note) {
  const std::lock_guard lock(mutex_);
  const auto found = notes_.find(note.id);
  GIBSEY_CO_CHECK(check_note(note, found == notes_.end() ? 0 : found->second.back().version));
  if (note.created == 0) note.created = unix_millis_now();
  note.retired = false;
  auto& versions = notes_[note.id];
  versions.push_back(std::move(note));
  co_return Result<void>();
}

Async<void> MemoryNoteStore::retire_note(std::string id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = notes_.find(id); found != notes_.end()) found->second.back().retired = true;
  co_return Result<void>();
}

Async<std::optional<model::Note>> MemoryNoteStore::find_note(std::string id) {
  const std::lock_guard lock(mutex_);
  const auto found = notes_.find(id);
  co_return found == notes_.end() ? std::optional<model::Note>() : found->second.back();
}

Async<std::optional<model::Note>> MemoryNoteStore::find_note_version(std::string id, std::int64_t version) {
  const std::lock_guard lock(mutex_);
  const auto found = notes_.find(id);
  if (found == notes_.end() || version < 1 || version > static_cast<std::int64_t>(found->second.size()))
    co_return std::optional<model::Note>();
  co_return found->second[static_cast<std::size_t>(version - 1)];
}

Async<std::vector<model::Note>> MemoryNoteStore::list_note_versions(std::string id) {
  const std::lock_guard lock(mutex_);
  const auto found = notes_.find(id);
  auto versions = found == notes_.end() ? std::vector<model::Note>() : found->second;
  for (auto& version : versions) {
    version.sentences.clear();
    version.members.clear();
  }
  co_return versions;
}

Async<std::vector<model::Note>> MemoryNoteStore::list_notes(std::string world, std::string after, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<model::Note> notes;
  for (auto at = notes_.upper_bound(after); at != notes_.end() && std::cmp_less(notes.size(), limit); ++at) {
    const auto& note = at->second.back();
    if (note.world == world && !note.retired) notes.push_back(note);
  }
  co_return notes;
}

Async<std::vector<model::Note>> MemoryNoteStore::notes_of_page(std::string world, std::string page_id) {
  const std::lock_guard lock(mutex_);
  std::vector<model::Note> notes;
  for (const auto& [id, versions] : notes_) {
    const auto& note = versions.back();
    if (note.world != world || note.retired) continue;
    if (std::ranges::find(note.members, page_id, &model::NoteMember::page_id) != note.members.end()) notes.push_back(note);
  }
  co_return notes;
}

Async<void> MemoryNoteStore::put_run(model::NightlyRun run) {
  const std::lock_guard lock(mutex_);
  auto& stored = runs_[run.id];
  stored = std::move(run);
  co_return Result<void>();
}

Async<std::optional<model::NightlyRun>> MemoryNoteStore::find_run(std::string id) {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(id);
  co_return found == runs_.end() ? std::optional<model::NightlyRun>() : found->second;
}

Async<std::vector<model::NightlyRun>> MemoryNoteStore::list_runs(int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<model::NightlyRun> runs;
  for (const auto& [id, run] : runs_) runs.push_back(run);
  std::ranges::sort(runs, std::greater(), [](const auto& run) { return std::pair(run.started, run.id); });
  if (std::cmp_greater(runs.size(), limit)) runs.resize(static_cast<std::size_t>(std::max(limit, 0)));
  for (auto& run : runs) run.plan.clear();
  co_return runs;
}

Async<model::JobState> MemoryNoteStore::find_job(std::string name) {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(name);
  co_return found == jobs_.end() ? model::JobState{.name = name} : found->second;
}

Async<model::JobState> MemoryNoteStore::change_job(model::JobState job) {
  const std::lock_guard lock(mutex_);
  auto& stored = jobs_[job.name];
  GIBSEY_CO_CHECK(check_revision(job, stored.revision));
  ++job.revision;
  stored = job;
  co_return job;
}

}  // namespace gibsey::store
