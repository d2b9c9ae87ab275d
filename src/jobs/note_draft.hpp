#pragma once
#include "model/note.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::jobs {

/// A sentence as a model wrote it.
struct DraftSentence {
  std::string text;                 ///< without its citations, marks of lists and emphasis
  std::vector<std::string> labels;  ///< of the pages that it cites, in order
};

/// The sentences of a model's note. A citation is [p. 12], [pp. 12, 13], [12-14] or (p. 12); one behind a sentence's full stop
/// belongs to that sentence.
[[nodiscard]] std::vector<DraftSentence> read_draft(std::string_view reply, const std::string& language);

/// "It rains. [p. 1] The wind rises. [p. 1, 2]"
[[nodiscard]] std::string note_text(const std::vector<model::NoteSentence>& sentences);
[[nodiscard]] int count_words(std::string_view text);

}  // namespace gibsey::jobs
