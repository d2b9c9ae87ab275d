#pragma once
#include "ingest/text_chapters.hpp"

#include <string>
#include <vector>

namespace gibsey::ingest {

/// A paragraph or heading of a book whose form tells the two apart (HTML, DOCX), or leaves it open (PDF).
struct MarkedBlock {
  struct Anchor {
    std::string name;
    std::size_t offset = 0;  ///< bytes into text
  };
  std::string text;                 ///< plain; line feeds only where the book has a break
  int heading = 0;                  ///< 1 to 6, 0 for a paragraph
  std::vector<Anchor> anchors;      ///< what a link or a table of contents may point at, in order
  std::vector<Anchor> page_breaks;  ///< name is the label of the page that begins there
};

struct MarkedText {
  std::vector<MarkedBlock> blocks;
  std::string title;
  std::string author;
  std::string language;  ///< ISO 639-1
  std::vector<std::string> notes;
};

/// Where a chapter begins, as a book's own table of contents says. A `block` past the end is no place.
struct ChapterStart {
  std::size_t block = 0;
  std::string name;
  std::string title;
};

/// Cuts off what stands outside "*** START OF ..." and "*** END OF ..." of Project Gutenberg. Gives, for each block of before,
/// its place now; blocks that went have the size of all as theirs.
std::vector<std::size_t> cut_gutenberg(MarkedText& text);

/// Chapters at the given starts, which must rise. Headings at the head of a chapter that only repeat its name are left out.
[[nodiscard]] TextChapters chapters_at(MarkedText text, const std::vector<ChapterStart>& starts);

/// Chapters by headings: those of the highest level that comes more than once, or the level below where that one's are parts; a
/// single one before them is the title. Without headings the text's lines are asked, as a plain text's are.
[[nodiscard]] TextChapters chapters_by_headings(MarkedText text);

/// "Contents" and the like.
[[nodiscard]] bool is_contents_name(std::string_view name);
/// Leaves out chapters that are tables of contents by their name, where there are others.
void leave_out_contents(TextChapters& text);

/// "CHAPTER I.\nDown the Rabbit-Hole" as name and title of a chapter.
[[nodiscard]] ChapterStart start_of_heading(std::size_t block, const std::string& text);

/// The letters and digits of a text in lower case, for "the same words" however they are set.
[[nodiscard]] std::string only_letters(std::string_view text);

}  // namespace gibsey::ingest
