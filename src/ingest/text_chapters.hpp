#pragma once
#include "ingest/paging.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::ingest {

/// A book's text as chapters, and what its file says about it.
struct TextChapters {
  std::vector<ChapterText> chapters;
  std::string title;
  std::string author;
  std::string language;
  std::vector<std::string> notes;
};

/// Of a plain text: Project Gutenberg's frame cut off, chapters found, hard-wrapped lines joined.
[[nodiscard]] TextChapters chapters_of_text(std::string_view text);
/// Of Markdown: the headings of the highest level that comes more than once begin chapters; a single one before them is the
/// title.
[[nodiscard]] TextChapters chapters_of_markdown(std::string_view markdown);

}  // namespace gibsey::ingest
