#include "ingest/importer.hpp"
#include "retrieval/chunks.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/testing/shared_data.hpp"
#include "retrieval/words.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <set>

namespace gibsey::ingest {
namespace {

// What a reader counts. MANIFEST.tsv counts lines by a pattern: in Sherlock Holmes it misses the six adventures without the word,
// in Moby Dick it takes 14 "BOOK I. (Folio), CHAPTER I." inside chapter 32 for headings, in Treasure Island and the Wizard it
// sees no numbers.
struct Novel {
  const char* file;
  std::size_t chapters;
  const char* first;
};

class BooksDev : public ::testing::TestWithParam<Novel> {};

TEST_P(BooksDev, ChaptersAndPages) {
  const auto path = testing::shared_data("books_dev") / GetParam().file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "left out: no " << path;
  const auto book = read_book("novel", {path});
  ASSERT_TRUE(book) << book.error().message;
  std::set<std::string> chapters;
  int words = 0;
  int out_of_size = 0;
  int without_quote = 0;
  std::size_t quotes = 0;
  std::string previous;
  std::vector<std::string> order;
  for (const auto& content : book->pages) {
    const auto& page = content.page;
    if (!page.chapter.empty() && chapters.insert(page.chapter).second) order.push_back(page.chapter);
    const int count = retrieval::count_words(retrieval::to_code_points(page.text));
    words += count;
    if (count > 450 || count < 100) ++out_of_size;
    const auto cut = retrieval::cut_page(page, "en");
    quotes += cut.quotes.size();
    if (cut.quotes.empty()) ++without_quote;
  }
  std::printf("%s: %zu chapters, %zu pages, %d words, %zu quotes; first %s; %d pages under 100 or over 450 words\n",
              GetParam().file, chapters.size(), book->pages.size(), words, quotes, order.empty() ? "-" : order.front().c_str(),
              out_of_size);
  EXPECT_EQ(chapters.size(), GetParam().chapters);
  EXPECT_EQ(order.empty() ? "" : order.front(), GetParam().first);
  EXPECT_EQ(without_quote, 0);
}

/// The words of the file, in order; nothing is known of headings. Project Gutenberg's own are left out.
std::vector<std::string> words_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (const auto start = bytes.find("*** START OF"); start != bytes.npos) bytes.erase(0, bytes.find('\n', start));
  if (const auto end = bytes.find("*** END OF"); end != bytes.npos) bytes.resize(end);
  return retrieval::words_of(bytes);
}

TEST_P(BooksDev, NoWordIsLost) {
  const auto path = testing::shared_data("books_dev") / GetParam().file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "left out: no " << path;
  const auto book = read_book("novel", {path});
  ASSERT_TRUE(book) << book.error().message;
  const auto file = words_of_file(path);
  std::size_t at = 0;
  std::size_t between = 0;
  std::string chapter;
  for (const auto& content : book->pages) {
    const auto words = retrieval::words_of(content.page.text);
    ASSERT_FALSE(words.empty());
    const auto found = std::search(file.begin() + static_cast<std::ptrdiff_t>(at), file.end(), words.begin(), words.end());
    ASSERT_NE(found, file.end()) << "page " << content.page.id
                                 << " is not what the file has: " << content.page.text.substr(0, 200);
    const auto gap = static_cast<std::size_t>(found - file.begin()) - at;
    if (gap > 0) {
      const std::vector<std::string> left(found - static_cast<std::ptrdiff_t>(gap), found);
      const auto heading = retrieval::words_of(content.page.chapter + " " + content.page.title);
      const auto in_heading = [&](const std::string& word) { return std::ranges::find(heading, word) != heading.end(); };
      const bool contents = left.front() == "contents" && content.page.order <= 2;
      EXPECT_TRUE(contents || (content.page.chapter != chapter && std::ranges::all_of(left, in_heading)))
          << "lost before page " << content.page.id << ": " << fmt::format("{}", fmt::join(left, " "));
    }
    between += gap;
    chapter = content.page.chapter;
    at = static_cast<std::size_t>(found - file.begin()) + words.size();
  }
  const std::vector<std::string> behind(file.begin() + static_cast<std::ptrdiff_t>(at), file.end());
  EXPECT_TRUE(behind.empty() || behind.front() == "end")
      << fmt::format("{}", fmt::join(behind, " "));  // "End of Project Gutenberg's"
  std::printf("%s: %zu words in the file, %zu of them are headings, %zu behind the last page\n", GetParam().file, file.size(),
              between, file.size() - at);
}

INSTANTIATE_TEST_SUITE_P(
    Novels, BooksDev,
    ::testing::Values(Novel{"alice.txt", 12, "CHAPTER I. Down the Rabbit-Hole"}, Novel{"frankenstein.txt", 28, "Letter 1"},
                      Novel{"pride_and_prejudice.txt", 61, "Chapter 1"},
                      Novel{"sherlock_adventures.txt", 12, "ADVENTURE I. A SCANDAL IN BOHEMIA"},
                      Novel{"treasure_island.txt", 34, "PART ONE. The Old Buccaneer · 1. The Old Sea-dog at the Admiral Benbow"},
                      Novel{"moby_dick.txt", 136, "CHAPTER 1. Loomings"}, Novel{"wizard_of_oz.txt", 25, "Introduction"}));

}  // namespace
}  // namespace gibsey::ingest
