#include "ingest/formats/marked_text.hpp"

#include "ingest/heading_line.hpp"
#include "ingest/headings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace gibsey::ingest {
namespace {

constexpr std::size_t kMostHeadBlocks = 3;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool is_gutenberg_line(const MarkedBlock& block, std::string_view word) {
  return block.text.size() < 300 && lower(block.text.substr(0, 40)).starts_with(word);
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

/// Whether a block at the head of a chapter says nothing that its name does not.
bool repeats_name(const MarkedBlock& block, const std::string& name) {
  const std::string words = only_letters(block.text);
  if (words.empty() || words.size() > 200) return false;
  return name.contains(words) || (block.heading > 0 && !name.empty() && words.contains(name));
}

/// Gathers blocks into chapters.
class ChapterWriter {
 public:
  void begin(std::string name, std::string title) {
    close();
    open_.name = std::move(name);
    open_.title = std::move(title);
  }
  /// A heading that is not part of the text may still have a page begin in it.
  void take_breaks(const MarkedBlock& block) {
    for (const auto& mark : block.page_breaks) open_.page_breaks.push_back({open_.paragraphs.size(), 0, mark.name});
  }
  void take(MarkedBlock block) {
    if (block.text.empty()) return take_breaks(block);
    for (auto& mark : block.page_breaks) {
      open_.page_breaks.push_back({open_.paragraphs.size(), mark.offset, std::move(mark.name)});
    }
    open_.paragraphs.push_back(std::move(block.text));
  }
  std::vector<ChapterText> finish() {
    close();
    return std::move(chapters_);
  }

 private:
  void close() {
    // The breaks of a chapter without text belong to the next one.
    std::vector<PageBreak> left;
    if (open_.paragraphs.empty()) {
      left = std::move(open_.page_breaks);
      for (PageBreak& mark : left) mark = {0, 0, std::move(mark.label)};
    } else {
      chapters_.push_back(std::move(open_));
    }
    open_ = {};
    open_.page_breaks = std::move(left);
  }

  ChapterText open_;
  std::vector<ChapterText> chapters_;
};

TextChapters front_of(MarkedText& text) {
  TextChapters result;
  result.title = std::move(text.title);
  result.author = std::move(text.author);
  result.language = std::move(text.language);
  result.notes = std::move(text.notes);
  return result;
}

void note_chapters(TextChapters& result, std::size_t found) {
  result.notes.push_back(found == 0   ? std::string("No chapter headings were found.")
                         : found == 1 ? std::string("One chapter heading was found.")
                                      : fmt::format("{} chapter headings were found.", found));
}

/// At which level of headings parts and chapters begin; 0 for none.
struct Levels {
  int part = 0;
  int chapter = 0;
};

Levels find_levels(const std::vector<MarkedBlock>& blocks) {
  std::array<int, 7> counts{};
  std::array<int, 7> parts{};
  for (const MarkedBlock& block : blocks) {
    const auto level = static_cast<std::size_t>(block.heading);
    ++counts[level];
    const auto line = block.heading > 0 ? read_heading_line(one_line(block.text)) : std::nullopt;
    if (line && line->kind == HeadingKind::part) ++parts[level];
  }
  int single = 0;
  for (std::size_t level = 1; level <= 6; ++level) {
    if (counts[level] == 1 && single == 0) single = static_cast<int>(level);
    if (counts[level] < 2) continue;
    if (parts[level] * 2 <= counts[level]) return {0, static_cast<int>(level)};
    for (std::size_t below = level + 1; below <= 6; ++below) {
      if (counts[below] > 1) return {static_cast<int>(level), static_cast<int>(below)};
    }
    return {0, static_cast<int>(level)};
  }
  return {0, single};
}

bool is_part(const MarkedBlock& block, const Levels& levels) {
  if (levels.part == 0 || block.heading != levels.part) return false;
  const auto line = read_heading_line(one_line(block.text));
  return line && line->kind == HeadingKind::part;
}

bool only_numbers(const std::string& heading) {
  const auto line = read_heading_line(heading);
  return line && line->kind != HeadingKind::named && line->title.empty();
}

TextChapters chapters_at_levels(MarkedText text, const Levels& levels) {
  TextChapters result = front_of(text);
  ChapterWriter writer;
  std::string part;
  std::size_t found = 0;
  for (std::size_t i = 0; i < text.blocks.size(); ++i) {
    MarkedBlock& block = text.blocks[i];
    const int level = block.heading;
    if (level > 0 && level < (levels.part > 0 ? levels.part : levels.chapter) && found == 0 && part.empty() &&
        result.title.empty()) {
      result.title = one_line(block.text);
      writer.take_breaks(block);
    } else if (is_part(block, levels)) {
      part = start_of_heading(i, block.text).name;
      writer.begin(part, part);
      writer.take_breaks(block);
    } else if (level > 0 && (level == levels.chapter || level == levels.part)) {
      ChapterStart start = start_of_heading(i, block.text);
      const bool title_below =
          i + 1 < text.blocks.size() && text.blocks[i + 1].heading > level && only_numbers(one_line(block.text));
      if (title_below) start = start_of_heading(i, block.text + '\n' + text.blocks[i + 1].text);
      if (level == levels.part) part.clear();
      writer.begin(part.empty() ? start.name : part + " · " + start.name, start.title);
      writer.take_breaks(block);
      ++found;
      if (title_below) writer.take_breaks(text.blocks[++i]);
    } else {
      writer.take(std::move(block));
    }
  }
  result.chapters = writer.finish();
  if (result.title.empty() && result.chapters.size() == 1) result.title = result.chapters.front().title;
  leave_out_contents(result);
  note_chapters(result, found);
  return result;
}

/// The lines of the blocks, each block apart, for the finder of plain texts; numbers tell later which block a line was in.
std::vector<Block> lines_of(const std::vector<MarkedBlock>& blocks, std::map<std::size_t, std::size_t>& block_at) {
  std::vector<Block> lines;
  std::size_t number = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string& text = blocks[i].text;
    if (text.empty()) continue;
    block_at.emplace(number, i);
    lines.push_back({{}, number});
    for (std::size_t at = 0; at <= text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      if (end > at) lines.back().lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    if (lines.back().lines.empty()) lines.pop_back();
    number += lines.empty() ? 1 : lines.back().lines.size() + 1;
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

/// The page breaks of the blocks from `first` up to `last`, for what begins with block `last`.
void pass_breaks(const std::vector<MarkedBlock>& blocks, std::size_t first, std::size_t last, ChapterWriter& writer) {
  for (; first < last; ++first) writer.take_breaks(blocks[first]);
}

TextChapters chapters_by_lines(MarkedText text) {
  std::map<std::size_t, std::size_t> block_at;
  const Chapters found = find_chapters(lines_of(text.blocks, block_at));
  TextChapters result = front_of(text);
  ChapterWriter writer;
  std::size_t next = 0;
  for (const Chapter& chapter : found.chapters) {
    writer.begin(chapter.name, chapter.title);
    for (const Block& lines : chapter.blocks) {
      const auto place = std::prev(block_at.upper_bound(lines.first_line));
      pass_breaks(text.blocks, next, place->second, writer);
      MarkedBlock block;
      block.text = joined(lines.lines);
      if (place->second >= next) {
        for (auto& mark : text.blocks[place->second].page_breaks) {
          block.page_breaks.push_back({mark.name, std::min(mark.offset, block.text.size())});
        }
      }
      next = std::max(next, place->second + 1);
      writer.take(std::move(block));
    }
  }
  result.chapters = writer.finish();
  note_chapters(result, static_cast<std::size_t>(found.headings));
  if (found.contents_lines > 0) {
    result.notes.push_back(fmt::format("A table of contents of {} lines was left out.", found.contents_lines));
  }
  return result;
}

}  // namespace

std::string only_letters(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || byte >= 0x80) result += static_cast<char>(std::tolower(byte));
  }
  return result;
}

ChapterStart start_of_heading(std::size_t block, const std::string& text) {
  const auto end = text.find('\n');
  const std::string all = one_line(text);
  if (end != text.npos) {
    const auto first = read_heading_line(std::string_view(text).substr(0, end));
    const std::string rest = one_line(text.substr(end + 1));
    if (first && first->kind != HeadingKind::named && first->title.empty()) return {block, first->label + ". " + rest, rest};
  }
  const auto line = read_heading_line(all);
  return {block, all, line && !line->title.empty() ? line->title : all};
}

bool is_contents_name(std::string_view name) {
  const std::string letters = only_letters(name);
  return letters == "contents" || letters == "tableofcontents" || letters == "inhalt" || letters == "inhaltsverzeichnis";
}

void leave_out_contents(TextChapters& text) {
  const auto is_contents = [](const ChapterText& chapter) { return is_contents_name(chapter.name); };
  if (std::ranges::count_if(text.chapters, std::not_fn(is_contents)) < 2) return;
  for (std::size_t i = 0; i + 1 < text.chapters.size(); ++i) {
    auto& breaks = text.chapters[i].page_breaks;
    if (!is_contents(text.chapters[i]) || breaks.empty()) continue;
    // What follows may still stand on the last of its pages.
    auto& next = text.chapters[i + 1].page_breaks;
    next.insert(next.begin(), {0, 0, breaks.back().label});
  }
  if (std::erase_if(text.chapters, is_contents) > 0) text.notes.emplace_back("The table of contents was left out.");
}

std::vector<std::size_t> cut_gutenberg(MarkedText& text) {
  std::vector<MarkedBlock>& blocks = text.blocks;
  std::size_t first = 0;
  std::size_t last = blocks.size();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (is_gutenberg_line(blocks[i], "*** start of th")) first = i + 1;
    if (is_gutenberg_line(blocks[i], "*** end of th")) {
      last = i;
      break;
    }
  }
  if (first >= last) first = 0;
  std::vector<std::size_t> places(blocks.size(), blocks.size());
  for (std::size_t i = first; i < last; ++i) places[i] = i - first;
  if (first == 0 && last == blocks.size()) return places;
  text.notes.emplace_back("Project Gutenberg's header and licence were left out.");
  blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(last), blocks.end());
  blocks.erase(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(first));
  return places;
}

TextChapters chapters_at(MarkedText text, const std::vector<ChapterStart>& starts) {
  TextChapters result = front_of(text);
  ChapterWriter writer;
  auto next = starts.begin();
  std::string name;
  std::size_t head = 0;
  for (std::size_t i = 0; i < text.blocks.size(); ++i) {
    for (; next != starts.end() && next->block <= i; ++next) {
      writer.begin(next->name, next->title);
      name = only_letters(next->name);
      head = kMostHeadBlocks;
    }
    MarkedBlock& block = text.blocks[i];
    if (head > 0 && repeats_name(block, name)) {
      --head;
      writer.take_breaks(block);
      continue;
    }
    // A picture's empty block does not end the head.
    if (!block.text.empty()) head = 0;
    writer.take(std::move(block));
  }
  result.chapters = writer.finish();
  leave_out_contents(result);
  const auto is_named = [](const ChapterText& chapter) { return !chapter.name.empty(); };
  note_chapters(result, static_cast<std::size_t>(std::ranges::count_if(result.chapters, is_named)));
  return result;
}

TextChapters chapters_by_headings(MarkedText text) {
  const Levels levels = find_levels(text.blocks);
  const auto of_level = std::ranges::count(text.blocks, levels.chapter, &MarkedBlock::heading);
  if (levels.chapter == 0) return chapters_by_lines(std::move(text));
  if (of_level > 1) return chapters_at_levels(std::move(text), levels);
  // One heading is the book's title; its chapters may be set as plain paragraphs.
  TextChapters by_lines = chapters_by_lines(text);
  const auto named = std::ranges::count_if(by_lines.chapters, [](const ChapterText& chapter) { return !chapter.name.empty(); });
  if (named < 2) return chapters_at_levels(std::move(text), levels);
  if (by_lines.title.empty()) {
    by_lines.title = one_line(std::ranges::find(text.blocks, levels.chapter, &MarkedBlock::heading)->text);
  }
  return by_lines;
}

}  // namespace gibsey::ingest
