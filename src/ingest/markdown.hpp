#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::ingest {

/// The words of a piece of Markdown as a reader sees them: without marks for headings, emphasis, links, images, lists,
/// quotations, rules, code and HTML; entities and escapes resolved; paragraphs parted by a blank line. A line break inside a
/// paragraph becomes a space unless it is a hard one or the lines are short, as in verse.
[[nodiscard]] std::string markdown_to_text(std::string_view markdown);

/// A heading of Markdown: level 1 to 6, 0 when the line is none.
struct MarkdownHeading {
  int level = 0;
  std::string text;
};
[[nodiscard]] MarkdownHeading markdown_heading(std::string_view line);

}  // namespace gibsey::ingest
