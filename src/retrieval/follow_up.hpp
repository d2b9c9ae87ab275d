#pragma once
#include "retrieval/passage_finder.hpp"
#include "retrieval/text_index.hpp"

#include <span>
#include <string>
#include <string_view>

namespace gibsey::retrieval {

/// Whether a question points back to what was said before it: it has no more than two content words, and has none at all ("Why
/// not?"), a pronoun for somebody or something, or a start that goes on (an ellipsis, "And ..."). One that quotes a line does
/// not, nor one with words that the book lacks and no such sign: it is about something else. The words looked for are English:
/// in a book in another language nothing points back.
[[nodiscard]] bool leans_on_earlier(std::string_view question, std::string_view language);

/// The newest of `earlier` (newest first) that says by itself what it is about; the oldest where none does; "" for none.
[[nodiscard]] std::string subject_of(std::span<const std::string> earlier, std::string_view language);

/// What a question is about where it only points back to those before it; "" where it speaks for itself.
[[nodiscard]] std::string subject_of(const Query& query, std::string_view language);

/// Adds what the subject says of every passage and page, at a lower weight than the question's own words. Its word pairs do not
/// count: nobody quotes a line by pointing back to it.
void add_subject(TextScores& scores, const TextScores& subject);

}  // namespace gibsey::retrieval
