#include "ingest/formats/pdf_pages.hpp"

#include "base/utf8.hpp"
#include "ingest/heading_line.hpp"
#include "ingest/paragraphs.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>

namespace gibsey::ingest {
namespace {

constexpr int kLeastNumbered = 3;
constexpr std::size_t kLeastRepeated = 3;
constexpr std::size_t kMostDigits = 5;
constexpr std::size_t kLongestHead = 80;

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first == line.npos ? std::string_view() : line.substr(first, line.find_last_not_of(" \t") + 1 - first);
}

std::vector<std::string> lines_of(std::string_view page) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < page.size();) {
    const auto end = std::min(page.find('\n', at), page.size());
    lines.emplace_back(trimmed(page.substr(at, end - at)));
    at = end + 1;
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  while (!lines.empty() && lines.front().empty()) lines.erase(lines.begin());
  return lines;
}

int roman_value(std::string_view text) {
  static constexpr std::string_view kDigits = "ivxlcdm";
  static constexpr std::array<int, 7> kValues = {1, 5, 10, 50, 100, 500, 1000};
  int value = 0;
  int last = 0;
  for (std::size_t i = text.size(); i > 0; --i) {
    const auto digit = kDigits.find(text[i - 1]);
    if (digit == kDigits.npos) return 0;
    const int worth = kValues[digit];
    value += worth < last ? -worth : worth;
    last = std::max(last, worth);
  }
  return value;
}

std::string roman_of(int number) {
  static constexpr std::array<std::pair<int, const char*>, 9> kTable = {
      {{100, "c"}, {90, "xc"}, {50, "l"}, {40, "xl"}, {10, "x"}, {9, "ix"}, {5, "v"}, {4, "iv"}, {1, "i"}}};
  std::string text;
  for (const auto& [worth, digits] : kTable) {
    for (; number >= worth; number -= worth) text += digits;
  }
  return text;
}

/// A number that a line at a page's edge begins or ends with, and the words beside it.
struct EdgeNumber {
  int value = 0;
  bool roman = false;
  std::string rest;  ///< the letters of the line without the number
};

bool only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

std::optional<EdgeNumber> number_in(std::string_view word, std::string_view rest) {
  static constexpr std::string_view kAround = "-–—[](). ";
  while (!word.empty() && kAround.contains(word.front())) word.remove_prefix(1);
  while (!word.empty() && kAround.contains(word.back())) word.remove_suffix(1);
  // "12/300"
  if (const auto slash = word.find('/'); slash != word.npos && only_digits(word.substr(slash + 1))) word = word.substr(0, slash);
  if (word.empty() || word.size() > kMostDigits + 3) return {};
  const std::string letters = only_letters(rest);
  if (word.size() <= kMostDigits && only_digits(word)) {
    return EdgeNumber{std::stoi(std::string(word)), false, letters};
  }
  if (const int value = roman_value(word); value > 0) return EdgeNumber{value, true, letters};
  return {};
}

std::vector<EdgeNumber> numbers_of(std::string_view line) {
  std::vector<EdgeNumber> found;
  if (line.empty() || line.size() > kLongestHead) return found;
  for (const std::string_view page : {"Page ", "page ", "Seite "}) {
    if (!line.starts_with(page)) continue;
    line = line.substr(page.size());
    line = line.substr(0, std::min(line.find(" of "), line.find(" von ")));
  }
  const auto first = std::min(line.find(' '), line.size());
  const auto last = line.rfind(' ');
  if (auto number = number_in(line.substr(0, first), line.substr(first))) found.push_back(*number);
  if (last != line.npos) {
    if (auto number = number_in(line.substr(last + 1), line.substr(0, last))) found.push_back(*number);
    if (auto number = number_in(line, "")) found.push_back(*number);  // "- 12 -"
  }
  return found;
}

/// The lines at the edges of the pages.
class RunningHeads {
 public:
  explicit RunningHeads(std::vector<PdfPage>& pages) : pages_(pages) {
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      for (const bool top : {true, false}) {
        const std::string* line = edge(i, top);
        if (line == nullptr) continue;
        for (EdgeNumber& number : numbers_of(*line)) numbers_.push_back({i, std::move(number)});
        // The number may stand on a line of its own beside the running title.
        const std::string* next = edge(i, top, 1);
        if (next == nullptr) continue;
        for (EdgeNumber& number : numbers_of(*next)) {
          if (number.rest.empty()) numbers_.push_back({i, std::move(number)});
        }
      }
    }
    arabic_ = best_offset(false);
    roman_ = best_offset(true);
  }

  /// False when the pages had to be counted.
  bool label() {
    if (!arabic_ && !roman_) {
      for (std::size_t i = 0; i < pages_.size(); ++i) pages_[i].label = std::to_string(i + 1);
      return false;
    }
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      const int place = static_cast<int>(i);
      const int number = arabic_ ? place + *arabic_ : 0;
      const int front = roman_ ? place + *roman_ : 0;
      const bool in_front = front > 0 && (number < 1 || place < first_arabic());
      if (in_front && (shown_roman(i) || number < 1)) {
        pages_[i].label = roman_of(front);
      } else if (number > 0) {
        pages_[i].label = std::to_string(number);
      }
    }
    return true;
  }

  void take_away() {
    // The edges are looked at twice: number and title may stand on lines of their own.
    for (int round = 0; round < 2; ++round) {
      count_repeated();
      for (std::size_t i = 0; i < pages_.size(); ++i) {
        for (const bool top : {true, false}) {
          const std::string* line = edge(i, top);
          if (line == nullptr || !is_running(*line, i, edge(i, top, 1))) continue;
          auto& lines = pages_[i].lines;
          lines.erase(top ? lines.begin() : lines.end() - 1);
          while (!lines.empty() && lines.back().empty()) lines.pop_back();
          while (!lines.empty() && lines.front().empty()) lines.erase(lines.begin());
        }
      }
    }
  }

 private:
  struct Found {
    std::size_t page;
    EdgeNumber number;
  };

  /// How many pages have a line at their edge, or the words beside a number there.
  void count_repeated() {
    repeated_.clear();
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      for (const bool top : {true, false}) {
        const std::string* line = edge(i, top);
        if (line == nullptr || line->size() > kLongestHead) continue;
        ++repeated_[key(*line)];
        for (const EdgeNumber& number : numbers_of(*line)) {
          if (!number.rest.empty()) ++repeated_[number.rest];
        }
      }
    }
  }

  /// The first line at the head or foot of a page, or the second; empty ones are none.
  [[nodiscard]] const std::string* edge(std::size_t page, bool top, int skipped = 0) const {
    const auto& lines = pages_[page].lines;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string& line = top ? lines[i] : lines[lines.size() - 1 - i];
      if (!line.empty() && skipped-- == 0) return &line;
    }
    return nullptr;
  }

  static std::string key(const std::string& line) { return only_letters(line); }

  /// How far the printed number is from the page's place, as most of them say.
  [[nodiscard]] std::optional<int> best_offset(bool roman) const {
    std::map<int, std::set<std::size_t>> votes;
    for (const Found& found : numbers_) {
      if (found.number.roman == roman && (!roman || found.number.rest.empty())) {
        votes[found.number.value - static_cast<int>(found.page)].insert(found.page);
      }
    }
    const auto best = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second.size(); });
    const int least = roman ? kLeastNumbered - 1 : std::max(kLeastNumbered, static_cast<int>(pages_.size() / 4));
    if (best == votes.end() || static_cast<int>(best->second.size()) < least) return {};
    return best->first;
  }

  [[nodiscard]] int first_arabic() const {
    for (const Found& found : numbers_) {
      if (arabic_ && !found.number.roman && found.number.value == static_cast<int>(found.page) + *arabic_) {
        return static_cast<int>(found.page);
      }
    }
    return static_cast<int>(pages_.size());
  }
  [[nodiscard]] bool shown_roman(std::size_t page) const {
    return std::ranges::any_of(numbers_, [&](const Found& found) {
      return found.page == page && found.number.roman && found.number.value == static_cast<int>(page) + *roman_;
    });
  }

  /// `next` is the line beside it, null where there is none.
  [[nodiscard]] bool is_running(const std::string& line, std::size_t page, const std::string* next) {
    for (const EdgeNumber& number : numbers_of(line)) {
      if (is_own(number, page) && (number.rest.empty() || repeats(number.rest))) return true;
    }
    const std::string words = key(line);
    if (words.empty() || line.size() > kLongestHead || !repeats(words)) return false;
    if (next != nullptr) {
      for (const EdgeNumber& number : numbers_of(*next)) {
        if (number.rest.empty() && is_own(number, page)) return true;
      }
    }
    // What is on most pages is the book's title; on some, a chapter's, which stands first where the chapter begins.
    return repeated_[words] * 2 > pages_.size() || first_seen_.emplace(words, page).first->second != page;
  }
  [[nodiscard]] bool is_own(const EdgeNumber& number, std::size_t page) const {
    if (number.roman ? !roman_ : !arabic_) return false;
    return (number.roman ? roman_of(number.value) : std::to_string(number.value)) == pages_[page].label;
  }
  [[nodiscard]] bool repeats(const std::string& words) const {
    const auto at = repeated_.find(words);
    return at != repeated_.end() && at->second >= std::max(kLeastRepeated, pages_.size() / 50);
  }

  std::vector<PdfPage>& pages_;
  std::vector<Found> numbers_;
  std::map<std::string, std::size_t> repeated_;
  std::map<std::string, std::size_t> first_seen_;  ///< page by words
  std::optional<int> arabic_;
  std::optional<int> roman_;
};

bool ends_sentence(std::string_view line) {
  for (const std::string_view mark : {"\"", "'", "”", "’", ")", "]", "»"}) {
    if (line.ends_with(mark)) line.remove_suffix(mark.size());
  }
  return line.ends_with('.') || line.ends_with('!') || line.ends_with('?') || line.ends_with(':') || line.ends_with("…");
}

bool is_heading(const std::string& line) {
  const auto heading = read_heading_line(line);
  return heading && (heading->kind == HeadingKind::chapter || heading->kind == HeadingKind::part);
}

/// Parts the lines of a page into paragraphs, whose lines are kept.
std::vector<Block> blocks_of(const PdfPage& page, std::size_t width) {
  std::vector<Block> blocks;
  bool open = false;
  for (const std::string& line : page.lines) {
    if (line.empty() || is_heading(line)) open = false;
    if (line.empty()) continue;
    const bool stops_short = utf8::length(line) * 10 < width * 8;
    // A number before a title makes a heading only where a paragraph may begin.
    const bool heading = is_heading(line) || (!open && stops_short && read_heading_line(line));
    if (!open) blocks.push_back({});
    blocks.back().lines.push_back(line);
    open = !heading && !(stops_short && ends_sentence(line));
  }
  return blocks;
}

std::size_t width_of(const std::vector<PdfPage>& pages) {
  std::vector<Block> all;
  for (const PdfPage& page : pages) all.push_back({page.lines, 0});
  return wrap_width(all);
}

}  // namespace

std::vector<PdfPage> split_pdf_pages(std::string_view text, bool& counted) {
  std::vector<PdfPage> pages;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\f', at), text.size());
    pages.push_back({lines_of(text.substr(at, end - at)), {}});
    at = end + 1;
  }
  RunningHeads heads(pages);
  counted = !heads.label();
  heads.take_away();
  return pages;
}

MarkedText paragraphs_of_pdf(const std::vector<PdfPage>& pages) {
  MarkedText text;
  const std::size_t width = width_of(pages);
  for (const PdfPage& page : pages) {
    const std::size_t first = text.blocks.size();
    for (const Block& block : blocks_of(page, width)) {
      for (std::string& paragraph : paragraphs_of(block, width)) text.blocks.push_back({std::move(paragraph), 0, {}, {}});
    }
    if (text.blocks.size() == first) text.blocks.push_back({});
    text.blocks[first].page_breaks.push_back({page.label, 0});
  }
  return text;
}

}  // namespace gibsey::ingest
