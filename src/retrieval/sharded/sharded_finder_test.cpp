#include "retrieval/sharded/sharded_finder.hpp"

#include "retrieval/large/testing/made_book.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/sharded/testing/shard_cluster.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/page_store.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace gibsey::retrieval {
namespace {

using namespace std::chrono_literals;
using gibsey::testing::MadeBook;
using gibsey::testing::run;
using gibsey::testing::WordEmbedder;
using testing::ClusterShape;
using testing::ShardCluster;
using Clock = std::chrono::steady_clock;

/// A made book in a store, found in one process and over memory nodes.
struct Book {
  explicit Book(std::size_t pages) : made({.pages = pages, .planted_every = 10}) {
    run(store.put_world({.name = "library", .title = "Library"})).value();
    std::vector<model::PageContent> contents;
    for (std::size_t i = 0; i < pages; ++i) contents.push_back(made.page(i));
    run(store.put_pages(std::move(contents), false)).value();
    embed();
    run(alone.load("library")).value();
  }

  /// Every passage that has no vector gets one.
  void embed() {
    std::set<std::string> ids;
    for (const auto& key : run(store.passages_without_vector("library", "words-64")).value()) ids.insert(key.page_id);
    std::vector<model::PassageVector> vectors;
    for (const auto& id : ids) {
      const auto page = *run(store.find_content("library", id, "")).value();
      for (const auto& passage : page.content.passages) {
        vectors.push_back({id, passage.number, run(embedder.embed({passage.text})).value().front(), page.content.page.version});
      }
    }
    run(store.put_vectors("library", "words-64", std::move(vectors))).value();
  }

  [[nodiscard]] Query question(std::uint64_t i) const {
    Query query{.world = "library", .text = made.some_question(i)};
    if (i % 3 == 1) query.text = made.planted(i % made.planted_count()).half_remembered;
    if (i % 3 == 2) query.text = made.planted(i % made.planted_count()).question;
    if (i % 4 == 0) query.character = "voice-1";
    if (i % 5 == 0) query.page_id = made.page_id(i % made.page_count());
    if (i % 7 == 0) {
      query.text = "And why did they?";
      query.earlier = {made.planted(i % made.planted_count()).question};
      query.earlier_pages = {made.page_id(i % made.page_count())};
    }
    return query;
  }

  /// Edits, removals, and new pages at random places; both follow, three changes at a time.
  void edit(ShardCluster& cluster, std::size_t changes, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const MadeBook other({.pages = 5000, .seed = seed});
    std::set<std::string> changed;
    for (std::size_t i = 0; i < changes; ++i) {
      const std::string id = i % 5 == 0 ? fmt::format("new-{}", i) : made.page_id(random() % made.page_count());
      const bool is_there = run(store.find_page("library", id)).value().has_value();
      if (random() % 4 == 0 && is_there) {
        run(store.remove_page("library", id, std::nullopt)).value();
      } else {
        auto content = other.page(random() % 5000);
        content.page.id = id;
        content.page.order = random() % 3 == 0 ? static_cast<std::int64_t>(random() % made.page_count()) : -1;
        for (auto& passage : content.passages) passage.page_id = id;
        for (auto& quote : content.quotes) quote.page_id = id;
        run(store.put_page(std::move(content), std::nullopt)).value();
      }
      if (i % 2 == 0) embed();
      changed.insert(id);
      if (i % 3 != 2 && i + 1 < changes) continue;
      run(alone.follow("library", {changed.begin(), changed.end()})).value();
      cluster.follow("library", {changed.begin(), changed.end()});
      changed.clear();
    }
  }

  store::MemoryPageStore store;
  WordEmbedder embedder;
  MadeBook made;
  Retriever alone{store, &embedder};
};

void expect_same(const Retrieved& a, const Retrieved& b, std::uint64_t question) {
  ASSERT_EQ(a.hits.size(), b.hits.size()) << question;
  EXPECT_EQ(a.above_threshold, b.above_threshold) << question;
  EXPECT_EQ(a.method, b.method) << question;
  const auto facts = [](const Hit& hit) {
    return std::tie(hit.quote.page_id, hit.quote.text, hit.quote.start, hit.quote.end, hit.quote.words, hit.quote.passage,
                    hit.quote.world, hit.label, hit.title, hit.chapter, hit.voice, hit.page_version, hit.score, hit.text_score,
                    hit.pair_score, hit.vector_score);
  };
  for (std::size_t i = 0; i < a.hits.size(); ++i) EXPECT_EQ(facts(a.hits[i]), facts(b.hits[i])) << question;
}

TEST(ShardedFinder, AnswersAShortBookToTheLastBitAsOneProcess) {
  Book book(600);
  ShardCluster cluster(book.store, &book.embedder, {});
  cluster.load("library");
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto alone = run(book.alone.retrieve(book.question(i))).value();
    const auto gathered = cluster.ask(book.question(i)).value();
    expect_same(alone, gathered, i);
    EXPECT_EQ(gathered.shards, 16U);
    EXPECT_TRUE(gathered.missing_shards.empty());
    found += alone.hits.size();
  }
  EXPECT_GT(found, 500U);
}

TEST(ShardedFinder, FollowsEditsAndStillAnswersTheSame) {
  Book book(400);
  ShardCluster cluster(book.store, &book.embedder, {.replicas = 2});
  cluster.load("library");
  book.edit(cluster, 60, 7);
  for (std::uint64_t i = 0; i < 60; ++i)
    expect_same(run(book.alone.retrieve(book.question(i))).value(), cluster.ask(book.question(i)).value(), i);
}

TEST(ShardedFinder, AnswersALongBookAsOneProcess) {
  Book book(1200);
  ShardCluster cluster(book.store, &book.embedder, {});
  cluster.load("library");
  const std::uint64_t questions = 240;
  std::uint64_t same = 0;
  std::uint64_t among = 0;
  for (std::uint64_t i = 0; i < questions; ++i) {
    const auto alone = run(book.alone.retrieve(book.question(i))).value().hits;
    const auto gathered = cluster.ask(book.question(i)).value().hits;
    ASSERT_EQ(alone.empty(), gathered.empty());
    if (alone.empty() || alone.front().quote.page_id == gathered.front().quote.page_id) ++same;
    const auto is_first = [&alone](const Hit& hit) { return hit.quote.page_id == alone.front().quote.page_id; };
    if (alone.empty() || std::ranges::any_of(gathered, is_first)) ++among;
  }
  RecordProperty("same", static_cast<int>(same));
  std::printf("the same first page for %d of %d, among the hits %d\n", static_cast<int>(same), static_cast<int>(questions),
              static_cast<int>(among));
  EXPECT_GE(same * 100, questions * 95);
  EXPECT_GE(among * 100, questions * 98);
}

TEST(ShardedFinder, FindsAClaimWhereOneProcessDoes) {
  Book book(200);
  ShardCluster cluster(book.store, nullptr, {.nodes = 4});
  cluster.load("library");
  std::size_t found = 0;
  for (std::size_t i = 0; i < 200; i += 5) {
    const auto content = book.made.page(i);
    const auto& quote = content.quotes[i % content.quotes.size()];
    for (const std::string& claim : {quote.text, quote.text + ",", std::string("the of the and"), quote.text + " nowhere"}) {
      const std::vector<std::string> preferred{book.made.page_id((i + 60) % 200)};
      const auto alone = run(book.alone.find_quote("library", claim, preferred)).value();
      const auto gathered = cluster.find_quote("library", claim, preferred).value();
      ASSERT_EQ(alone.has_value(), gathered.has_value()) << claim;
      if (!alone) continue;
      ++found;
      EXPECT_EQ(
          std::tie(alone->page_id, alone->start, alone->end, alone->text, alone->page_version, alone->title),
          std::tie(gathered->page_id, gathered->start, gathered->end, gathered->text, gathered->page_version, gathered->title));
    }
  }
  EXPECT_GE(found, 80U);
}

TEST(ShardedFinder, SaysWhatIsMissingWhenANodeIsAway) {
  Book book(400);
  ShardCluster cluster(book.store, &book.embedder, {.deadline = 2s});
  cluster.load("library");
  cluster.server(1).end();
  std::set<std::uint32_t> of_it;
  for (std::uint32_t shard = 0; shard < 16; ++shard) {
    if (cluster.map().owns(1, "library", shard)) of_it.insert(shard);
  }
  ASSERT_FALSE(of_it.empty());
  std::size_t first = 0;
  std::size_t asked = 0;
  for (std::size_t i = 0; i < book.made.planted_count(); ++i) {
    const auto planted = book.made.planted(i);
    const std::string page = book.made.page_id(planted.page);
    const auto begun = Clock::now();
    const auto found = cluster.ask({.world = "library", .text = planted.question}).value();
    EXPECT_LT(Clock::now() - begun, 4s);
    EXPECT_EQ(std::set(found.missing_shards.begin(), found.missing_shards.end()), of_it);
    for (const Hit& hit : found.hits) EXPECT_FALSE(of_it.contains(sharded::shard_of("library", hit.quote.page_id, 16)));
    if (of_it.contains(sharded::shard_of("library", page, 16))) continue;
    ++asked;
    first += !found.hits.empty() && found.hits.front().quote.page_id == page ? 1 : 0;
  }
  EXPECT_GE(first * 100, asked * 95) << "of " << asked;
  // What is not on the shards that are there may be on one that is not.
  EXPECT_EQ(cluster.find_quote("library", "words that stand nowhere").error().code, ErrorCode::unavailable);
  cluster.server(0).end();
  cluster.server(2).end();
  const auto error = cluster.ask({.world = "library", .text = "Who is there?"}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_NE(error.message.find("node-1"), std::string::npos) << error.message;
}

TEST(ShardedFinder, HoldsItsDeadlineWhereANodeStandsStill) {
  Book book(200);
  ShardCluster cluster(book.store, nullptr, {.deadline = 1500ms});
  cluster.load("library");
  cluster.server(2).slow_down(4s);
  const auto begun = Clock::now();
  const auto found = cluster.ask({.world = "library", .text = book.made.planted(3).question}).value();
  EXPECT_LT(Clock::now() - begun, 3500ms);
  EXPECT_FALSE(found.missing_shards.empty());
}

TEST(ShardedFinder, AsksTheNextOwnerOfWhatIsLateOrFails) {
  Book book(200);
  ShardCluster cluster(book.store, &book.embedder, {.replicas = 2, .second_after = 50ms});
  cluster.load("library");
  cluster.server(0).slow_down(6s);
  for (const bool is_away : {false, true}) {
    if (is_away) cluster.server(0).end();
    for (std::uint64_t i = 0; i < 10; ++i) {
      const auto begun = Clock::now();
      const auto found = cluster.ask(book.question(i)).value();
      EXPECT_LT(Clock::now() - begun, 5s);
      EXPECT_TRUE(found.missing_shards.empty());
      expect_same(run(book.alone.retrieve(book.question(i))).value(), found, i);
    }
  }
}

TEST(ShardedFinder, ANewNodeTakesItsShardsAndAnswersStayTheSame) {
  Book book(1000);
  ShardCluster three(book.store, &book.embedder, {.nodes = 3});
  ShardCluster four(book.store, &book.embedder, {.nodes = 4});
  three.load("library");
  four.load("library");
  std::size_t held = 0;
  for (std::size_t i = 0; i < 4; ++i) held += four.node(i).size("library")->pages;
  EXPECT_EQ(held, 1000U) << "each page on one node";
  for (std::uint64_t i = 0; i < 40; ++i) expect_same(three.ask(book.question(i)).value(), four.ask(book.question(i)).value(), i);
}

TEST(ShardedFinder, AnEditCostsOtherNodesNothing) {
  Book book(200);
  ShardCluster cluster(book.store, nullptr, {});
  cluster.load("library");
  const std::string id = book.made.page_id(70);
  const std::uint32_t shard = sharded::shard_of("library", id, 16);
  std::vector<int> before;
  for (std::size_t i = 0; i < 3; ++i) before.push_back(cluster.server(i).calls());
  cluster.follow("library", {id});
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(cluster.server(i).calls() - before[i], cluster.map().owns(i, "library", shard) ? 1 : 0);
}

TEST(ShardedFinder, KnowsWhichWorldsHaveABook) {
  Book book(40);
  run(book.store.put_world({.name = "sarah", .title = "Sarah"})).value();
  ShardCluster cluster(book.store, nullptr, {});
  cluster.load("library");
  cluster.load("sarah");
  EXPECT_TRUE(cluster.finder().has_book("library"));
  EXPECT_FALSE(cluster.finder().has_book("sarah"));
  EXPECT_FALSE(cluster.finder().has_book("nowhere"));
  EXPECT_EQ(cluster.ask({.world = "nowhere", .text = "Who?"}).error().code, ErrorCode::not_found);
  EXPECT_EQ(cluster.ask({.world = "library", .text = " "}).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(cluster.ask({.world = "sarah", .text = "Who?"}).value().hits.empty());
  auto page = book.made.page(0);
  page.page.world = "sarah";
  for (auto& passage : page.passages) passage.world = "sarah";
  for (auto& quote : page.quotes) quote.world = "sarah";
  run(book.store.put_page(page, std::nullopt)).value();
  cluster.follow("sarah", {page.page.id});
  EXPECT_TRUE(cluster.finder().has_book("sarah"));
}

}  // namespace
}  // namespace gibsey::retrieval
