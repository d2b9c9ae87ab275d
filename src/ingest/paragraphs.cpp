#include "ingest/paragraphs.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <cctype>

namespace gibsey::ingest {
namespace {

// A text with longer lines than this does not break them for width.
constexpr std::size_t kWidestWrap = 140;
constexpr std::size_t kShortLine = 60;

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first == line.npos ? std::string_view() : line.substr(first);
}

std::size_t indent_of(std::string_view line) {
  return line.size() - trimmed(line).size();
}

std::size_t first_word_length(std::string_view line) {
  const auto text = trimmed(line);
  return utf8::length(text.substr(0, text.find_first_of(" \t")));
}

using Lines = std::vector<std::string>;
using LineAt = Lines::const_iterator;

/// Whether the lines were broken because the next word did not fit. Verse breaks where it would have.
bool is_wrapped(LineAt first, LineAt last, std::size_t width) {
  if (last - first < 2) return true;
  // Parts of a file may be wrapped at another width; a block that comes near the usual one shows its own.
  std::size_t longest = 0;
  for (auto line = first; line != last; ++line) longest = std::max(longest, utf8::length(*line));
  if (longest * 10 >= width * 8) width = std::min(width, longest);
  std::size_t full = 0;
  std::size_t breaks = 0;
  for (auto line = first; line + 1 != last; ++line) {
    ++breaks;
    if (utf8::length(*line) + 1 + first_word_length(*(line + 1)) + 4 > width) ++full;
  }
  return full * 3 >= breaks * 2;
}

std::string join_wrapped(LineAt first, LineAt last) {
  std::string paragraph;
  for (auto line = first; line != last; ++line) {
    const auto text = trimmed(*line);
    const bool hyphen = paragraph.size() > 1 && paragraph.back() == '-' && paragraph[paragraph.size() - 2] != '-';
    const bool joins = hyphen && std::isalpha(static_cast<unsigned char>(paragraph[paragraph.size() - 2])) != 0 &&
                       !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0;
    if (!paragraph.empty() && !joins) paragraph += ' ';
    paragraph += text;
  }
  return paragraph;
}

std::string keep_lines(LineAt first, LineAt last) {
  std::size_t indent = std::string::npos;
  for (auto line = first; line != last; ++line) indent = std::min(indent, indent_of(*line));
  std::string paragraph;
  for (auto line = first; line != last; ++line) {
    if (line != first) paragraph += '\n';
    paragraph += std::string_view(*line).substr(indent);
  }
  return paragraph;
}

}  // namespace

std::vector<Block> split_blocks(std::string_view text) {
  std::vector<Block> blocks;
  bool open = false;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const auto end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    const auto last = line.find_last_not_of(" \t");
    at = end + 1;
    if (last == line.npos) {
      open = false;
      continue;
    }
    if (!open) blocks.push_back({{}, number});
    open = true;
    blocks.back().lines.emplace_back(line.substr(0, last + 1));
  }
  return blocks;
}

std::size_t wrap_width(const std::vector<Block>& blocks) {
  std::vector<std::size_t> lengths;
  for (const Block& block : blocks) {
    for (std::size_t i = 0; i + 1 < block.lines.size(); ++i) lengths.push_back(utf8::length(block.lines[i]));
  }
  if (lengths.empty()) return 0;
  const auto at = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() * 9 / 10);
  std::ranges::nth_element(lengths, at);
  return *at;
}

std::vector<std::string> paragraphs_of(const Block& block, std::size_t width) {
  std::vector<std::string> paragraphs;
  const Lines& lines = block.lines;
  if (width > kWidestWrap) {
    const bool all_short = std::ranges::all_of(lines, [](const std::string& line) { return utf8::length(line) <= kShortLine; });
    if (lines.size() > 1 && all_short) return {keep_lines(lines.begin(), lines.end())};
    for (const std::string& line : lines) paragraphs.emplace_back(trimmed(line));
    return paragraphs;
  }
  if (!is_wrapped(lines.begin(), lines.end(), width)) return {keep_lines(lines.begin(), lines.end())};
  auto start = lines.begin();
  for (auto line = lines.begin() + 1; line != lines.end(); ++line) {
    if (indent_of(*line) < 2 || indent_of(*(line - 1)) >= indent_of(*line)) continue;
    paragraphs.push_back(join_wrapped(start, line));
    start = line;
  }
  paragraphs.push_back(join_wrapped(start, lines.end()));
  return paragraphs;
}

}  // namespace gibsey::ingest
