#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::ingest {

/// How a line says that it is a heading.
enum class HeadingKind {
  part,      ///< "BOOK TWO", "PART ONE--The Old Buccaneer"
  chapter,   ///< "CHAPTER I.", "Letter 4", "CHAPTER THE FIRST", "ADVENTURE I. ..."
  named,     ///< "Prologue", "Introduction"
  numbered,  ///< "I. A SCANDAL IN BOHEMIA", "1.  The Cyclone": only in a sequence
  number,    ///< "IV." or "12" alone on a line: only in a sequence
};

struct HeadingLine {
  HeadingKind kind = HeadingKind::chapter;
  int number = 0;     ///< 0 for a named one
  std::string label;  ///< the line without the title: "CHAPTER I"
  std::string title;  ///< what follows on the line, may be empty
};

/// Reads a line that may be a heading. Lines of prose that begin like one ("Part of him") give nothing.
[[nodiscard]] std::optional<HeadingLine> read_heading_line(std::string_view line);

/// Whether a line reads like a title: short, its longer words capitalised, no digits, no quotation mark in front.
[[nodiscard]] bool is_title_like(std::string_view line);

}  // namespace gibsey::ingest
