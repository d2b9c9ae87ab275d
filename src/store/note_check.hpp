#pragma once
#include "base/result.hpp"
#include "model/note.hpp"

#include <cstdint>

/// What every note store refuses, in the same words.
namespace gibsey::store {

/// For put_note, where `now` is the version that is there (0: none). Errors: invalid_argument, conflict.
Result<void> check_note(const model::Note& note, std::int64_t now);
/// For change_job. Error: conflict.
Result<void> check_revision(const model::JobState& job, std::int64_t now);

}  // namespace gibsey::store
