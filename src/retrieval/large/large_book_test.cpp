#include "retrieval/large/large_book.hpp"

#include "base/testing/soon.hpp"
#include "retrieval/large/manifest.hpp"
#include "retrieval/large/testing/made_book.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/page_store.hpp"
#include "store/testing/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>
#include <set>
#include <thread>

namespace gibsey::retrieval {
namespace {

namespace fs = std::filesystem;
using store::testing::TemporaryFolder;
using testing::run;
using testing::soon;

constexpr std::size_t kPages = 1200;

/// A world in a store, with and without files.
class LargeBookTest : public ::testing::Test {
 protected:
  LargeBookTest() {
    run(store_.put_world({.name = "library", .title = "Library"})).value();
    std::vector<model::PageContent> contents;
    for (std::size_t i = 0; i < kPages; ++i) contents.push_back(book_.page(i));
    put(std::move(contents));
    embed();
  }

  void put(std::vector<model::PageContent> contents) { run(store_.put_pages(std::move(contents), false)).value(); }

  /// Every passage that has no vector gets one.
  void embed() {
    std::set<std::string> ids;
    for (const auto& key : run(store_.passages_without_vector("library", "words-64")).value()) ids.insert(key.page_id);
    std::vector<model::PassageVector> vectors;
    for (const auto& id : ids) {
      const auto page = *run(store_.find_content("library", id, "")).value();
      for (const auto& passage : page.content.passages) {
        auto values = run(embedder_.embed({passage.text})).value().front();
        vectors.push_back({id, passage.number, std::move(values), page.content.page.version});
      }
    }
    run(store_.put_vectors("library", "words-64", std::move(vectors))).value();
  }

  std::unique_ptr<Retriever> in_memory() {
    auto retriever = std::make_unique<Retriever>(store_, &embedder_);
    run(retriever->load("library")).value();
    return retriever;
  }
  std::unique_ptr<Retriever> in_files(const fs::path& folder, std::size_t written_least = 5'000) {
    auto retriever = std::make_unique<Retriever>(
        store_, &embedder_,
        LargeBooks{.folder = folder, .least_passages = 100, .segment_passages = 1000, .written_least = written_least});
    run(retriever->load("library")).value();
    return retriever;
  }

  static std::vector<Hit> hits(Retriever& retriever, const std::string& text, const std::string& character = "") {
    return run(retriever.retrieve({.world = "library", .text = text, .character = character})).value().hits;
  }

  /// The share of questions whose best line is on the same page, and whose best page of the one is among the other's hits.
  struct Agreement {
    double first = 0;
    double among = 0;
  };
  Agreement agreement(Retriever& one, Retriever& other, std::uint64_t questions) {
    Agreement agreed;
    for (std::uint64_t i = 0; i < questions; ++i) {
      std::string text = book_.some_question(i);
      if (i % 3 == 1) text = book_.planted(i % book_.planted_count()).half_remembered;
      if (i % 3 == 2) text = book_.planted(i % book_.planted_count()).question;
      const std::string character = i % 4 == 0 ? "voice-1" : "";
      const auto a = hits(one, text, character);
      const auto b = hits(other, text, character);
      if (a.empty() || b.empty()) {
        agreed.first += a.empty() == b.empty() ? 1 : 0;
        agreed.among += a.empty() == b.empty() ? 1 : 0;
        continue;
      }
      const std::string& page = a.front().quote.page_id;
      agreed.first += page == b.front().quote.page_id ? 1 : 0;
      agreed.among += std::ranges::any_of(b, [&](const Hit& hit) { return hit.quote.page_id == page; }) ? 1 : 0;
    }
    const auto count = static_cast<double>(questions);
    return {agreed.first / count, agreed.among / count};
  }

  /// Edits, removals and new pages at random places.
  void edit(Retriever& retriever, std::size_t changes, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const testing::MadeBook other({.pages = 5000, .seed = seed});
    for (std::size_t i = 0; i < changes; ++i) {
      const std::string id = book_.page_id(random() % kPages);
      const bool is_there = run(store_.find_page("library", id)).value().has_value();
      if (random() % 4 == 0 && is_there) {
        run(store_.remove_page("library", id, std::nullopt)).value();
      } else {
        auto content = other.page(random() % 5000);
        const auto order = random() % 5 == 0 ? static_cast<std::int64_t>(random() % kPages) : -1;
        content.page.id = id;
        content.page.order = order;
        for (auto& passage : content.passages) passage.page_id = id;
        for (auto& quote : content.quotes) quote.page_id = id;
        run(store_.put_page(std::move(content), std::nullopt)).value();
      }
      if (i % 2 == 0) embed();
      run(retriever.follow("library", {id})).value();
    }
    embed();
  }

  static std::string generation(const fs::path& folder) {
    const auto manifest = large::read_manifest(folder / "library");
    return manifest && *manifest ? (*manifest)->generation : "";
  }

  store::MemoryPageStore store_;
  testing::WordEmbedder embedder_;
  testing::MadeBook book_{{.pages = kPages, .planted_every = 10}};
  TemporaryFolder folder_;
};

TEST_F(LargeBookTest, AnswersAsABookInMemoryDoes) {
  const auto small = in_memory();
  const auto large = in_files(folder_.path());
  EXPECT_EQ(large->size("library")->passages, small->size("library")->passages);
  EXPECT_EQ(large->size("library")->without_vector, 0U);
  const Agreement agreed = agreement(*small, *large, 240);
  RecordProperty("first", std::to_string(agreed.first));
  EXPECT_GE(agreed.first, 0.95);
  EXPECT_GE(agreed.among, 0.98);
}

TEST_F(LargeBookTest, FindsWhatOnePageSays) {
  const auto large = in_files(folder_.path());
  std::size_t asked = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < book_.planted_count(); ++i) {
    const auto planted = book_.planted(i);
    for (const auto& text : {planted.question, planted.half_remembered}) {
      const auto found = hits(*large, text);
      ASSERT_FALSE(found.empty());
      ++asked;
      if (found.front().quote.page_id == book_.page_id(planted.page)) ++first;
    }
  }
  // A line of nothing but the commonest words ("the you is the the") stands nearly so on other pages.
  EXPECT_GE(first * 100, asked * 98);
}

TEST_F(LargeBookTest, AnswersAfterEditsAsIfItWereReadAnew) {
  const auto edited = in_files(folder_.path() / "edited");
  const std::string before = generation(folder_.path() / "edited");
  edit(*edited, 120, 7);
  // What was embedded last was not followed one by one.
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < kPages; ++i) ids.push_back(book_.page_id(i));
  run(edited->follow("library", std::move(ids))).value();
  EXPECT_EQ(generation(folder_.path() / "edited"), before) << "the files are the old ones";
  const auto anew = in_files(folder_.path() / "anew");
  EXPECT_EQ(edited->size("library")->pages, anew->size("library")->pages);
  EXPECT_EQ(edited->size("library")->passages, anew->size("library")->passages);
  EXPECT_EQ(edited->size("library")->without_vector, 0U);
  const Agreement agreed = agreement(*edited, *anew, 240);
  EXPECT_GE(agreed.first, 0.95);
  EXPECT_GE(agreed.among, 0.98);
  const auto small = in_memory();
  EXPECT_GE(agreement(*small, *edited, 240).first, 0.95);
}

TEST_F(LargeBookTest, QuotesAPageAsItIsNow) {
  const auto large = in_files(folder_.path());
  auto content = book_.page(17);
  const std::string line = "The abbot Quorvelim counted eleven lanterns before the flood came in.";
  content.page.text = line;
  content.passages = {{"library", content.page.id, 0, 0, static_cast<std::int32_t>(line.size()), line}};
  content.quotes = {{"library", content.page.id, 0, 0, static_cast<std::int32_t>(line.size()), 11, 1, line}};
  content.page.content_hash = "changed";
  run(store_.put_page(content, std::nullopt)).value();
  run(large->follow("library", {content.page.id})).value();
  const auto found = hits(*large, "How many lanterns did the abbot Quorvelim count?");
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front().quote.text, line);
  EXPECT_EQ(found.front().page_version, 2);
  run(store_.remove_page("library", content.page.id, std::nullopt)).value();
  run(large->follow("library", {content.page.id})).value();
  for (const Hit& hit : hits(*large, "How many lanterns did the abbot Quorvelim count?")) EXPECT_NE(hit.quote.text, line);
}

TEST_F(LargeBookTest, OpensItsFilesAgainAndCatchesUp) {
  in_files(folder_.path());
  const std::string first = generation(folder_.path());
  ASSERT_FALSE(first.empty());
  // While nobody looks: an edit, a removal, and a page whose vectors come later.
  auto content = book_.page(3);
  content.page.content_hash = "again";
  run(store_.put_page(content, std::nullopt)).value();
  run(store_.remove_page("library", book_.page_id(40), std::nullopt)).value();
  const auto again = in_files(folder_.path());
  EXPECT_EQ(generation(folder_.path()), first);
  EXPECT_EQ(again->size("library")->pages, kPages - 1);
  EXPECT_EQ(again->size("library")->passages, (kPages - 1) * 3);
  EXPECT_EQ(again->size("library")->without_vector, 0U) << "texts are the same, and keep their vectors";
}

TEST_F(LargeBookTest, TakesInVectorsThatWereMadeLater) {
  auto fresh = book_.page(0);
  fresh.page.id = "new";
  fresh.page.order = 5000;
  for (auto& passage : fresh.passages)
    passage.page_id = "new", passage.text = "words of another kind " + std::to_string(passage.number);
  for (auto& quote : fresh.quotes) quote.page_id = "new";
  put({fresh});
  {
    const auto retriever = in_files(folder_.path());
    EXPECT_EQ(retriever->size("library")->without_vector, 3U);
  }
  embed();
  const auto again = in_files(folder_.path());
  EXPECT_EQ(again->size("library")->without_vector, 0U);
}

TEST_F(LargeBookTest, MakesAlteredFilesAnewAndLeavesNoLitter) {
  in_files(folder_.path());
  const std::string first = generation(folder_.path());
  const fs::path litter = folder_.path() / "library" / "half-made";
  fs::create_directories(litter);
  std::ofstream(litter / "000.text") << "half";
  std::ofstream(folder_.path() / "library" / "manifest.new") << "half";
  in_files(folder_.path());
  EXPECT_EQ(generation(folder_.path()), first);
  EXPECT_FALSE(fs::exists(litter));
  EXPECT_FALSE(fs::exists(folder_.path() / "library" / "manifest.new"));
  for (const char* name : {"000.text", "001.vectors", "002.passages", "../manifest.json"}) {
    const std::string before = generation(folder_.path());
    const fs::path file = folder_.path() / "library" / before / name;
    const auto middle = static_cast<std::streamoff>(fs::file_size(file) / 2);
    std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
    bytes.seekg(middle);
    const char old = static_cast<char>(bytes.get());
    bytes.seekp(middle);
    bytes.put(static_cast<char>(old ^ 1));
    bytes.close();
    const auto retriever = in_files(folder_.path());
    EXPECT_NE(generation(folder_.path()), before) << name;
    EXPECT_FALSE(hits(*retriever, book_.planted(5).question).empty());
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path() / "library"), {}), 2) << "a manifest and its files";
  }
}

TEST_F(LargeBookTest, IsMadeAnewWhenTheWorldWasAnother) {
  in_files(folder_.path());
  const std::string first = generation(folder_.path());
  run(store_.remove_world("library")).value();
  run(store_.put_world({.name = "library", .title = "Library"})).value();
  std::vector<model::PageContent> contents;
  for (std::size_t i = 0; i < 200; ++i) contents.push_back(book_.page(i));
  put(std::move(contents));
  const auto retriever = in_files(folder_.path());
  EXPECT_NE(generation(folder_.path()), first);
  EXPECT_EQ(retriever->size("library")->pages, 200U);
}

TEST_F(LargeBookTest, IsMadeAnewBesideTheEdits) {
  const auto large = in_files(folder_.path(), 50);
  const std::string first = generation(folder_.path());
  edit(*large, 150, 3);
  EXPECT_TRUE(soon([&] { return generation(folder_.path()) != first; }));
  // What was written while they were made is not lost, and what comes later is taken in.
  edit(*large, 20, 4);
  const auto fresh = in_memory();
  EXPECT_EQ(large->size("library")->pages, fresh->size("library")->pages);
  EXPECT_TRUE(soon([&] { return large->size("library")->passages == fresh->size("library")->passages; }));
  const Agreement agreed = agreement(*large, *fresh, 60);
  EXPECT_GE(agreed.first, 0.9);
  EXPECT_GE(agreed.among, 0.95);
}

TEST_F(LargeBookTest, FilesThatCannotBeMadeAnewLeaveTheOldOnes) {
  const auto large = in_files(folder_.path(), 50);
  const std::string first = generation(folder_.path());
  fs::rename(folder_.path() / "library", folder_.path() / "kept");
  std::ofstream(folder_.path() / "library") << "no folder";
  edit(*large, 60, 5);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  edit(*large, 5, 6);
  EXPECT_EQ(large->size("library")->pages, in_memory()->size("library")->pages);
  EXPECT_GE(agreement(*large, *in_memory(), 30).among, 0.95);
  EXPECT_TRUE(fs::is_regular_file(folder_.path() / "library"));
  fs::remove(folder_.path() / "library");
  fs::rename(folder_.path() / "kept", folder_.path() / "library");
  EXPECT_EQ(generation(folder_.path()), first);
}

TEST_F(LargeBookTest, WhatChangedWhileNobodyLookedIsBounded) {
  in_files(folder_.path(), 50);
  const std::string first = generation(folder_.path());
  const auto change = [this](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      auto content = book_.page(i);
      content.page.content_hash = "again";
      run(store_.put_page(content, std::nullopt)).value();
    }
  };
  change(0, 40);
  const auto some = in_files(folder_.path(), 50);
  EXPECT_TRUE(soon([&] { return generation(folder_.path()) != first; })) << "beside the searches";
  const std::string second = generation(folder_.path());
  change(100, 400);
  const auto many = in_files(folder_.path(), 50);
  EXPECT_NE(generation(folder_.path()), second) << "before the first search";
  EXPECT_EQ(many->size("library")->passages, kPages * 3);
}

TEST_F(LargeBookTest, OfFewPassagesIsHeldInMemory) {
  Retriever retriever(store_, &embedder_, {.folder = folder_.path(), .least_passages = kPages * 3 + 1});
  run(retriever.load("library")).value();
  EXPECT_FALSE(fs::exists(folder_.path() / "library"));
  EXPECT_NE(retriever.quotes("library"), nullptr);
}

}  // namespace
}  // namespace gibsey::retrieval
