#include "store/note_check.hpp"

#include <fmt/format.h>

namespace gibsey::store {

Result<void> check_note(const model::Note& note, std::int64_t now) {
  if (note.id.empty() || note.world.empty() || note.members.empty())
    return fail(ErrorCode::invalid_argument, "a note needs an id, a world and passages that it is about");
  if (note.version == now + 1) return {};
  return fail(ErrorCode::conflict,
              now == 0 ? fmt::format("there is no note {} that version {} could follow", note.id, note.version)
                       : fmt::format("the note {} has version {} by now; read it again and decide anew", note.id, now));
}

Result<void> check_revision(const model::JobState& job, std::int64_t now) {
  if (job.revision == now) return {};
  return fail(ErrorCode::conflict, fmt::format("the job {} was taken by another node", job.name));
}

}  // namespace gibsey::store
