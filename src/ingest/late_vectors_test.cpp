#include "ingest/late_vectors.hpp"

#include "base/testing/soon.hpp"
#include "ingest/importer.hpp"
#include "ingest/page_editor.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/page_store.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <thread>

namespace gibsey::ingest {
namespace {

using gibsey::testing::run;
using gibsey::testing::soon;
using std::chrono::milliseconds;

struct Counted final : PageObserver {
  void page_embedded(std::size_t passages, double /*seconds*/) override {
    ++pages;
    embedded += passages;
  }
  std::atomic<std::size_t> pages = 0;
  std::atomic<std::size_t> embedded = 0;
};

/// The store, and a process that searches; the worker is whoever calls embed_missing.
class LateVectorsTest : public ::testing::Test {
 protected:
  LateVectorsTest() {
    model::World world;
    world.name = "w";
    world.language = "en";
    EXPECT_TRUE(run(pages_.put_world(world)));
    write("001", "The heron stands at the beginning of this book and looks at the sea.");
    embed();
    EXPECT_TRUE(run(retriever_.load("w")));
    late_.start();
  }
  ~LateVectorsTest() override {
    late_.stop();
    late_.wait();
  }

  void write(const std::string& id, const std::string& text) {
    const auto written = run(editor_.write({.world = "w", .id = id, .text = text}));
    ASSERT_TRUE(written) << written.error().message;
  }
  /// As the follower of this process does.
  void follow(const std::string& id) {
    ASSERT_TRUE(run(retriever_.follow("w", {id})));
    late_.expect("w", id);
  }
  void embed() { ASSERT_TRUE(run(embed_missing("w", pages_, embedder_, {}))); }
  std::size_t without_vector() { return retriever_.size("w")->without_vector; }

  store::MemoryPageStore pages_;
  gibsey::testing::WordEmbedder embedder_;
  retrieval::Retriever retriever_{pages_, &embedder_};
  PageEditor editor_{pages_};
  Counted counted_;
  boost::asio::thread_pool threads_{2};
  LateVectors late_{threads_.get_executor(), pages_, retriever_, embedder_.model(), counted_, {.first_look = milliseconds(5)}};
};

TEST_F(LateVectorsTest, VectorsOfAnotherProcessAreTakenIn) {
  for (int i = 2; i < 12; ++i) {
    write(fmt::format("{:03}", i), fmt::format("The weathervane number {} turns above the roofs of the harbour.", i));
    follow(fmt::format("{:03}", i));
  }
  EXPECT_EQ(without_vector(), 10U);
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(late_.waiting(), 10U) << "there are none yet";
  embed();
  EXPECT_TRUE(soon([this] { return late_.waiting() == 0; }));
  EXPECT_EQ(without_vector(), 0U);
  EXPECT_EQ(counted_.pages, 10U);
  EXPECT_EQ(counted_.embedded, 0U) << "this process embedded nothing";
}

TEST_F(LateVectorsTest, APageThatChangesAgainIsWaitedForAgain) {
  write("002", "The weathervane turns above the roofs of the harbour at night.");
  follow("002");
  embed();
  EXPECT_TRUE(soon([this] { return late_.waiting() == 0; }));
  write("002", "The kingfisher dives where the weathervane throws its shadow at noon.");
  follow("002");
  EXPECT_EQ(without_vector(), 1U);
  embed();
  EXPECT_TRUE(soon([this] { return late_.waiting() == 0; }));
  EXPECT_EQ(without_vector(), 0U);
}

TEST_F(LateVectorsTest, APageThatIsNoMoreIsNotWaitedFor) {
  write("002", "The weathervane turns above the roofs of the harbour at night.");
  follow("002");
  ASSERT_TRUE(run(pages_.remove_page("w", "002", std::nullopt)));
  EXPECT_TRUE(soon([this] { return late_.waiting() == 0; }));
  late_.expect("another world", "001");
  EXPECT_EQ(late_.waiting(), 0U) << "that world is not held here";
  EXPECT_EQ(counted_.pages, 0U);
}

TEST_F(LateVectorsTest, TheWaitIsBounded) {
  LateVectors few(threads_.get_executor(), pages_, retriever_, embedder_.model(), counted_, {.most_pages = 3});
  for (int i = 0; i < 9; ++i) few.expect("w", std::to_string(i));
  EXPECT_EQ(few.waiting(), 3U);
}

}  // namespace
}  // namespace gibsey::ingest
