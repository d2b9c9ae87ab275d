#include "retrieval/book_parts.hpp"

#include "base/utf8.hpp"
#include "retrieval/chunks.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/page_store.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <utility>

namespace gibsey::retrieval {
namespace {

using testing::run;

/// Makes up pages: words of a small vocabulary, so that pages share words and word pairs, and a number that no other text has.
class Author {
 public:
  explicit Author(unsigned seed) : random_(seed) {}

  model::PageContent page(const std::string& id, std::int64_t order, std::int64_t version) {
    model::PageContent content;
    content.page = {.world = "w",
                    .id = id,
                    .label = id,
                    .title = "Page " + id,
                    .chapter = "One",
                    .text = text(),
                    .source = "",
                    .voice = pick(5) == 0 ? "shamrock" : "",
                    .order = order,
                    .version = version,
                    .content_hash = std::to_string(count_),
                    .updated = 1};
    Chunks chunks = cut_page(content.page, "en");
    content.passages = std::move(chunks.passages);
    content.quotes = std::move(chunks.quotes);
    return content;
  }
  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }

 private:
  std::string text() {
    static const std::vector<std::string> words = {"tower", "lamp", "climbed", "owl",   "the",  "of",     "and", "grey",
                                                   "sea",   "bell", "nobody",  "glass", "door", "seldom", "was", "melting"};
    std::string made = fmt::format("Line {} stands here alone.", ++count_);
    const std::size_t sentences = pick(14);
    for (std::size_t i = 0; i < sentences; ++i) {
      made += " The";
      for (std::size_t word = 0; word < 6 + pick(12); ++word) made += " " + words[pick(words.size())];
      made += pick(6) == 0 ? ".\n\n" : ".";
    }
    return made;
  }

  std::mt19937 random_;
  int count_ = 0;
};

const std::vector<std::string>& questions() {
  static const std::vector<std::string> asked = {"Who climbed the tower?",     "the lamp was grey",
                                                 "line 3 stands here",         "\"the owl and the bell\"",
                                                 "melting glass seldom was",   "Nobody, the sea and the door",
                                                 "Line 17 stands here alone.", "what of xylophones"};
  return asked;
}

std::vector<model::PassageVector> vectors_of(testing::WordEmbedder& embedder, const model::PageContent& content) {
  std::vector<model::PassageVector> vectors;
  for (const auto& passage : content.passages) {
    vectors.push_back({content.page.id, passage.number, run(embedder.embed({passage.text}))->front(), content.page.version});
  }
  return vectors;
}

/// What the two books answer must be equal to the last bit: nothing depends on how a book came about.
void expect_same(const BookParts& edited, const BookParts& fresh, const std::vector<float>& query) {
  ASSERT_EQ(edited.size(), fresh.size());
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    ASSERT_EQ(edited[i].page.id, fresh[i].page.id);
    ASSERT_EQ(edited[i].page.version, fresh[i].page.version);
  }
  const TextIndex text = edited.text_index();
  const TextIndex other = fresh.text_index();
  for (const std::string& question : questions()) {
    const TextScores a = text.score(question);
    const TextScores b = other.score(question);
    EXPECT_EQ(a.passages, b.passages) << question;
    EXPECT_EQ(a.pages, b.pages) << question;
    EXPECT_EQ(a.pairs, b.pairs) << question;
    EXPECT_EQ(a.passage_pairs, b.passage_pairs) << question;
    EXPECT_EQ(a.coverage, b.coverage) << question;
    EXPECT_EQ(a.longest_run, b.longest_run) << question;
    EXPECT_EQ(a.known_content_words, b.known_content_words) << question;
    for (const std::string& stem : text.content_stems(question)) EXPECT_EQ(text.idf(stem), other.idf(stem)) << stem;
  }
  EXPECT_EQ(edited.vector_index().score(query), fresh.vector_index().score(query));
}

void expect_same_places(const BookParts& edited, const BookParts& fresh, const std::vector<std::string>& claims) {
  const auto a = edited.quote_finder();
  const auto b = fresh.quote_finder();
  for (const std::string& claim : claims) {
    const auto here = a->find(claim);
    const auto there = b->find(claim);
    ASSERT_EQ(here.has_value(), there.has_value()) << claim;
    if (!here) continue;
    EXPECT_EQ(here->page_id, there->page_id) << claim;
    EXPECT_EQ(here->start, there->start) << claim;
    EXPECT_EQ(here->end, there->end) << claim;
    EXPECT_EQ(here->text, there->text) << claim;
  }
}

/// A book that is edited page by page beside what it must be equal to.
struct EditedBook {
  explicit EditedBook(unsigned seed) : author(seed) {
    std::vector<model::PageContent> contents;
    for (int i = 0; i < 40; ++i) {
      auto content = author.page(fmt::format("{:03}", i), i, 1);
      note(content);
      contents.push_back(content);
      pages[content.page.id] = std::move(content);
    }
    parts.emplace(contents, std::vector<model::PassageVector>(), "en");
  }

  void note(const model::PageContent& content) { claims.push_back(content.page.text.substr(0, content.page.text.find('.') + 1)); }

  /// As many pages as that in one step.
  void change(std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) change_one();
    take_in();
  }
  void change_one() {
    const auto at = std::next(pages.begin(), static_cast<std::ptrdiff_t>(author.pick(pages.size())));
    if (!changing.insert(at->first).second) return;
    switch (author.pick(8)) {
      case 0: write(author.page(fmt::format("new {:03}", claims.size()), static_cast<std::int64_t>(author.pick(60)), 1)); break;
      case 1: remove(at->first); break;
      case 2: {
        at->second.page.order = static_cast<std::int64_t>(author.pick(60));
        written.push_back({at->second, vectors[at->first]});
        break;
      }
      case 3: {
        vectors[at->first] = vectors_of(embedder, at->second);
        written.push_back({at->second, vectors[at->first]});
        break;
      }
      default: write(author.page(at->first, at->second.page.order, at->second.page.version + 1)); break;
    }
  }
  void put(model::PageContent content) {
    write(std::move(content));
    take_in();
  }
  void write(model::PageContent content) {
    note(content);
    changing.insert(content.page.id);
    vectors.erase(content.page.id);
    written.push_back({content, {}});
    pages[content.page.id] = std::move(content);
  }
  void remove(const std::string& id) {
    gone.push_back(id);
    vectors.erase(id);
    pages.erase(id);
  }
  void take_in() {
    parts = parts->changed(std::exchange(written, {}), std::exchange(gone, {}));
    changing.clear();
  }
  void merge() {
    const auto small = parts->wanted_merge();
    if (!small.empty()) parts = parts->merged(small, BookSegment(small, "en"));
  }

  [[nodiscard]] BookParts fresh() const {
    std::vector<model::PageContent> contents;
    std::vector<model::PassageVector> all;
    for (const auto& [id, content] : pages) contents.push_back(content);
    std::ranges::sort(contents, {},
                      [](const model::PageContent& content) { return std::pair(content.page.order, content.page.id); });
    for (const auto& content : contents) {
      const auto known = vectors.find(content.page.id);
      if (known != vectors.end()) all.insert(all.end(), known->second.begin(), known->second.end());
    }
    return {std::move(contents), all, "en"};
  }

  Author author;
  testing::WordEmbedder embedder;
  std::map<std::string, model::PageContent> pages;
  std::map<std::string, std::vector<model::PassageVector>> vectors;
  std::vector<std::string> claims;
  std::optional<BookParts> parts;
  // Of the step that is being made.
  std::vector<store::IndexedPage> written;
  std::vector<std::string> gone;
  std::set<std::string> changing;
};

TEST(BookParts, AnEditedBookAnswersAsOneThatIsReadAnew) {
  const std::vector<float> query = run(testing::WordEmbedder().embed({"the owl and the bell"}))->front();
  for (unsigned seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    EditedBook book(seed);
    for (int edit = 1; edit <= 90; ++edit) {
      book.change(seed > 2 ? 1 + book.author.pick(6) : 1);
      // With few and with many segments, and with pages that were merged away meanwhile.
      if (seed % 2 == 0 || edit % 30 == 0) book.merge();
      if (edit % 15 != 0) continue;
      SCOPED_TRACE(edit);
      const BookParts fresh = book.fresh();
      expect_same(*book.parts, fresh, query);
      expect_same_places(*book.parts, fresh, book.claims);
      if (HasFailure()) return;
    }
  }
}

TEST(BookParts, SegmentsStayFew) {
  EditedBook book(7);
  std::size_t most = 0;
  for (int edit = 0; edit < 300; ++edit) {
    book.change();
    book.merge();
    most = std::max(most, book.parts->segment_count());
  }
  EXPECT_LE(most, 14U) << "three of each size, from one page to all";
  EXPECT_GE(most, 3U);
}

TEST(BookParts, AMergeThatComesLateKeepsWhatWasEditedMeanwhile) {
  EditedBook book(3);
  for (int edit = 0; edit < 8; ++edit) book.change();
  BookSegment::Pages all;
  const BookParts before = *book.parts;
  for (int i = 0; i < 4; ++i) book.put(book.author.page("more " + std::to_string(i), 70 + i, 1));
  const auto small = book.parts->wanted_merge();
  ASSERT_FALSE(small.empty());
  const BookSegment segment(small, "en");
  book.put(book.author.page("more 2", 72, 2));
  book.remove("more 1");
  book.take_in();
  book.parts = book.parts->merged(small, segment);
  expect_same(*book.parts, book.fresh(), {});
  expect_same_places(*book.parts, book.fresh(), book.claims);
  EXPECT_LT(before.size(), book.parts->size()) << "what a reader holds stays as it was";
}

/// A store and a retriever that follows it, beside one that loads it anew.
class FollowTest : public ::testing::Test {
 protected:
  FollowTest() {
    model::World world;
    world.name = "w";
    EXPECT_TRUE(run(pages_.put_world(world)));
    std::vector<model::PageContent> contents;
    for (int i = 0; i < 25; ++i) contents.push_back(author_.page(fmt::format("{:03}", i), i, 1));
    EXPECT_TRUE(run(pages_.put_pages(contents, true)));
    EXPECT_TRUE(run(retriever_.load("w")));
  }

  std::string write(const std::string& id) {
    const auto written = run(pages_.put_page(author_.page(id, -1, 0), std::nullopt));
    EXPECT_TRUE(written);
    return written->page.id;
  }
  void embed(const std::string& id) {
    const auto page = *run(pages_.find_content("w", id, "")).value();
    EXPECT_TRUE(run(pages_.put_vectors("w", embedder_.model(), vectors_of(embedder_, page.content))));
  }
  Retrieved ask(Retriever& retriever, const std::string& text) {
    return *run(retriever.retrieve({.world = "w", .text = text, .k = 20, .character = "shamrock", .page_id = "003"}));
  }
  void expect_as_loaded() {
    Retriever fresh(pages_, &embedder_);
    ASSERT_TRUE(run(fresh.load("w")));
    EXPECT_EQ(retriever_.size("w")->passages, fresh.size("w")->passages);
    EXPECT_EQ(retriever_.size("w")->without_vector, fresh.size("w")->without_vector);
    for (const std::string& question : questions()) {
      const auto a = ask(retriever_, question);
      const auto b = ask(fresh, question);
      EXPECT_EQ(a.method, b.method);
      EXPECT_EQ(a.above_threshold, b.above_threshold);
      ASSERT_EQ(a.hits.size(), b.hits.size());
      for (std::size_t i = 0; i < a.hits.size(); ++i) {
        EXPECT_EQ(a.hits[i].quote.page_id, b.hits[i].quote.page_id);
        EXPECT_EQ(a.hits[i].quote.text, b.hits[i].quote.text);
        EXPECT_EQ(a.hits[i].page_version, b.hits[i].page_version);
        EXPECT_EQ(a.hits[i].score, b.hits[i].score);
      }
    }
  }

  Author author_{11};
  store::MemoryPageStore pages_;
  testing::WordEmbedder embedder_;
  Retriever retriever_{pages_, &embedder_};
};

TEST_F(FollowTest, WhatWasWrittenIsFoundAndWhatWasThereIsNot) {
  const auto before = run(pages_.find_page("w", "004")).value()->text;
  const auto old_line = before.substr(0, before.find('.') + 1);
  const auto held = retriever_.quotes("w");
  write("004");
  EXPECT_TRUE(retriever_.quotes("w")->find(old_line)) << "not before it is followed";
  ASSERT_TRUE(run(retriever_.follow("w", {"004"})));
  const auto now = run(pages_.find_page("w", "004")).value()->text;
  const auto found = retriever_.quotes("w")->find(now.substr(0, now.find('.') + 1));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->page_id, "004");
  EXPECT_FALSE(retriever_.quotes("w")->find(old_line));
  EXPECT_TRUE(held->find(old_line)) << "a reader keeps what it holds";
  EXPECT_EQ(retriever_.size("w")->pages, 25U);
  ASSERT_TRUE(run(pages_.remove_page("w", "004", std::nullopt)));
  ASSERT_TRUE(run(retriever_.follow("w", {"004"})));
  EXPECT_EQ(retriever_.size("w")->pages, 24U);
  EXPECT_TRUE(run(retriever_.follow("nowhere", {"004"}))) << "nothing is loaded, nothing is to follow";
}

TEST_F(FollowTest, ManyEditsGiveWhatALoadGives) {
  std::vector<std::string> ids;
  for (int i = 0; i < 25; ++i) ids.push_back(fmt::format("{:03}", i));
  std::set<std::string> changed;
  for (int edit = 0; edit < 60; ++edit) {
    std::string id = ids[author_.pick(ids.size())];
    switch (author_.pick(5)) {
      case 0: id = write(""), ids.push_back(id); break;
      case 1: embed(id); break;
      case 2: {
        if (ids.size() < 10) break;
        ASSERT_TRUE(run(pages_.remove_page("w", id, std::nullopt)));
        std::erase(ids, id);
        break;
      }
      default: write(id); break;
    }
    changed.insert(id);
    if (edit % 20 != 19 && author_.pick(3) > 0) continue;
    ASSERT_TRUE(run(retriever_.follow("w", {changed.begin(), changed.end()})));
    changed.clear();
    if (edit % 20 == 19) expect_as_loaded();
  }
}

TEST_F(FollowTest, WritersAndReadersAtOnce) {
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  std::atomic<int> answers = 0;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        for (const std::string& question : questions()) answers += static_cast<int>(ask(retriever_, question).hits.size() > 0);
      }
    });
  }
  std::vector<std::thread> writers;
  std::mutex author_mutex;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&, i] {
      for (int edit = 0; edit < 30; ++edit) {
        const auto id = fmt::format("{:03}", (edit * 7 + i) % 25);
        {
          const std::scoped_lock lock(author_mutex);
          write(id);
        }
        EXPECT_TRUE(run(retriever_.follow("w", {id})));
      }
    });
  }
  for (auto& writer : writers) writer.join();
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_GT(answers, 0);
  expect_as_loaded();
}

}  // namespace
}  // namespace gibsey::retrieval
