#include "ingest/page_worker.hpp"

#include "base/testing/soon.hpp"
#include "feed/log/log_feed.hpp"
#include "ingest/content_hash.hpp"
#include "ingest/page_editor.hpp"
#include "ingest/page_publisher.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/page_store.hpp"
#include "store/testing/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

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
  void page_embedded(std::size_t passages, double /*seconds*/) override { embedded += passages; }
  void events_published(std::size_t events) override { published += events; }
  void events_worked(std::size_t events) override { worked += events; }
  void event_died() override { ++dead; }
  std::atomic<std::size_t> embedded = 0;
  std::atomic<std::size_t> published = 0;
  std::atomic<std::size_t> worked = 0;
  std::atomic<int> dead = 0;
};

/// An embedder that refuses one text for good.
class Picky final : public provider::Embedder {
 public:
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) override {
    for (const auto& text : texts) {
      if (!refused.empty() && text.contains(refused)) co_return fail(ErrorCode::invalid_argument, "not this text");
    }
    co_return co_await words.embed(std::move(texts));
  }
  [[nodiscard]] std::string model() const override { return words.model(); }
  [[nodiscard]] int dimension() const override { return words.dimension(); }
  std::string refused;
  gibsey::testing::WordEmbedder words;
};

class PageWorking : public ::testing::Test {
 protected:
  PageWorking() {
    model::World world;
    world.name = "w";
    world.language = "en";
    EXPECT_TRUE(run(pages_.put_world(world)));
    feed_ = *feed::LogFeed::open(folder_.path());
  }
  ~PageWorking() override {
    stop();
    feed_->close();
  }

  void start() {
    publisher_.emplace(threads_.get_executor(), pages_, *feed_, "cdc.pages", folder_.path() / "cdc.pages" / "published",
                       counted_);
    worker_.emplace(threads_.get_executor(), pages_, *feed_, &embedder_, nullptr, nullptr, counted_,
                    WorkerSettings{.default_world = "w", .try_again = milliseconds(20)});
    publisher_->start(0);
    worker_->start();
  }
  void stop() {
    if (publisher_) publisher_->stop();
    if (worker_) worker_->stop();
    if (publisher_) publisher_->wait();
    if (worker_) worker_->wait();
    publisher_.reset();
    worker_.reset();
  }
  std::int64_t write(const std::string& id, const std::string& text) {
    const auto written = run(editor_.write({.world = "w", .id = id, .text = text}));
    EXPECT_TRUE(written) << written.error().message;
    if (publisher_) publisher_->wake();
    return written->page.version;
  }
  void append(const std::string& key, const std::string& value) {
    ASSERT_TRUE(run(feed_->append("cdc.pages", {{key, value, {}, 0}})));
  }
  bool all_have_vectors() { return run(pages_.passages_without_vector("w", embedder_.model()))->empty(); }
  std::vector<feed::Delivered> events_of(const std::string& topic) {
    const auto reader = *run(feed_->reader(topic, std::string(feed::kBeginning)));
    return *run(reader->next(10'000, Deadline::after(milliseconds(0))));
  }
  std::vector<std::string> told(const std::string& id) {
    std::vector<std::string> told;
    for (const auto& delivered : events_of("cdc.pages")) {
      const auto event = read_page_event(delivered.event.key, delivered.event.value, "w");
      if (event && event->page_id == id) told.push_back((event->removed ? "d" : "v") + std::to_string(event->version));
    }
    return told;
  }

  store::testing::TemporaryFolder folder_;
  store::MemoryPageStore pages_;
  Picky embedder_;
  Counted counted_;
  PageEditor editor_{pages_};
  boost::asio::thread_pool threads_{2};
  std::unique_ptr<feed::LogFeed> feed_;
  std::optional<PagePublisher> publisher_;
  std::optional<PageWorker> worker_;
};

TEST_F(PageWorking, only_what_changed_is_embedded) {
  start();
  write("001", text_of("Heron", "Weathervane"));
  ASSERT_TRUE(soon([this] { return counted_.worked == 1; }));
  const auto passages = counted_.embedded.load();
  ASSERT_GE(passages, 2U);
  EXPECT_TRUE(all_have_vectors());
  write("001", text_of("Heron", "Chimney"));
  ASSERT_TRUE(soon([this] { return counted_.worked == 2; }));
  EXPECT_EQ(counted_.embedded, passages + 1) << "the passage at the end";
  EXPECT_TRUE(all_have_vectors());
  EXPECT_EQ(worker_->lag().events, 0);
}

TEST_F(PageWorking, every_version_is_told_though_nobody_looked_in_between) {
  write("001", text_of("One", "a"));
  write("001", text_of("Two", "a"));
  write("001", text_of("Three", "a"));
  start();
  ASSERT_TRUE(soon([this] { return counted_.published >= 3; }));
  EXPECT_EQ(told("001"), (std::vector<std::string>{"v1", "v2", "v3"}));
  stop();
  write("001", text_of("Four", "a"));
  write("001", text_of("Five", "a"));
  ASSERT_TRUE(run(pages_.remove_page("w", "001", std::nullopt)));
  write("002", text_of("Another", "b"));
  start();
  ASSERT_TRUE(soon([this] { return counted_.published >= 7; }));
  EXPECT_EQ(told("001"), (std::vector<std::string>{"v1", "v2", "v3", "v4", "v5", "d5"}))
      << "after a stop it goes on where it was";
  EXPECT_EQ(told("002"), std::vector<std::string>{"v1"});
  ASSERT_TRUE(soon([this] { return counted_.worked >= 7; }));
  EXPECT_TRUE(all_have_vectors());
}

TEST_F(PageWorking, an_event_twice_or_late_does_nothing_again) {
  start();
  write("001", text_of("One", "a"));
  write("001", text_of("Two", "a"));
  ASSERT_TRUE(soon([this] { return counted_.worked == counted_.published && all_have_vectors() && counted_.worked >= 2; }));
  const auto embedded = embedder_.words.embedded;
  const auto worked = counted_.worked.load();
  const auto events = events_of("cdc.pages");
  for (const auto& event : {events.back(), events.front(), events.front()}) append(event.event.key, event.event.value);
  ASSERT_TRUE(soon([&] { return counted_.worked == worked + 3; }));
  EXPECT_EQ(embedder_.words.embedded, embedded);
  EXPECT_TRUE(all_have_vectors());
  EXPECT_EQ(counted_.dead, 0);
}

TEST_F(PageWorking, a_row_of_another_hand_is_cut_and_gets_a_version) {
  model::PageContent row;
  row.page = {.world = "w", .id = "077", .label = "77", .text = text_of("Cormorant", "Gutter")};
  ASSERT_TRUE(run(pages_.put_pages({row}, false)));
  const auto before = run(pages_.find_page("w", "077"));
  ASSERT_TRUE(before && *before);
  start();
  ASSERT_TRUE(soon([this] { return counted_.embedded >= 2 && all_have_vectors(); }));
  const auto now = **run(pages_.find_page("w", "077"));
  EXPECT_EQ(now.version, (*before)->version + 1);
  EXPECT_EQ(now.content_hash, content_hash(now));
  const auto content = **run(pages_.find_content("w", "077", embedder_.model()));
  EXPECT_GE(content.content.passages.size(), 2U);
  EXPECT_EQ(content.vectors.size(), content.content.passages.size());
  EXPECT_FALSE(content.content.quotes.empty());
  // Its own write is an event that asks for nothing.
  ASSERT_TRUE(soon([this] { return counted_.worked >= 2; }));
  EXPECT_EQ((*run(pages_.find_page("w", "077")))->version, now.version);
}

TEST_F(PageWorking, debezium_events_are_worked) {
  write("012", text_of("Heron", "Chimney"));
  publisher_.reset();
  worker_.emplace(threads_.get_executor(), pages_, *feed_, &embedder_, nullptr, nullptr, counted_,
                  WorkerSettings{.default_world = "w", .try_again = milliseconds(20)});
  append(R"({"page_id":"012"})", R"({"op":"i","after":{"page_id":{"value":"012","set":true},"text":null}})");
  append(R"({"page_id":"013"})", R"({"op":"d","after":{"page_id":{"value":null,"deletion_ts":1,"set":true}}})");
  worker_->start();
  ASSERT_TRUE(soon([this] { return counted_.worked == 2; }));
  EXPECT_TRUE(all_have_vectors());
  EXPECT_EQ(counted_.dead, 0);
}

TEST_F(PageWorking, poison_is_put_aside_and_the_rest_goes_on) {
  embedder_.refused = "Albatross";
  append("garbage", "more garbage");
  start();
  write("001", text_of("Albatross", "a"));
  write("002", text_of("Heron", "b"));
  ASSERT_TRUE(soon([this] { return counted_.worked >= 3 && counted_.dead >= 2; }));
  const auto dead = events_of("cdc.pages.dead");
  ASSERT_EQ(dead.size(), 2U);
  EXPECT_EQ(dead[0].event.value, "more garbage");
  EXPECT_EQ(dead[0].event.headers.at(0).name, "reason");
  EXPECT_NE(dead[0].event.headers[0].value.find("no JSON object"), std::string::npos) << dead[0].event.headers[0].value;
  EXPECT_NE(dead[1].event.headers.at(0).value.find("not this text"), std::string::npos) << dead[1].event.headers[0].value;
  for (const auto& missing : *run(pages_.passages_without_vector("w", embedder_.model()))) EXPECT_EQ(missing.page_id, "001");
  EXPECT_EQ(worker_->problem(), "");
}

TEST_F(PageWorking, an_embedder_that_is_away_is_waited_for) {
  embedder_.words.fail_after = 0;
  start();
  write("001", text_of("Kingfisher", "Chimney"));
  ASSERT_TRUE(soon([this] { return !worker_->problem().empty(); }));
  EXPECT_NE(worker_->problem().find("words alone: the embedder has stopped"), std::string::npos) << worker_->problem();
  EXPECT_EQ(worker_->lag().events, 1) << "it is not committed";
  EXPECT_EQ(counted_.dead, 0);
  stop();
  embedder_.words.fail_after = SIZE_MAX;
  start();
  ASSERT_TRUE(soon([this] { return all_have_vectors() && counted_.worked == 1; })) << "the next worker is given it";
  EXPECT_EQ(worker_->problem(), "");
}

TEST_F(PageWorking, the_rate_is_kept) {
  worker_.emplace(threads_.get_executor(), pages_, *feed_, &embedder_, nullptr, nullptr, counted_,
                  WorkerSettings{.default_world = "w", .bytes_per_second = 4000});
  publisher_.emplace(threads_.get_executor(), pages_, *feed_, "cdc.pages", folder_.path() / "published", counted_);
  std::size_t bytes = 0;
  for (int i = 0; i < 8; ++i) {
    const auto text = text_of(fmt::format("Bird {}", i), "end");
    bytes += text.size();
    write(fmt::format("{:03}", i), text);
  }
  const auto started = std::chrono::steady_clock::now();
  publisher_->start(0);
  worker_->start();
  ASSERT_TRUE(soon([this] { return all_have_vectors(); }));
  // A bucket of one second's bytes was full.
  const auto least = static_cast<double>(bytes) / 4000 - 1;
  ASSERT_GT(least, 0.5);
  EXPECT_GT(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(), least * 0.8);
}

}  // namespace
}  // namespace gibsey::ingest
