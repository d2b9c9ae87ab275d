#include "retrieval/sharded/messages.hpp"

#include "retrieval/sharded/wire.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>

namespace gibsey::retrieval::sharded {
namespace {

Wanted some_question() {
  return {.whole = false,
          .best = 26,
          .near_of = 6,
          .book_sample = 2048,
          .book_passages = 36'000,
          .mean_length = 97.25f,
          .keys = {{"tower", ""}, {{"the", "tower"}}},
          .stem_weights = {3.5f, 0},
          .subject_weights = {0, 1e-30f},
          .pair_weights = {7},
          .vector = {0.25f, -1.0f / 3},
          .open_page = "007"};
}

Cards some_cards() {
  Cards cards{.pages = {}, .has_cosines = true, .stems = {{{0, 2}, {2, 1}}, {}}, .pairs = {{{1, 1}}}};
  cards.pages.push_back({"001", -4, "todd", 3, true, {{0, 120, true, 0.5f}, {1, 60, false, -2}}});
  cards.pages.push_back({"002", std::numeric_limits<std::int64_t>::max(), "", 1, false, {{0, 99, true, 0.1f}}});
  cards.pages.push_back({"003", 9, "", 1, false, {}});
  return cards;
}

/// What each kind of message is read by, and one of its kind.
struct Kind {
  const char* name;
  std::string bytes;
  std::function<bool(std::string_view)> reads;
};

std::vector<Kind> kinds() {
  model::PageContent page;
  page.page = {.world = "w", .id = "007", .label = "vii", .title = "Seven", .chapter = "One", .voice = "todd", .version = 4};
  page.quotes = {{"w", "007", 1, 10, 26, 3, 1, "The tower leans."}};
  const Found found{true, 2, 40, {"007", "vii", "Seven", 10, 26, "The tower leans.", 4}};
  Counts counts{.passages = 100, .pages = 30, .words = 9000, .vectors = 99, .stems = {{3, 2}, {0, 0}}, .pairs = {{1, 1}}};
  return {
      {"request", encode(ShardRequest{"w", 16, {1, 15}, "payload"}), [](auto bytes) { return read_request(bytes).has_value(); }},
      {"answers", encode(std::vector<ShardAnswer>{{1, "a"}, {15, ""}}),
       [](auto bytes) { return read_answers(bytes).has_value(); }},
      {"keys", encode(some_question().keys), [](auto bytes) { return read_keys(bytes).has_value(); }},
      {"counts", encode(counts), [](auto bytes) { return read_counts(bytes).has_value(); }},
      {"wanted", encode(some_question()), [](auto bytes) { return read_wanted(bytes).has_value(); }},
      {"cards", encode(some_cards()), [](auto bytes) { return read_cards(bytes).has_value(); }},
      {"names", encode(std::vector<PassageName>{{"007", 1}}), [](auto bytes) { return read_names(bytes).has_value(); }},
      {"pages", encode(std::vector{page}), [](auto bytes) { return read_pages(bytes, "w").has_value(); }},
      {"claim", encode(Claim{"The tower leans.", {"007"}}), [](auto bytes) { return read_claim(bytes).has_value(); }},
      {"ids", encode(std::vector<std::string>{"007", "012"}), [](auto bytes) { return read_ids(bytes).has_value(); }},
      {"found", encode(std::optional(found)), [](auto bytes) { return read_found(bytes).has_value(); }},
      {"nothing found", encode(std::optional<Found>()), [](auto bytes) { return read_found(bytes).has_value(); }},
  };
}

TEST(Messages, AreReadAsTheyWereWritten) {
  for (const Kind& kind : kinds()) EXPECT_TRUE(kind.reads(kind.bytes)) << kind.name;
  const auto wanted = read_wanted(encode(some_question())).value();
  EXPECT_EQ(encode(wanted), encode(some_question()));
  EXPECT_EQ(wanted.vector, some_question().vector) << "to the last bit";
  EXPECT_EQ(wanted.keys.pairs, some_question().keys.pairs);
  const auto cards = read_cards(encode(some_cards())).value();
  EXPECT_EQ(encode(cards), encode(some_cards()));
  EXPECT_EQ(cards.pages[0].order, -4);
  EXPECT_EQ(cards.pages[1].order, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(cards.pages[0].passages[1].cosine, -2);
  const auto request = read_request(kinds()[0].bytes).value();
  EXPECT_EQ(request.shards, (std::vector<std::uint32_t>{1, 15}));
  EXPECT_EQ(request.payload, "payload");
  const auto pages = read_pages(kinds()[7].bytes, "w").value();
  EXPECT_EQ(pages[0].quotes[0].text, "The tower leans.");
  EXPECT_EQ(pages[0].quotes[0].page_id, "007");
  EXPECT_EQ(pages[0].page.chapter, "One");
  EXPECT_EQ(read_ids(encode(std::vector<std::string>{"012", "007", ""})).value(), (std::vector<std::string>{"012", "007", ""}));
  EXPECT_FALSE(read_ids(encode(std::vector<std::string>{"012", "007", "012"}))) << "a page is read, and put in its place, once";
}

TEST(Messages, AnythingCutOffOrAddedIsRefused) {
  for (const Kind& kind : kinds()) {
    for (std::size_t length = 0; length < kind.bytes.size(); ++length)
      EXPECT_FALSE(kind.reads(std::string_view(kind.bytes).substr(0, length))) << kind.name << " of " << length;
    EXPECT_FALSE(kind.reads(kind.bytes + '\0')) << kind.name;
  }
}

TEST(Messages, AnyBytesAreReadOrRefusedWithoutHarm) {
  std::mt19937_64 random(11);
  for (const Kind& kind : kinds()) {
    for (int i = 0; i < 3000; ++i) {
      std::string bytes = kind.bytes;
      for (std::size_t change = random() % 4; change < 4; ++change) {
        const std::size_t at = random() % bytes.size();
        if (random() % 3 == 0) {
          bytes.insert(at, 1 + random() % 9, static_cast<char>(random()));
        } else {
          bytes[at] = static_cast<char>(random() % 2 == 0 ? 0xFF : random());
        }
      }
      (void)kind.reads(bytes);
    }
  }
}

TEST(Messages, NobodyIsMadeToSetMemoryAsideForWhatDoesNotCome) {
  WireWriter writer;
  writer.number(std::uint64_t{1} << 62);
  const std::string many = writer.take();
  EXPECT_FALSE(read_keys(many));
  EXPECT_FALSE(read_names(many));
  EXPECT_FALSE(read_pages(many, "w"));
  // As many as there is room for, and yet too many.
  WireWriter long_list;
  long_list.number(100'000);
  EXPECT_FALSE(read_keys(long_list.take() + std::string(200'000, '\0')));
}

TEST(Messages, CardsNameTheirOwnPassagesInOrder) {
  auto cards = some_cards();
  cards.stems[0] = {{3, 1}};
  EXPECT_FALSE(read_cards(encode(cards)));
  cards.stems[0] = {{2, 1}, {1, 1}};
  EXPECT_FALSE(read_cards(encode(cards)));
  cards.stems[0] = {{1, 1}, {1, 1}};
  EXPECT_FALSE(read_cards(encode(cards)));
  cards = some_cards();
  cards.pages[0].passages[0].cosine = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(read_cards(encode(cards)));
}

TEST(Messages, AQuestionHasAWeightForEachKeyAndAMeanLength) {
  auto wanted = some_question();
  wanted.stem_weights.pop_back();
  EXPECT_FALSE(read_wanted(encode(wanted)));
  wanted = some_question();
  wanted.mean_length = 0;
  EXPECT_FALSE(read_wanted(encode(wanted)));
  wanted.mean_length = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(read_wanted(encode(wanted)));
}

TEST(Messages, NothingIsAskedForTwice) {
  EXPECT_FALSE(read_request(encode(ShardRequest{"w", 16, {1, 15, 1}, ""})));
  EXPECT_FALSE(read_keys(encode(Keys{{"tower", "lamp", "tower"}, {}})));
  EXPECT_FALSE(read_keys(encode(Keys{{}, {{"the", "tower"}, {"the", "tower"}}})));
  EXPECT_TRUE(read_keys(encode(Keys{{"tower", "lamp"}, {{"the", "tower"}, {"tower", "the"}}})));
  Wanted twice = some_question();
  twice.keys.stems = {"tower", "tower"};
  EXPECT_FALSE(read_wanted(encode(twice)));
}

}  // namespace
}  // namespace gibsey::retrieval::sharded
