#pragma once
#include "model/page.hpp"

#include <string>
#include <vector>

namespace gibsey::retrieval {

/// What retrieval needs of a page.
struct Chunks {
  std::vector<model::Passage> passages;       ///< in order; they do not overlap and hold every sentence
  std::vector<model::QuoteCandidate> quotes;  ///< in order of passage, then start
};

/// Cuts a page. Passages lie on sentence bounds, 60 to 160 words each where the page is that long (a sentence of more than 160
/// words is cut between clauses). Quote candidates have fewer than 40 words and lie inside one passage and one paragraph: two
/// sentences that follow each other (8 words or more), one sentence (5 or more), a clause of a longer sentence (6 or more). They
/// hold no half of a pair of quotation marks or parentheses and are not headings; a page that would have none else gets what it
/// has. A page with any word has at least one candidate. Everything is verbatim: text == page.text[start, end).
[[nodiscard]] Chunks cut_page(const model::Page& page, const std::string& language);

/// Whether quotation marks and parentheses in `text` close what they open. Apostrophes are told from single quotation marks.
[[nodiscard]] bool has_balanced_marks(std::u32string_view text);

}  // namespace gibsey::retrieval
