#pragma once
#include "model/page.hpp"

#include <string>
#include <vector>

namespace gibsey::ingest {

/// Where a printed page begins: in front of byte `offset` of a paragraph.
struct PageBreak {
  std::size_t paragraph = 0;
  std::size_t offset = 0;
  std::string label;  ///< as printed, "12" or "xiv"
};

/// A chapter ready to be paged. `source` is empty or has the Markdown of each paragraph.
struct ChapterText {
  std::string name;
  std::string title;
  std::vector<std::string> paragraphs;
  std::vector<std::string> source;
  std::vector<PageBreak> page_breaks = {};  ///< in order; empty where the book has no pages of its own
};

/// Cuts chapters into pages of about 300 words on paragraph bounds, 150 to 450 where the paragraphs allow it; a longer paragraph
/// is cut on sentence bounds; no page spans chapters. Where a page ends depends on the paragraphs near it alone, so that a change
/// in a book moves few bounds. Ids are "001", "002" ... with as many digits as the last one needs, labels the same without zeros.
/// Chapters with page breaks are cut there instead (printed_pages.hpp).
[[nodiscard]] std::vector<model::PageContent> make_pages(const std::vector<ChapterText>& chapters, const std::string& world,
                                                         const std::string& language);

}  // namespace gibsey::ingest
