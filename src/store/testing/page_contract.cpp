#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/sample_characters.hpp"
#include "store/testing/sample_pages.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class PageContract : public Contract {
 protected:
  PageStore& pages_ = stores_->pages();

  PageChanges put(std::vector<model::PageContent> pages, bool remove_others = false) {
    return value_of(pages_.put_pages(std::move(pages), remove_others));
  }
  std::vector<std::string> listed(const std::string& after, int limit) {
    std::vector<std::string> ids;
    for (const auto& page : value_of(pages_.list_pages("tower", after, limit))) ids.push_back(page.id);
    return ids;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, PageContract, ::testing::ValuesIn(backends()), name_of);

using Ids = std::vector<std::string>;

TEST_P(PageContract, counts_what_it_did) {
  const auto first = put({sample_page("1", 0, "a"), sample_page("2", 1, "b"), sample_page("3", 2, "c")});
  EXPECT_EQ(first.added, 3);
  EXPECT_EQ(first.changed + first.unchanged + first.removed, 0);

  const auto second = put({sample_page("1", 0, "a"), sample_page("2", 1, "B"), sample_page("4", 3, "d")}, true);
  EXPECT_EQ(second.added, 1);
  EXPECT_EQ(second.changed, 1);
  EXPECT_EQ(second.unchanged, 1);
  EXPECT_EQ(second.removed, 1);
  EXPECT_EQ(listed("", 10), (Ids{"1", "2", "4"}));
  EXPECT_EQ(value_of(pages_.count_pages("tower")), 3);
}

TEST_P(PageContract, leaves_other_pages_and_worlds_alone) {
  put({sample_page("1", 0, "a"), sample_page("2", 1, "b")});
  auto elsewhere = sample_page("1", 0, "x");
  elsewhere.page.world = "well";
  put({elsewhere}, true);
  EXPECT_EQ(put({sample_page("1", 0, "A")}).removed, 0);
  EXPECT_EQ(value_of(pages_.count_pages("tower")), 2);
  EXPECT_EQ(value_of(pages_.find_page("well", "1"))->text, elsewhere.page.text);
}

TEST_P(PageContract, keeps_every_field) {
  auto content = sample_page("1", 5, "caf\u00e9 \u201cquoted\u201d 'x' \U0001F98A");
  content.page.text += std::string("\0after a zero byte", 18);
  content.page.updated = 1234567890123;
  put({content});
  const auto page = *value_of(pages_.find_page("tower", "1"));
  EXPECT_EQ(page.world, "tower");
  EXPECT_EQ(page.label, content.page.label);
  EXPECT_EQ(page.title, content.page.title);
  EXPECT_EQ(page.chapter, content.page.chapter);
  EXPECT_EQ(page.text, content.page.text);
  EXPECT_EQ(page.source, content.page.source);
  EXPECT_EQ(page.voice, content.page.voice);
  EXPECT_EQ(page.order, 5);
  EXPECT_EQ(page.version, 1) << "the version given must be ignored";
  EXPECT_EQ(page.content_hash, content.page.content_hash);
  EXPECT_EQ(page.updated, 1234567890123);
}

TEST_P(PageContract, dates_a_page_that_has_no_date) {
  const auto before = unix_millis_now();
  put({sample_page("1", 0, "a")});
  const auto updated = value_of(pages_.find_page("tower", "1"))->updated;
  EXPECT_GE(updated, before);
  EXPECT_LE(updated, unix_millis_now());
}

TEST_P(PageContract, raises_the_version_and_keeps_the_old_text) {
  put({sample_page("1", 0, "a")});
  put({sample_page("1", 0, "b")});
  put({sample_page("1", 0, "c")});
  EXPECT_EQ(value_of(pages_.find_page("tower", "1"))->version, 3);
  EXPECT_EQ(value_of(pages_.find_page_version("tower", "1", 1))->content_hash, "hash of a");
  const auto second = *value_of(pages_.find_page_version("tower", "1", 2));
  EXPECT_EQ(second.text, sample_page("1", 0, "b").page.text);
  EXPECT_EQ(second.version, 2);
  EXPECT_EQ(value_of(pages_.find_page_version("tower", "1", 3))->content_hash, "hash of c");
  EXPECT_FALSE(value_of(pages_.find_page_version("tower", "1", 4)));
  EXPECT_FALSE(value_of(pages_.find_page_version("tower", "2", 1)));
  EXPECT_FALSE(value_of(pages_.find_page_version("well", "1", 1)));
}

TEST_P(PageContract, an_equal_hash_moves_the_page_and_changes_nothing_else) {
  put({sample_page("1", 0, "a"), sample_page("2", 1, "b")});
  value_of(pages_.put_vectors("tower", "m", {sample_vector("1", 0, 1)}));
  auto moved = sample_page("1", 9, "a");
  moved.page.label = "xiv";
  moved.page.chapter = "Two";
  moved.page.title = "another title";
  moved.passages.clear();
  moved.quotes.clear();
  EXPECT_EQ(put({moved}).unchanged, 1);

  const auto page = *value_of(pages_.find_page("tower", "1"));
  EXPECT_EQ(page.order, 9);
  EXPECT_EQ(page.label, "xiv");
  EXPECT_EQ(page.chapter, "Two");
  EXPECT_EQ(page.title, "Title of 1");
  EXPECT_EQ(page.version, 1);
  EXPECT_EQ(listed("", 10), (Ids{"2", "1"}));
  EXPECT_EQ(value_of(pages_.load_contents("tower")).back().passages.size(), 2U);
  EXPECT_EQ(value_of(pages_.load_vectors("tower", "m")).size(), 1U);
}

TEST_P(PageContract, a_change_replaces_passages_and_quotes_and_drops_vectors) {
  put({sample_page("1", 0, "a"), sample_page("2", 1, "b")});
  value_of(pages_.put_vectors("tower", "m", {sample_vector("1", 0, 1), sample_vector("2", 1, 2)}));
  auto changed = sample_page("1", 0, "new");
  changed.passages.resize(1);
  changed.quotes.resize(1);
  put({changed});

  const auto contents = value_of(pages_.load_contents("tower"));
  ASSERT_EQ(contents.size(), 2U);
  ASSERT_EQ(contents[0].passages.size(), 1U);
  EXPECT_EQ(contents[0].passages[0].text, "new passage 0");
  ASSERT_EQ(contents[0].quotes.size(), 1U);
  EXPECT_EQ(contents[0].quotes[0].text, "new quote 0");
  const auto vectors = value_of(pages_.load_vectors("tower", "m"));
  ASSERT_EQ(vectors.size(), 1U);
  EXPECT_EQ(vectors[0].page_id, "2");
}

TEST_P(PageContract, a_removed_page_stays_readable_and_goes_on_counting) {
  put({sample_page("1", 0, "a"), sample_page("2", 1, "b")});
  value_of(pages_.put_vectors("tower", "m", {sample_vector("2", 0, 1)}));
  put({sample_page("1", 0, "a")}, true);
  EXPECT_FALSE(value_of(pages_.find_page("tower", "2")));
  EXPECT_EQ(value_of(pages_.find_page_version("tower", "2", 1))->content_hash, "hash of b");
  EXPECT_TRUE(value_of(pages_.load_vectors("tower", "m")).empty());
  EXPECT_EQ(value_of(pages_.load_contents("tower")).size(), 1U);

  EXPECT_EQ(put({sample_page("2", 1, "again")}).added, 1);
  EXPECT_EQ(value_of(pages_.find_page("tower", "2"))->version, 2);
  EXPECT_EQ(value_of(pages_.find_page_version("tower", "2", 1))->content_hash, "hash of b");
}

TEST_P(PageContract, loads_contents_in_the_order_of_the_book) {
  auto shuffled = sample_page("b", 1, "second");
  std::swap(shuffled.passages[0], shuffled.passages[1]);
  put({sample_page("c", 2, "third"), shuffled, sample_page("a", 1, "first"), sample_page("z", 0, "zeroth")});
  const auto contents = value_of(pages_.load_contents("tower"));
  ASSERT_EQ(contents.size(), 4U);
  EXPECT_EQ(contents[0].page.id, "z");
  EXPECT_EQ(contents[1].page.id, "a") << "pages of one place are in the order of their ids";
  EXPECT_EQ(contents[2].page.id, "b");
  EXPECT_EQ(contents[3].page.id, "c");

  const auto& content = contents[2];
  EXPECT_EQ(content.page.content_hash, "hash of second");
  ASSERT_EQ(content.passages.size(), 2U);
  EXPECT_EQ(content.passages[1].number, 1);
  EXPECT_EQ(content.passages[1].start, 10);
  EXPECT_EQ(content.passages[1].end, 19);
  EXPECT_EQ(content.passages[1].text, "second passage 1");
  EXPECT_EQ(content.passages[1].page_id, "b");
  EXPECT_EQ(content.passages[1].world, "tower");
  ASSERT_EQ(content.quotes.size(), 3U);
  const auto& quote = content.quotes[2];
  EXPECT_EQ(quote.passage, 1);
  EXPECT_EQ(quote.start, 2);
  EXPECT_EQ(quote.end, 7);
  EXPECT_EQ(quote.words, 3);
  EXPECT_EQ(quote.sentences, 2);
  EXPECT_EQ(quote.text, "second quote 2");
  EXPECT_EQ(quote.page_id, "b");
  EXPECT_TRUE(value_of(pages_.load_contents("nowhere")).empty());
}

TEST_P(PageContract, lists_pages_in_portions) {
  put({sample_page("c", 2, "c"), sample_page("b", 1, "b"), sample_page("a", 1, "a"), sample_page("d", 3, "d")});
  EXPECT_EQ(listed("", 2), (Ids{"a", "b"}));
  EXPECT_EQ(listed("a", 2), (Ids{"b", "c"}));
  EXPECT_EQ(listed("c", 2), (Ids{"d"}));
  EXPECT_EQ(listed("d", 2), Ids());
  EXPECT_EQ(listed("", 0), Ids());
  EXPECT_EQ(listed("", -1), Ids());
  EXPECT_EQ(error_of(pages_.list_pages("tower", "nowhere", 2)).code, ErrorCode::not_found);
  EXPECT_TRUE(value_of(pages_.list_pages("nowhere", "", 2)).empty());
  EXPECT_EQ(value_of(pages_.count_pages("nowhere")), 0);
  EXPECT_FALSE(value_of(pages_.find_page("tower", "nowhere")));
}

TEST_P(PageContract, refuses_pages_that_make_no_sense_and_writes_none_of_them) {
  const auto good = sample_page("1", 0, "a");
  auto elsewhere = sample_page("2", 1, "b");
  elsewhere.page.world = "well";
  auto nameless = sample_page("", 1, "b");
  auto repeated = sample_page("2", 1, "b");
  repeated.passages[1].number = 0;
  auto astray = sample_page("2", 1, "b");
  astray.quotes[0].passage = 7;
  for (const auto& bad : {elsewhere, nameless, repeated, astray, good}) {
    const auto error = error_of(pages_.put_pages({good, bad}, false));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << error.message;
  }
  EXPECT_EQ(error_of(pages_.put_pages({}, true)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(value_of(pages_.count_pages("tower")), 0);
  EXPECT_EQ(put({}).added, 0);
}

TEST_P(PageContract, keeps_vectors_by_world_and_model) {
  put({sample_page("2", 1, "b"), sample_page("1", 0, "a")});
  value_of(pages_.put_vectors("tower", "small", {sample_vector("2", 1, 4), sample_vector("2", 0, 3), sample_vector("1", 1, 2)}));
  value_of(pages_.put_vectors("tower", "large", {{.page_id = "1", .passage = 0, .values = {1, 2, 3, 4}, .page_version = 1}}));

  const auto vectors = value_of(pages_.load_vectors("tower", "small"));
  ASSERT_EQ(vectors.size(), 3U);
  EXPECT_EQ(vectors[0].page_id, "1");
  EXPECT_EQ(vectors[0].values, sample_vector("1", 1, 2).values) << "not a bit may change";
  EXPECT_EQ(vectors[1].page_id, "2");
  EXPECT_EQ(vectors[1].passage, 0);
  EXPECT_EQ(vectors[2].passage, 1);
  EXPECT_EQ(value_of(pages_.load_vectors("tower", "large")).size(), 1U);
  EXPECT_TRUE(value_of(pages_.load_vectors("well", "small")).empty());

  const auto missing = value_of(pages_.passages_without_vector("tower", "small"));
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0].page_id, "1");
  EXPECT_EQ(missing[0].passage, 0);
  const auto missing_large = value_of(pages_.passages_without_vector("tower", "large"));
  ASSERT_EQ(missing_large.size(), 3U);
  EXPECT_EQ(missing_large[0].page_id, "1");
  EXPECT_EQ(missing_large[1].page_id, "2");
}

TEST_P(PageContract, replaces_a_vector_and_ignores_one_without_a_passage) {
  put({sample_page("1", 0, "a")});
  value_of(pages_.put_vectors("tower", "m", {sample_vector("1", 0, 1)}));
  value_of(pages_.put_vectors("tower", "m", {sample_vector("1", 0, 2), sample_vector("1", 9, 3), sample_vector("gone", 0, 4)}));
  value_of(pages_.put_vectors("nowhere", "m", {sample_vector("1", 0, 5)}));
  value_of(pages_.put_vectors("tower", "m", {}));
  const auto vectors = value_of(pages_.load_vectors("tower", "m"));
  ASSERT_EQ(vectors.size(), 1U);
  EXPECT_EQ(vectors[0].values[0], 2);
  EXPECT_EQ(error_of(pages_.remove_world("nowhere")).code, ErrorCode::not_found);
}

TEST_P(PageContract, refuses_vectors_of_another_dimension) {
  put({sample_page("1", 0, "a")});
  const model::PassageVector wide{.page_id = "1", .passage = 1, .values = {1, 2, 3, 4}, .page_version = 1};
  EXPECT_EQ(error_of(pages_.put_vectors("tower", "m", {sample_vector("1", 0, 1), wide})).code, ErrorCode::invalid_argument);
  EXPECT_TRUE(value_of(pages_.load_vectors("tower", "m")).empty());
  value_of(pages_.put_vectors("tower", "m", {sample_vector("1", 0, 1)}));
  EXPECT_EQ(error_of(pages_.put_vectors("tower", "m", {wide})).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(pages_.put_vectors("tower", "n", {{.page_id = "1", .passage = 1, .values = {}, .page_version = 1}})).code,
            ErrorCode::invalid_argument);
}

model::World sample_world(const std::string& name) {
  return {.name = name,
          .title = "Title of " + name,
          .author = "An author",
          .language = "de",
          .licence = "CC0",
          .origin = "ingest",
          .character_cost = 7,
          .narrator_cost = 2,
          .max_tokens = 300,
          .mandate = "Be kind.",
          .prompt_template = "{{ char }}",
          .small_prompt_template = "{{ user_text }}",
          .narrator = sample_character("", {"teller"})};
}

TEST_P(PageContract, keeps_worlds_in_the_order_of_their_first_coming) {
  value_of(pages_.put_world(sample_world("well")));
  value_of(pages_.put_world(sample_world("tower")));
  auto again = sample_world("well");
  again.title = "Another title";
  value_of(pages_.put_world(again));
  const auto worlds = value_of(pages_.list_worlds());
  ASSERT_EQ(worlds.size(), 2U);
  EXPECT_EQ(worlds[0].name, "well");
  EXPECT_EQ(worlds[0].title, "Another title");
  EXPECT_EQ(worlds[1].name, "tower");
  EXPECT_FALSE(value_of(pages_.find_world("nowhere")));
}

TEST_P(PageContract, keeps_every_field_of_a_world) {
  const auto given = sample_world("tower");
  ASSERT_EQ(unset_fields(given), std::vector<std::size_t>());
  value_of(pages_.put_world(given));
  EXPECT_TRUE(same(*value_of(pages_.find_world("tower")), given));
  model::World plain;
  plain.name = "well";
  value_of(pages_.put_world(plain));
  EXPECT_TRUE(same(*value_of(pages_.find_world("well")), plain)) << "a narrator without a personality stays without";
}

TEST_P(PageContract, replacing_a_world_leaves_its_pages) {
  value_of(pages_.put_world(sample_world("tower")));
  put({sample_page("1", 0, "a")});
  value_of(pages_.put_world(sample_world("tower")));
  EXPECT_EQ(value_of(pages_.count_pages("tower")), 1);
}

TEST_P(PageContract, removes_a_world_with_everything_but_its_cast) {
  value_of(pages_.put_world(sample_world("tower")));
  value_of(pages_.put_world(sample_world("well")));
  put({sample_page("1", 0, "a"), sample_page("2", 1, "b")});
  put({sample_page("1", 0, "A")}, true);
  value_of(pages_.put_vectors("tower", "m", {sample_vector("1", 0, 1)}));
  model::Character arieol;
  arieol.id = "arieol";
  value_of(stores_->characters().replace_characters("tower", {arieol}));

  value_of(pages_.remove_world("tower"));
  EXPECT_FALSE(value_of(pages_.find_world("tower")));
  EXPECT_EQ(value_of(pages_.count_pages("tower")), 0);
  EXPECT_FALSE(value_of(pages_.find_page_version("tower", "1", 1)));
  EXPECT_FALSE(value_of(pages_.find_page_version("tower", "2", 1)));
  EXPECT_TRUE(value_of(pages_.load_vectors("tower", "m")).empty());
  EXPECT_EQ(value_of(pages_.list_worlds()).size(), 1U);
  EXPECT_EQ(value_of(stores_->characters().list_characters("tower")).size(), 1U);
  EXPECT_EQ(error_of(pages_.remove_world("tower")).code, ErrorCode::not_found);

  put({sample_page("1", 0, "a")});
  EXPECT_EQ(value_of(pages_.find_page("tower", "1"))->version, 1);
  value_of(pages_.remove_world("tower"));  // pages without a world's row
  EXPECT_EQ(value_of(pages_.count_pages("tower")), 0);
}

TEST_P(PageContract, two_writers_at_once_lose_nothing) {
  std::vector<boost::asio::awaitable<void>> writes;
  std::vector<std::optional<Result<PageChanges>>> answers(20);
  for (int i = 0; i < 20; ++i) {
    std::vector<model::PageContent> pages{sample_page(fmt::format("own {}", i), i, "a"),
                                          sample_page("shared", 99, fmt::format("version {}", i))};
    writes.push_back(keep_answer(pages_.put_pages(std::move(pages), false), answers[static_cast<std::size_t>(i)]));
  }
  run_all(std::move(writes), 4);
  int added = 0;
  for (const auto& answer : answers) {
    ASSERT_TRUE(*answer) << answer->error().message;
    added += answer->value().added;
  }
  EXPECT_EQ(added, 21);
  EXPECT_EQ(value_of(pages_.find_page("tower", "shared"))->version, 20);
  for (int version = 1; version <= 20; ++version) EXPECT_TRUE(value_of(pages_.find_page_version("tower", "shared", version)));
}

}  // namespace
}  // namespace gibsey::store::testing
