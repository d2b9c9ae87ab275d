#include "ingest/headings.hpp"

#include "base/utf8.hpp"
#include "ingest/heading_line.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

namespace gibsey::ingest {
namespace {

constexpr std::size_t kMostHeadingLines = 3;
constexpr std::size_t kLeastInSequence = 3;
constexpr std::size_t kContentsRun = 4;
constexpr int kNoBodyWords = 12;

struct Candidate {
  HeadingLine line;
  std::size_t block = 0;
  std::size_t body = 0;  ///< first block behind heading and title
  bool accepted = false;
};

std::string lower(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || byte >= 0x80) result += static_cast<char>(std::tolower(byte));
  }
  return result;
}

std::string joined(const std::vector<std::string>& lines, std::size_t first) {
  std::string text;
  for (std::size_t i = first; i < lines.size(); ++i) {
    const auto start = lines[i].find_first_not_of(" \t");
    text += (text.empty() ? "" : " ") + lines[i].substr(start);
  }
  return text;
}

int words_in(const Block& block) {
  int words = 0;
  for (const std::string& line : block.lines) {
    words += static_cast<int>(std::ranges::count(joined({line}, 0), ' ')) + 1;
  }
  return words;
}

class ChapterFinder {
 public:
  explicit ChapterFinder(std::vector<Block> blocks) : blocks_(std::move(blocks)) {}

  Chapters run() {
    drop_named_contents();
    split_joined_headings();
    find_candidates();
    drop_contents_run();
    accept();
    return cut();
  }

 private:
  static bool names_contents(const Block& block) {
    const std::string name = lower(block.lines.front());
    return name == "contents" || name == "tableofcontents";
  }

  /// Whether a line of a table of contents may read like this: its words come again, alone on a line, later.
  [[nodiscard]] bool comes_again(std::string_view line, std::size_t after) const {
    const auto heading = read_heading_line(line);
    const std::string whole = lower(line);
    const std::string title = heading ? lower(heading->title) : std::string();
    for (std::size_t i = after; i < blocks_.size(); ++i) {
      if (blocks_[i].lines.size() > kMostHeadingLines) continue;
      const std::string other = lower(joined(blocks_[i].lines, 0));
      if (other == whole || (!title.empty() && (other == title || other.ends_with(title)))) return true;
    }
    return false;
  }

  /// "Contents" and the lists below it, as long as most of their lines are headings or come again.
  void drop_named_contents() {
    for (std::size_t i = 0; i < std::min<std::size_t>(blocks_.size(), 60); ++i) {
      if (!names_contents(blocks_[i])) continue;
      std::size_t end = blocks_[i].lines.size() > 1 && is_contents(blocks_[i], i + 1) ? i + 1 : i;
      if (blocks_[i].lines.size() == 1) {
        end = i + 1;
        while (end < blocks_.size() && is_contents(blocks_[end], end + 1)) ++end;
        if (end == i + 1) end = i;
      }
      if (end == i) continue;
      for (std::size_t j = i; j < end; ++j) contents_lines_ += static_cast<int>(blocks_[j].lines.size());
      blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(i), blocks_.begin() + static_cast<std::ptrdiff_t>(end));
      return;
    }
  }

  [[nodiscard]] bool is_contents(const Block& block, std::size_t after) const {
    std::size_t fitting = 0;
    for (const std::string& line : block.lines) {
      if (utf8::length(line) <= 90 && comes_again(line, after)) ++fitting;
    }
    return fitting * 10 >= block.lines.size() * 6;
  }

  /// "CHAPTER I" with the text right below it becomes two blocks.
  void split_joined_headings() {
    std::vector<Block> split;
    for (Block& block : blocks_) {
      const auto heading = read_heading_line(block.lines.front());
      const bool keyword = heading && (heading->kind == HeadingKind::chapter || heading->kind == HeadingKind::part);
      const bool title_below = block.lines.size() <= kMostHeadingLines && is_title_like(joined(block.lines, 1));
      if (!keyword || block.lines.size() == 1 || title_below || !heading->title.empty()) {
        split.push_back(std::move(block));
        continue;
      }
      Block rest{{block.lines.begin() + 1, block.lines.end()}, block.first_line + 1};
      block.lines.resize(1);
      split.push_back(std::move(block));
      if (rest.lines.size() > 1 && is_title_like(rest.lines.front()) && !is_title_like(rest.lines[1])) {
        Block title{{rest.lines.front()}, rest.first_line};
        rest.lines.erase(rest.lines.begin());
        ++rest.first_line;
        split.push_back(std::move(title));
      }
      split.push_back(std::move(rest));
    }
    blocks_ = std::move(split);
  }

  void find_candidates() {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const Block& block = blocks_[i];
      if (block.lines.size() > kMostHeadingLines) continue;
      auto heading = read_heading_line(block.lines.front());
      if (!heading) continue;
      if (block.lines.size() > 1 && !take_title_lines(block, *heading)) continue;
      Candidate candidate{*heading, i, i + 1, false};
      if (candidate.line.title.empty() && candidate.line.kind != HeadingKind::named) take_title_block(candidate);
      candidates_.push_back(std::move(candidate));
      i = candidates_.back().body - 1;
    }
  }

  static bool take_title_lines(const Block& block, HeadingLine& heading) {
    const std::string more = joined(block.lines, 1);
    const std::string title = heading.title.empty() ? more : heading.title + ' ' + more;
    if (!is_title_like(title) || heading.kind == HeadingKind::number) return false;
    heading.title = title;
    return true;
  }

  /// A title on the line below the heading, a blank one between.
  void take_title_block(Candidate& candidate) const {
    const std::size_t next = candidate.body;
    if (next + 1 >= blocks_.size() || blocks_[next].lines.size() > 2) return;
    const std::string title = joined(blocks_[next].lines, 0);
    if (!is_title_like(title)) return;
    const auto other = read_heading_line(title);
    const bool named_chapter = other && other->kind == HeadingKind::named && candidate.line.kind == HeadingKind::chapter;
    if (other && !named_chapter) return;  // "CHAPTER 25", "Postscript" is one heading; "PART ONE", "Prologue" are two
    candidate.line.title = title;
    candidate.body = next + 1;
  }

  [[nodiscard]] int body_words(std::size_t candidate) const {
    const std::size_t end = candidate + 1 < candidates_.size() ? candidates_[candidate + 1].block : blocks_.size();
    int words = 0;
    for (std::size_t i = candidates_[candidate].body; i < end && words <= kNoBodyWords; ++i) words += words_in(blocks_[i]);
    return words;
  }

  /// Headings without text between them, four or more: those that come again later are lines of a table of contents.
  void drop_contents_run() {
    std::vector<bool> dropped(candidates_.size(), false);
    for (std::size_t first = 0; first < candidates_.size();) {
      std::size_t end = first;
      while (end < candidates_.size() && body_words(end) <= kNoBodyWords) ++end;
      const std::size_t last = std::min(end + 1, candidates_.size());
      if (end - first >= kContentsRun) {
        for (std::size_t i = first; i < last; ++i) dropped[i] = appears_after(last, candidates_[i]);
      }
      first = std::max(end, first) + 1;
    }
    std::vector<Candidate> kept;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (!dropped[i]) {
        kept.push_back(std::move(candidates_[i]));
        continue;
      }
      for (std::size_t block = candidates_[i].block; block < candidates_[i].body; ++block) {
        contents_lines_ += static_cast<int>(blocks_[block].lines.size());
        blocks_[block].lines.clear();
      }
    }
    candidates_ = std::move(kept);
  }

  [[nodiscard]] bool appears_after(std::size_t from, const Candidate& candidate) const {
    for (std::size_t i = from; i < candidates_.size(); ++i) {
      const HeadingLine& other = candidates_[i].line;
      if (other.number == candidate.line.number && lower(other.label) == lower(candidate.line.label)) return true;
    }
    return false;
  }

  void accept() {
    std::size_t chapters = 0;
    for (Candidate& candidate : candidates_) {
      const HeadingKind kind = candidate.line.kind;
      candidate.accepted = kind == HeadingKind::chapter || kind == HeadingKind::part || kind == HeadingKind::named;
      if (kind == HeadingKind::chapter) ++chapters;
    }
    continue_keyword_series();
    if (chapters < kLeastInSequence) {
      if (!accept_series(HeadingKind::numbered)) accept_series(HeadingKind::number);
    }
  }

  /// "ADVENTURE VI. ..." may be followed by "VII. THE ADVENTURE OF ...".
  void continue_keyword_series() {
    int last = 0;
    for (Candidate& candidate : candidates_) {
      if (candidate.line.kind == HeadingKind::chapter) last = candidate.line.number;
      if (candidate.line.kind != HeadingKind::numbered || last == 0 || candidate.line.number != last + 1) continue;
      candidate.accepted = true;
      last = candidate.line.number;
    }
  }

  /// Numbers from 1 on, beginning again behind a part; they must reach through most of the book.
  bool accept_series(HeadingKind kind) {
    std::vector<Candidate*> series;
    int last = 0;
    for (Candidate& candidate : candidates_) {
      if (candidate.line.kind == HeadingKind::part) restart_ = true;
      if (candidate.line.kind != kind) continue;
      const bool begins = candidate.line.number == 1 && (last == 0 || restart_);
      if (!begins && candidate.line.number != last + 1) continue;
      restart_ = false;
      last = candidate.line.number;
      series.push_back(&candidate);
    }
    if (series.size() < kLeastInSequence) return false;
    const std::size_t reach = series.back()->block - series.front()->block;
    if (reach * 2 < blocks_.size()) return false;
    for (Candidate* candidate : series) candidate->accepted = true;
    return true;
  }

  Chapters cut() {
    Chapters result;
    result.contents_lines = contents_lines_;
    std::string part;
    Chapter open;
    std::size_t block = 0;
    const auto take_until = [&](std::size_t end) {
      for (; block < end; ++block) {
        if (!blocks_[block].lines.empty()) open.blocks.push_back(std::move(blocks_[block]));
      }
      if (!open.blocks.empty()) result.chapters.push_back(std::move(open));
      open = {};
    };
    for (const Candidate& candidate : candidates_) {
      if (!candidate.accepted) continue;
      take_until(candidate.block);
      block = candidate.body;
      const std::string name = name_of(candidate.line);
      if (candidate.line.kind == HeadingKind::part) {
        part = name;
        ++result.parts;
        open.name = name;
      } else {
        ++result.headings;
        open.name = part.empty() || candidate.line.kind == HeadingKind::named ? name : part + " · " + name;
      }
      open.title = candidate.line.title.empty() ? candidate.line.label : candidate.line.title;
    }
    take_until(blocks_.size());
    return result;
  }

  static std::string name_of(const HeadingLine& line) {
    if (line.title.empty()) return line.label;
    return line.label + ". " + line.title;
  }

  std::vector<Block> blocks_;
  std::vector<Candidate> candidates_;
  int contents_lines_ = 0;
  bool restart_ = false;
};

}  // namespace

Chapters find_chapters(std::vector<Block> blocks) {
  return ChapterFinder(std::move(blocks)).run();
}

}  // namespace gibsey::ingest
