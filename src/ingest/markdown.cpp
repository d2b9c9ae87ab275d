#include "ingest/markdown.hpp"

#include "ingest/markdown_inline.hpp"
#include "ingest/paragraphs.hpp"

#include <algorithm>
#include <cctype>

namespace gibsey::ingest {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") + 1 - first);
}

/// ***, - - -, ___ alone on a line.
bool is_rule(std::string_view line) {
  line = trimmed(line);
  if (line.empty() || !std::string_view("*-_").contains(line.front())) return false;
  std::size_t marks = 0;
  for (const char c : line) {
    if (c != line.front() && c != ' ' && c != '\t') return false;
    if (c == line.front()) ++marks;
  }
  return marks >= 3;
}

/// ===== or ----- below a line makes a heading of it.
bool is_underline(std::string_view line) {
  line = trimmed(line);
  return !line.empty() && (line.find_first_not_of('=') == line.npos || line.find_first_not_of('-') == line.npos);
}

bool is_fence(std::string_view line) {
  line = trimmed(line);
  return line.starts_with("```") || line.starts_with("~~~");
}

std::string_view without_quote_marks(std::string_view line) {
  for (;;) {
    const auto text = trimmed(line);
    if (!text.starts_with('>')) return line;
    line = text.substr(1);
    if (line.starts_with(' ')) line.remove_prefix(1);
  }
}

/// The line behind "- ", "* " or "+ "; `found` says whether there was one. A number stays: it is part of what is read.
std::string_view without_bullet(std::string_view line, bool& found) {
  const auto text = trimmed(line);
  found = text.size() > 1 && std::string_view("-*+").contains(text[0]) && (text[1] == ' ' || text[1] == '\t');
  return found ? trimmed(text.substr(1)) : line;
}

bool is_numbered(std::string_view line) {
  const auto text = trimmed(line);
  std::size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits])) != 0) ++digits;
  return digits > 0 && digits < 10 && digits + 1 < text.size() && (text[digits] == '.' || text[digits] == ')') &&
         text[digits + 1] == ' ';
}

/// Collects paragraphs of plain text.
class TextWriter {
 public:
  explicit TextWriter(std::size_t width) : width_(width) {}

  void line(std::string_view line) { open_.lines.emplace_back(line); }
  void verbatim(std::string_view line) { add(std::string(line), "\n"); }
  void close() {
    if (open_.lines.empty()) return;
    mark_hard_breaks();
    for (const std::string& paragraph : paragraphs_of(open_, width_)) add(markdown_inline(paragraph), separator_);
    open_.lines.clear();
    separator_ = "\n\n";
  }
  void item() {
    close();
    separator_ = in_list_ ? "\n" : "\n\n";
    in_list_ = true;
  }
  void end_list() { in_list_ = false; }
  void heading(const std::string& text) {
    close();
    add(markdown_inline(text), "\n\n");
  }
  std::string finish() {
    close();
    return std::move(text_);
  }

 private:
  /// Two spaces at the end of a line have been cut off by now; a backslash there is seen by markdown_inline, given the line
  /// break.
  void mark_hard_breaks() {
    for (std::size_t i = 0; i + 1 < open_.lines.size(); ++i) {
      if (!open_.lines[i].ends_with("\\")) continue;
      open_.lines[i] += '\n' + open_.lines[i + 1];
      open_.lines.erase(open_.lines.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      --i;
    }
  }

  void add(const std::string& words, std::string_view separator) {
    const auto visible = trimmed(words);
    if (visible.empty()) return;
    if (!text_.empty()) text_ += separator;
    text_ += visible;
  }

  std::size_t width_;
  Block open_;
  std::string text_;
  std::string_view separator_ = "\n\n";
  bool in_list_ = false;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

MarkdownHeading markdown_heading(std::string_view line) {
  const auto text = trimmed(line);
  std::size_t level = 0;
  while (level < text.size() && text[level] == '#') ++level;
  if (level == 0 || level > 6 || (level < text.size() && text[level] != ' ' && text[level] != '\t')) return {};
  auto words = trimmed(text.substr(level));
  const auto last = words.find_last_not_of('#');
  if (last == words.npos) return {};
  if (last + 1 < words.size() && words[last] == ' ') words = trimmed(words.substr(0, last));
  return {static_cast<int>(level), std::string(words)};
}

std::string markdown_to_text(std::string_view markdown) {
  TextWriter writer(wrap_width(split_blocks(markdown)));
  const auto lines = lines_of(markdown);
  bool in_code = false;
  bool has_open_line = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = without_quote_marks(lines[i]);
    const auto visible = trimmed(line);
    if (is_fence(line)) {
      writer.close();
      in_code = !in_code;
      has_open_line = false;
    } else if (in_code) {
      writer.verbatim(line);
    } else if (visible.empty()) {
      writer.close();
      writer.end_list();
      has_open_line = false;
    } else if (const MarkdownHeading heading = markdown_heading(line); heading.level > 0) {
      writer.heading(heading.text);
      has_open_line = false;
    } else if (has_open_line && is_underline(line)) {
      writer.close();
      has_open_line = false;
    } else if (is_rule(line)) {
      writer.close();
      has_open_line = false;
    } else {
      bool bullet = false;
      const std::string_view text = without_bullet(line, bullet);
      if (bullet || is_numbered(line)) writer.item();
      const bool hard_break = line.ends_with("  ") && i + 1 < lines.size() && !trimmed(lines[i + 1]).empty();
      writer.line(hard_break ? std::string(trimmed(text)) + "\\"
                             : std::string(bullet ? text : line.substr(0, line.find_last_not_of(" \t") + 1)));
      has_open_line = true;
    }
  }
  return writer.finish();
}

}  // namespace gibsey::ingest
