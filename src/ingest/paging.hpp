#pragma once
#include "model/page.hpp"

#include <string>
#include <vector>

namespace gibsey::ingest {

/// A chapter ready to be paged. `source` is empty or has the Markdown of each paragraph.
struct ChapterText {
  std::string name;
  std::string title;
  std::vector<std::string> paragraphs;
  std::vector<std::string> source;
};

/// Cuts chapters into pages of about 300 words on paragraph bounds, 150 to 450 where the paragraphs allow it; a longer paragraph
/// is cut on sentence bounds; no page spans chapters. Where a page ends depends on the paragraphs near it alone, so that a change
/// in a book moves few bounds. Ids are "001", "002" ... with as many digits as the last one needs, labels the same without zeros.
[[nodiscard]] std::vector<model::PageContent> make_pages(const std::vector<ChapterText>& chapters, const std::string& world,
                                                         const std::string& language);

}  // namespace gibsey::ingest
