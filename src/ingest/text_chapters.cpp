#include "ingest/text_chapters.hpp"

#include "ingest/gutenberg.hpp"
#include "ingest/headings.hpp"
#include "ingest/markdown.hpp"
#include "ingest/markdown_inline.hpp"
#include "ingest/paragraphs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gibsey::ingest {
namespace {

/// A piece of Markdown without blank lines inside, code fences apart.
std::vector<std::string> markdown_blocks(std::string_view markdown) {
  std::vector<std::string> blocks;
  bool open = false;
  bool in_code = false;
  for (std::size_t at = 0; at < markdown.size();) {
    const auto end = std::min(markdown.find('\n', at), markdown.size());
    const auto line = markdown.substr(at, end - at);
    at = end + 1;
    const auto first = line.find_first_not_of(" \t");
    const bool fence = first != line.npos && (line.substr(first).starts_with("```") || line.substr(first).starts_with("~~~"));
    const bool heading = !in_code && markdown_heading(line).level > 0;
    if ((first == line.npos && !in_code) || heading) open = false;
    if (first == line.npos && !in_code) continue;
    if (!open) blocks.emplace_back();
    if (!blocks.back().empty()) blocks.back() += '\n';
    blocks.back() += line;
    if (fence) in_code = !in_code;
    open = !heading;
  }
  return blocks;
}

/// The level at which chapters begin, 0 when there are no headings.
int chapter_level(const std::vector<std::string>& blocks) {
  std::array<int, 7> counts{};
  for (const std::string& block : blocks) ++counts[static_cast<std::size_t>(markdown_heading(block).level)];
  int single = 0;
  for (int level = 1; level <= 6; ++level) {
    if (counts[static_cast<std::size_t>(level)] > 1) return level;
    if (counts[static_cast<std::size_t>(level)] == 1 && single == 0) single = level;
  }
  return single;
}

}  // namespace

TextChapters chapters_of_text(std::string_view text) {
  GutenbergText book = cut_gutenberg(text);
  TextChapters result;
  result.title = std::move(book.title);
  result.author = std::move(book.author);
  result.language = std::move(book.language);
  if (book.cut) result.notes.emplace_back("Project Gutenberg's header and licence were left out.");
  std::vector<Block> blocks = split_blocks(book.text);
  const std::size_t width = wrap_width(blocks);
  const Chapters found = find_chapters(std::move(blocks));
  for (const Chapter& chapter : found.chapters) {
    ChapterText made{chapter.name, chapter.title, {}, {}};
    for (const Block& block : chapter.blocks) {
      for (std::string& paragraph : paragraphs_of(block, width)) made.paragraphs.push_back(std::move(paragraph));
    }
    result.chapters.push_back(std::move(made));
  }
  if (found.headings > 0) result.notes.push_back(fmt::format("{} chapter headings were found.", found.headings));
  if (found.headings == 0) result.notes.emplace_back("No chapter headings were found.");
  if (found.contents_lines > 0) {
    result.notes.push_back(fmt::format("A table of contents of {} lines was left out.", found.contents_lines));
  }
  return result;
}

TextChapters chapters_of_markdown(std::string_view markdown) {
  const std::vector<std::string> blocks = markdown_blocks(markdown);
  const int level = chapter_level(blocks);
  TextChapters result;
  ChapterText open;
  const auto close = [&] {
    if (!open.paragraphs.empty()) result.chapters.push_back(std::move(open));
    open = {};
  };
  for (const std::string& block : blocks) {
    const MarkdownHeading heading = markdown_heading(block);
    const std::string words = markdown_inline(heading.text);
    if (heading.level > 0 && heading.level < level && result.title.empty() && result.chapters.empty()) {
      result.title = words;
    } else if (heading.level > 0 && heading.level == level) {
      close();
      open.name = words;
      open.title = words;
    } else if (std::string text = markdown_to_text(block); !text.empty()) {
      open.paragraphs.push_back(std::move(text));
      open.source.push_back(block);
    }
  }
  close();
  if (result.title.empty() && result.chapters.size() == 1) result.title = result.chapters.front().title;
  return result;
}

}  // namespace gibsey::ingest
