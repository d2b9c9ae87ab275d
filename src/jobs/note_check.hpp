#pragma once
#include <set>
#include <string>
#include <string_view>

namespace gibsey::jobs {

/// Why a sentence of a note is dropped.
enum class NoteFlaw {
  none,
  page,       ///< it cites a page that it was not shown
  length,     ///< fewer than 4 words or more than 60, or no whole sentence
  voice,      ///< it speaks of a reader, a text or itself instead of the book
  quotation,  ///< what it puts between quotation marks is not in its pages
  name,       ///< a name that is not in its pages
  number,     ///< a number that is not in its pages
  words,      ///< too few of its words are in its pages
  meaning,    ///< it is about something else than its pages
  repeated,   ///< a sentence before it says the same
};
[[nodiscard]] const char* to_string(NoteFlaw flaw);

/// What a sentence must have in common with its pages; docs/decisions/0017 has the figures by which these were chosen.
struct NoteBars {
  float cosine = 0.35F;   ///< with the nearest passage of its pages, on the scale of retrieval::CosineScale
  float support = 0.25F;  ///< share of its content words that its pages have, by stems
};

/// Words of a book that are not always names: those that it has in small letters. What begins a sentence with a capital is no
/// name if it is among them.
using SmallWords = std::set<std::string>;
void add_small_words(std::string_view text, SmallWords& words);

/// Whether the words of a sentence hold against the text of the pages that it cites: its length, its voice, what it quotes, its
/// names, its numbers, and how many of its words are there. Pure.
[[nodiscard]] NoteFlaw check_words(std::string_view sentence, std::string_view cited, const SmallWords& small_words,
                                   const std::string& language, const NoteBars& bars = {});
/// Share of the sentence's content words whose stems the text has, 0 to 1; 1 for a sentence without any.
[[nodiscard]] float support_of(std::string_view sentence, std::string_view cited, const std::string& language);

}  // namespace gibsey::jobs
