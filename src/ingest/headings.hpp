#pragma once
#include "ingest/paragraphs.hpp"

#include <string>
#include <vector>

namespace gibsey::ingest {

/// A stretch of a book under one heading.
struct Chapter {
  std::string name;   ///< heading and title, the part before them where there is one: "PART ONE · 1. The Old Sea-dog"
  std::string title;  ///< the title alone, else the heading; empty for what stands before the first one
  std::vector<Block> blocks;
};

struct Chapters {
  std::vector<Chapter> chapters;  ///< in order; those without any text are left out
  int headings = 0;               ///< of chapters, parts not counted
  int parts = 0;
  int contents_lines = 0;  ///< lines of a table of contents, which are left out
};

/// Finds the chapters of a plain text. Numbers alone, or with a title, count as headings when they run 1, 2, 3 ... through most
/// of the book. A table of contents is recognised by headings without text between them that come again later, or by its name.
[[nodiscard]] Chapters find_chapters(std::vector<Block> blocks);

}  // namespace gibsey::ingest
