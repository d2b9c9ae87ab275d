#pragma once
#include "ingest/paging.hpp"

namespace gibsey::ingest {

/// The pages that a book was printed in: one ends where the next label begins, in the midst of a sentence if it must, never in
/// the midst of a word. Where a chapter begins on a page that has begun, both parts have the page's label; so have the parts of
/// one that is too long for a page (over 1,000 words), which is cut as make_pages does. The id is the label, a number with
/// zeros in front ("012", "xiv"), "front" for what stands before the first label; a label that comes again gives "012-2".
[[nodiscard]] std::vector<model::PageContent> make_printed_pages(const std::vector<ChapterText>& chapters,
                                                                 const std::string& world, const std::string& language);

}  // namespace gibsey::ingest
