#include "ingest/paging.hpp"

#include "ingest/printed_pages.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace gibsey::ingest {
namespace {

constexpr int kLeast = 150;
constexpr int kMost = 450;
// A page ends at a paragraph within these bounds where there is one.
constexpr int kWantedFrom = 220;
constexpr int kWantedTo = 380;
constexpr int kWanted = 300;
constexpr int kLeastDigits = 3;

struct Paragraph {
  std::string text;
  std::string source;
  int words = 0;
  bool continues = false;  ///< the one before it in the same chapter was cut off here
};

std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

/// A paragraph that is too long for a page, cut on sentence bounds into parts of about a page.
void add_long(const std::string& text, const std::string& language, std::vector<Paragraph>& paragraphs) {
  const std::u32string points = retrieval::to_code_points(text);
  const auto slice = [&](std::int32_t start, std::int32_t end) {
    return retrieval::to_utf8(
        std::u32string_view(points).substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)));
  };
  const auto sentences = retrieval::find_sentences(points, language);
  int words = 0;
  std::size_t first = 0;
  bool continues = false;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    words += sentences[i].words;
    const bool last = i + 1 == sentences.size();
    if (!last && words + sentences[i + 1].words <= kWanted) continue;
    paragraphs.push_back({slice(sentences[first].start, sentences[i].end), {}, words, continues});
    continues = true;
    first = i + 1;
    words = 0;
  }
}

std::vector<Paragraph> paragraphs_of(const ChapterText& chapter, const std::string& language) {
  std::vector<Paragraph> paragraphs;
  for (std::size_t i = 0; i < chapter.paragraphs.size(); ++i) {
    const std::string& text = chapter.paragraphs[i];
    const int words = retrieval::count_words(retrieval::to_code_points(text));
    if (words == 0 && text.find_first_not_of(" \n*-_.") == std::string::npos) continue;
    if (words > kMost) {
      add_long(text, language, paragraphs);
    } else {
      paragraphs.push_back({text, i < chapter.source.size() ? chapter.source[i] : std::string(), words, false});
    }
  }
  return paragraphs;
}

/// The number of paragraphs, from `first`, that make the next page.
std::size_t page_length(const std::vector<Paragraph>& paragraphs, std::size_t first, int words_left) {
  if (words_left <= kMost) return paragraphs.size() - first;
  int words = 0;
  std::size_t best = 0;
  std::uint32_t best_hash = 0;
  std::size_t nearest = 1;
  int nearest_off = 1 << 30;
  for (std::size_t i = first; i < paragraphs.size(); ++i) {
    words += paragraphs[i].words;
    if (words > kMost && i > first) break;
    const int rest = words_left - words;
    if (rest > 0 && rest < kLeast) continue;
    if (std::abs(words - kWanted) < nearest_off) {
      nearest_off = std::abs(words - kWanted);
      nearest = i + 1 - first;
    }
    const std::uint32_t hash = hash_of(paragraphs[i].text);
    if (words >= kWantedFrom && words <= kWantedTo && (best == 0 || hash < best_hash)) {
      best = i + 1 - first;
      best_hash = hash;
    }
  }
  return best != 0 ? best : nearest;
}

void append(std::string& page, const Paragraph& paragraph, const std::string& text) {
  if (!page.empty()) page += paragraph.continues ? " " : "\n\n";
  page += text;
}

}  // namespace

std::vector<model::PageContent> make_pages(const std::vector<ChapterText>& chapters, const std::string& world,
                                           const std::string& language) {
  if (std::ranges::any_of(chapters, [](const ChapterText& chapter) { return !chapter.page_breaks.empty(); })) {
    return make_printed_pages(chapters, world, language);
  }
  std::vector<model::PageContent> pages;
  for (const ChapterText& chapter : chapters) {
    const std::vector<Paragraph> paragraphs = paragraphs_of(chapter, language);
    int left = 0;
    for (const Paragraph& paragraph : paragraphs) left += paragraph.words;
    for (std::size_t first = 0; first < paragraphs.size();) {
      model::Page page;
      page.world = world;
      page.title = chapter.title;
      page.chapter = chapter.name;
      for (const std::size_t end = first + page_length(paragraphs, first, left); first < end; ++first) {
        append(page.text, paragraphs[first], paragraphs[first].text);
        append(page.source, paragraphs[first],
               paragraphs[first].source.empty() ? paragraphs[first].text : paragraphs[first].source);
        left -= paragraphs[first].words;
      }
      if (page.source == page.text) page.source.clear();
      page.order = static_cast<std::int64_t>(pages.size());
      pages.push_back({std::move(page), {}, {}});
    }
  }
  const auto digits = std::max<std::size_t>(kLeastDigits, std::to_string(pages.size()).size());
  for (std::size_t i = 0; i < pages.size(); ++i) {
    pages[i].page.id = fmt::format("{:0{}}", i + 1, digits);
    pages[i].page.label = std::to_string(i + 1);
  }
  return pages;
}

}  // namespace gibsey::ingest
