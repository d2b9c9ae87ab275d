#pragma once
#include "ingest/formats/marked_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::ingest {

/// What a table of contents points at.
struct ContentsLine {
  std::string label;
  std::string entry;  ///< of the archive; empty for a line that is no link
  std::string fragment;
  int depth = 0;  ///< 0 for the outermost
};

struct EpubContents {
  std::vector<ContentsLine> chapters;
  std::vector<ContentsLine> pages;  ///< printed pages
};

/// Of EPUB 3's navigation document: its nav elements "toc" and "page-list". `entry` is its own place in the archive.
[[nodiscard]] EpubContents read_nav(std::string_view xhtml, const std::string& entry);
/// Of EPUB 2's NCX: navMap and pageList.
[[nodiscard]] EpubContents read_ncx(std::string_view xml, const std::string& entry);

/// A line of a table of contents with the block that it points at.
struct ContentsPlace {
  ContentsLine line;
  std::size_t block = 0;
};
/// Which of them begin chapters: the outermost, or those below where the outermost are parts or the book's own title. Parts stand
/// before the names of their chapters, the book's title does not.
[[nodiscard]] std::vector<ChapterStart> chapter_starts(const std::vector<ContentsPlace>& places, const std::string& book_title);

}  // namespace gibsey::ingest
