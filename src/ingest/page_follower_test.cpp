#include "ingest/page_follower.hpp"

#include "base/testing/soon.hpp"
#include "ingest/page_editor.hpp"
#include "retrieval/quote_finder.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/page_store.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

namespace gibsey::ingest {
namespace {

using gibsey::testing::run;
using gibsey::testing::soon;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Two passages' worth of sentences; the first and the last can be told from the others.
std::string text_of(const std::string& first, const std::string& last) {
  std::string text = first + " stands at the beginning of this page.";
  for (int i = 0; i < 16; ++i) text += fmt::format(" Sentence number {} says nothing that was not said of the sea before it.", i);
  return text + " " + last + " stands at the very end of it.";
}

struct Counted final : PageObserver {
  void page_changed(const store::PageChange& change) override {
    const std::scoped_lock lock(mutex);
    changes.push_back(change);
  }
  void page_searchable(double /*seconds*/) override { ++searchable; }
  std::mutex mutex;
  std::vector<store::PageChange> changes;
  std::atomic<int> searchable = 0;
};

class PageFollowing : public ::testing::Test {
 protected:
  PageFollowing() {
    model::World world;
    world.name = "w";
    world.language = "en";
    EXPECT_TRUE(run(pages_.put_world(world)));
    for (int i = 1; i <= 3; ++i)
      write(fmt::format("{:03}", i), text_of(fmt::format("Heron {}", i), fmt::format("Weathervane {}", i)));
    EXPECT_TRUE(run(retriever_.load("w")));
    follower_.start(*run(pages_.last_change()));
  }
  ~PageFollowing() override {
    follower_.stop();
    follower_.wait();
  }

  store::WrittenPage write(const std::string& id, const std::string& text) {
    auto written = run(editor_.write({.world = "w", .id = id, .text = text}));
    EXPECT_TRUE(written) << written.error().message;
    return *written;
  }
  void write_and_wait(const std::string& id, const std::string& text) {
    const auto written = write(id, text);
    follower_.written(written.seq);
    EXPECT_TRUE(run(follower_.wait_for(written.seq, Deadline::after(seconds(10)))));
  }
  bool stands(const std::string& claim) { return retriever_.quotes("w")->find(claim).has_value(); }

  store::MemoryPageStore pages_;
  gibsey::testing::WordEmbedder embedder_;
  retrieval::Retriever retriever_{pages_, &embedder_};
  PageEditor editor_{pages_};
  Counted counted_;
  boost::asio::thread_pool threads_{2};
  PageFollower follower_{threads_.get_executor(), pages_, retriever_, counted_};
};

TEST_F(PageFollowing, WhatIsWrittenIsFoundAndTold) {
  write_and_wait("002", text_of("Kingfisher", "Chimney"));
  EXPECT_TRUE(stands("Kingfisher stands at the beginning of this page."));
  EXPECT_FALSE(stands("Heron 2 stands at the beginning of this page."));
  const auto removed = *run(pages_.remove_page("w", "003", std::nullopt));
  follower_.written(removed.seq);
  ASSERT_TRUE(run(follower_.wait_for(removed.seq, Deadline::after(seconds(10)))));
  EXPECT_FALSE(stands("Heron 3 stands at the beginning of this page."));
  const std::scoped_lock lock(counted_.mutex);
  ASSERT_EQ(counted_.changes.size(), 2U);
  EXPECT_EQ(counted_.changes[0].page_id, "002");
  EXPECT_TRUE(counted_.changes[1].removed);
  EXPECT_EQ(counted_.searchable, 2);
}

TEST_F(PageFollowing, AnotherHandsWriteIsFoundSoon) {
  write("001", text_of("Cormorant", "Gutter"));
  EXPECT_TRUE(soon([this] { return stands("Cormorant stands at the beginning of this page."); }));
}

TEST_F(PageFollowing, OneMayWaitForAVersionThatIsStillToBeWritten) {
  EXPECT_TRUE(run(follower_.wait_for_version("w", "001", 1, Deadline::after(seconds(10)))));
  const auto late = run(follower_.wait_for_version("w", "001", 2, Deadline::after(milliseconds(50))));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::deadline);
  EXPECT_EQ(run(follower_.wait_for_version("w", "nowhere", 1, Deadline::after(milliseconds(50)))).error().code,
            ErrorCode::deadline);
  std::thread writer([this] {
    std::this_thread::sleep_for(milliseconds(50));
    follower_.written(write("001", text_of("Cormorant", "Gutter")).seq);
  });
  EXPECT_TRUE(run(follower_.wait_for_version("w", "001", 2, Deadline::after(seconds(10)))));
  writer.join();
  EXPECT_TRUE(stands("Cormorant stands at the beginning of this page."));
  ASSERT_TRUE(run(pages_.remove_page("w", "001", std::nullopt)));
  EXPECT_TRUE(run(follower_.wait_for_version("w", "001", 2, Deadline::after(seconds(10))))) << "it was, and is no more";
}

TEST_F(PageFollowing, AStopEndsTheWaits) {
  std::thread stopper([this] {
    std::this_thread::sleep_for(milliseconds(50));
    follower_.stop();
  });
  const auto waited = run(follower_.wait_for(1'000'000, Deadline::never()));
  stopper.join();
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ErrorCode::unavailable);
}

TEST_F(PageFollowing, ManyWritersAtOnce) {
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([this, writer] {
      for (int i = 0; i < 10; ++i)
        write_and_wait(fmt::format("{:03}", 1 + (writer + i) % 3), text_of(fmt::format("Bird {} {}", writer, i), "Roof"));
    });
  }
  for (auto& writer : writers) writer.join();
  for (const auto& page : *run(pages_.list_pages("w", "", 10)))
    EXPECT_TRUE(stands(page.text.substr(0, page.text.find('.') + 1))) << page.id << " " << page.text.substr(0, 40);
  EXPECT_EQ(*run(pages_.last_version("w", "001")) + *run(pages_.last_version("w", "002")) + *run(pages_.last_version("w", "003")),
            43)
      << "no write is lost";
}

TEST(PageEditor, FieldsThatAreNotGivenStay) {
  store::MemoryPageStore pages;
  model::World world;
  world.name = "w";
  ASSERT_TRUE(run(pages.put_world(world)));
  PageEditor editor(pages);
  const auto made =
      *run(editor.write({.world = "w", .id = "", .title = "A title", .voice = "arieol", .source = "Some *marked* words."}));
  EXPECT_EQ(made.page.id, "001");
  EXPECT_EQ(made.page.label, "1");
  EXPECT_EQ(made.page.text, "Some marked words.");
  EXPECT_EQ(made.page.source, "Some *marked* words.");
  const auto titled = *run(editor.write({.world = "w", .id = "001", .title = "Another"}));
  EXPECT_EQ(titled.page.version, 2);
  EXPECT_EQ(titled.page.text, "Some marked words.");
  EXPECT_EQ(titled.page.voice, "arieol");
  const auto plain = *run(editor.write({.world = "w", .id = "001", .text = "Plain\r\nwords."}));
  EXPECT_EQ(plain.page.text, "Plain\nwords.") << "line ends as everywhere";
  EXPECT_EQ(plain.page.source, "") << "the old source is not that of the new text";
  EXPECT_EQ(plain.page.title, "Another");
  EXPECT_EQ(run(editor.write({.world = "x", .id = "001", .text = "x"})).error().code, ErrorCode::not_found);
  EXPECT_EQ(run(editor.write({.world = "w", .id = "", .title = "no text"})).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(run(editor.write({.world = "w", .id = "", .text = std::string(kLongestPage + 1, 'x')})).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(run(editor.write({.world = "w", .id = "001", .text = "x", .expected = 1})).error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace gibsey::ingest
