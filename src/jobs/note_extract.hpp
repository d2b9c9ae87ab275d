#pragma once
#include "jobs/note_source.hpp"

#include <span>
#include <string>
#include <vector>

namespace gibsey::jobs {

/// A sentence of the book that a note could take over.
struct ExtractSentence {
  std::size_t source = 0;  ///< its passage's index
  std::string text;        ///< as it stands there, a line break made a space
  int words = 0;
  bool leans = false;         ///< begins with a word that means the sentence before it ("He", "But")
  std::vector<float> vector;  ///< empty: there is none
};

/// The sentences of the passages that can stand by themselves: whole, no heading, no half of what somebody says; in order.
[[nodiscard]] std::vector<ExtractSentence> extract_candidates(std::span<const NoteSource> sources, const std::string& language);

/// The sentences that say most of what the passages say, in the book's order, `least` to `most` words where there are so many:
/// near the centre of all, unlike each other, from every page that has one. Deterministic. Without vectors by the words that the
/// passages have most.
[[nodiscard]] std::vector<model::NoteSentence> extract_note(std::span<const NoteSource> sources,
                                                            const std::vector<ExtractSentence>& candidates,
                                                            const std::string& language, int least = 100, int most = 250);

}  // namespace gibsey::jobs
