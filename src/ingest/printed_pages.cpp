#include "ingest/printed_pages.hpp"

#include "ingest/character_ids.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace gibsey::ingest {
namespace {

constexpr int kMostWords = 1'000;
constexpr std::size_t kLeastDigits = 3;
constexpr std::size_t kMostDigits = 6;
constexpr const char* kFront = "front";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \n");
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \n") + 1 - first);
}

bool is_space(char c) {
  return c == ' ' || c == '\n';
}

/// A break within a word moves behind it.
std::size_t outside_word(std::string_view text, std::size_t offset) {
  if (offset == 0 || offset >= text.size() || is_space(text[offset - 1])) return std::min(offset, text.size());
  return std::min(text.find_first_of(" \n", offset), text.size());
}

bool is_number(std::string_view label) {
  return !label.empty() && label.size() <= kMostDigits && label.find_first_not_of("0123456789") == label.npos;
}

/// A chapter's words on one printed page.
struct Stretch {
  std::string label;
  ChapterText chapter;
  int words = 0;
};

class PrintedPages {
 public:
  PrintedPages(const std::string& world, const std::string& language) : world_(world), language_(language) {}

  void add(const ChapterText& chapter) {
    begin(chapter);
    auto at = chapter.page_breaks.begin();
    for (std::size_t i = 0; i < chapter.paragraphs.size(); ++i) {
      const std::string_view text = chapter.paragraphs[i];
      std::size_t start = 0;
      for (; at != chapter.page_breaks.end() && at->paragraph <= i; ++at) {
        const std::size_t end = std::max(start, at->paragraph == i ? outside_word(text, at->offset) : 0);
        take(text.substr(start, end - start));
        start = end;
        label_ = at->label;
        begin(chapter);
      }
      take(text.substr(start));
    }
    for (; at != chapter.page_breaks.end(); ++at) label_ = at->label;
  }

  std::vector<model::PageContent> finish() {
    flush();
    give_ids();
    return std::move(pages_);
  }

 private:
  void begin(const ChapterText& chapter) {
    flush();
    open_ = {label_, {chapter.name, chapter.title, {}, {}, {}}, 0};
  }

  void take(std::string_view text) {
    text = trimmed(text);
    if (text.empty()) return;
    open_.words += retrieval::count_words(retrieval::to_code_points(text));
    open_.chapter.paragraphs.emplace_back(text);
  }

  void flush() {
    if (open_.words > kMostWords) {
      for (model::PageContent& part : make_pages({open_.chapter}, world_, language_)) push(std::move(part.page));
    } else if (!open_.chapter.paragraphs.empty()) {
      model::Page page;
      page.world = world_;
      page.title = open_.chapter.title;
      page.chapter = open_.chapter.name;
      for (const std::string& paragraph : open_.chapter.paragraphs) page.text += (page.text.empty() ? "" : "\n\n") + paragraph;
      push(std::move(page));
    }
    open_.chapter.paragraphs.clear();
    open_.words = 0;
  }

  void push(model::Page page) {
    page.label = open_.label.empty() ? kFront : open_.label;
    page.order = static_cast<std::int64_t>(pages_.size());
    pages_.push_back({std::move(page), {}, {}});
  }

  void give_ids() {
    std::size_t digits = kLeastDigits;
    for (const auto& content : pages_) {
      if (is_number(content.page.label)) digits = std::max(digits, content.page.label.size());
    }
    std::map<std::string, int> given;
    for (auto& content : pages_) {
      const std::string& label = content.page.label;
      std::string id = is_number(label) ? fmt::format("{:0>{}}", label, digits) : id_from_name(label);
      if (id.empty()) id = "page";
      const std::string stem = id;
      // "12-2" may itself be a printed label.
      for (int count = ++given[stem]; count > 1 && given.contains(id = fmt::format("{}-{}", stem, count));
           count = ++given[stem]) {
      }
      given.emplace(id, 1);
      content.page.id = id;
    }
  }

  const std::string& world_;
  const std::string& language_;
  std::string label_;
  Stretch open_;
  std::vector<model::PageContent> pages_;
};

}  // namespace

std::vector<model::PageContent> make_printed_pages(const std::vector<ChapterText>& chapters, const std::string& world,
                                                   const std::string& language) {
  PrintedPages pages(world, language);
  for (const ChapterText& chapter : chapters) pages.add(chapter);
  return pages.finish();
}

}  // namespace gibsey::ingest
