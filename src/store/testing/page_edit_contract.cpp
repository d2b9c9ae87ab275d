#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/sample_pages.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class PageEditContract : public Contract {
 protected:
  PageStore& pages_ = stores_->pages();

  void put(std::vector<model::PageContent> pages, bool remove_others = false) {
    value_of(pages_.put_pages(std::move(pages), remove_others));
  }
  WrittenPage edit(model::PageContent content, std::optional<std::int64_t> expected = std::nullopt) {
    return value_of(pages_.put_page(std::move(content), expected));
  }
  std::vector<std::string> listed() {
    std::vector<std::string> ids;
    for (const auto& page : value_of(pages_.list_pages("tower", "", 100))) ids.push_back(page.id);
    return ids;
  }
  std::string hash_of(const std::string& id) { return value_of(pages_.find_page("tower", id))->content_hash; }
  std::vector<PageChange> changes_after(std::int64_t after) { return value_of(pages_.changes_after(after, 100)); }
};
INSTANTIATE_TEST_SUITE_P(Stores, PageEditContract, ::testing::ValuesIn(backends()), name_of);

using Ids = std::vector<std::string>;

TEST_P(PageEditContract, an_edit_raises_the_version_and_keeps_the_old_text_and_the_place) {
  put({sample_page("1", 4, "a"), sample_page("2", 5, "b")});
  const auto written = edit(sample_page("1", -1, "A"));
  EXPECT_FALSE(written.added);
  EXPECT_TRUE(written.changed);
  EXPECT_EQ(written.page.version, 2);
  EXPECT_EQ(written.page.order, 4);
  EXPECT_EQ(written.page.text, sample_page("1", 0, "A").page.text);
  EXPECT_EQ(value_of(pages_.find_page_version("tower", "1", 1))->content_hash, "hash of a");
  EXPECT_EQ(value_of(pages_.load_contents("tower"))[0].passages[0].text, "A passage 0");

  const auto again = edit(sample_page("1", -1, "A"));
  EXPECT_FALSE(again.changed) << "the same content is no new version";
  EXPECT_EQ(again.page.version, 2);
  EXPECT_EQ(again.seq, written.seq);
}

TEST_P(PageEditContract, a_new_page_goes_behind_the_last_with_an_id_that_never_was) {
  put({sample_page("007", 0, "a"), sample_page("075", 3, "b"), sample_page("epilogue", 2, "c")});
  auto unnamed = sample_page("", -1, "new");
  const auto first = edit(unnamed);
  EXPECT_TRUE(first.added);
  EXPECT_EQ(first.page.id, "076");
  EXPECT_EQ(first.page.version, 1);
  EXPECT_EQ(first.page.order, 4);
  EXPECT_EQ(value_of(pages_.load_contents("tower")).back().passages[0].page_id, "076");
  value_of(pages_.remove_page("tower", "076", std::nullopt));
  EXPECT_EQ(edit(unnamed).page.id, "077") << "ids are never reused";
  auto elsewhere = unnamed;
  elsewhere.page.world = "well";
  EXPECT_EQ(edit(elsewhere).page.id, "001");
  EXPECT_EQ(edit(sample_page("1000", 9, "d")).page.order, 9);
  EXPECT_EQ(edit(unnamed).page.id, "1001");
}

TEST_P(PageEditContract, a_writer_who_saw_another_version_is_refused) {
  put({sample_page("1", 0, "a")});
  EXPECT_EQ(edit(sample_page("1", -1, "b"), 1).page.version, 2);
  EXPECT_EQ(error_of(pages_.put_page(sample_page("1", -1, "c"), 1)).code, ErrorCode::conflict);
  EXPECT_EQ(error_of(pages_.put_page(sample_page("1", -1, "c"), 0)).code, ErrorCode::conflict) << "it is there";
  EXPECT_EQ(error_of(pages_.put_page(sample_page("2", -1, "c"), 3)).code, ErrorCode::conflict) << "it is not there";
  EXPECT_EQ(error_of(pages_.remove_page("tower", "1", 1)).code, ErrorCode::conflict);
  EXPECT_EQ(hash_of("1"), "hash of b");
  EXPECT_EQ(listed(), (Ids{"1"}));
  EXPECT_EQ(edit(sample_page("2", -1, "c"), 0).page.version, 1);
  EXPECT_EQ(value_of(pages_.remove_page("tower", "1", 2)).version, 2);
  EXPECT_EQ(error_of(pages_.remove_page("tower", "1", 2)).code, ErrorCode::not_found);
}

TEST_P(PageEditContract, a_removed_page_stays_readable_and_goes_on_counting) {
  put({sample_page("1", 0, "a"), sample_page("2", 1, "b")});
  const auto removed = value_of(pages_.remove_page("tower", "1", std::nullopt));
  EXPECT_TRUE(removed.removed);
  EXPECT_EQ(listed(), (Ids{"2"}));
  EXPECT_EQ(value_of(pages_.find_page_version("tower", "1", 1))->content_hash, "hash of a");
  EXPECT_EQ(value_of(pages_.last_version("tower", "1")), 1);
  EXPECT_EQ(value_of(pages_.last_version("tower", "3")), 0);
  EXPECT_FALSE(value_of(pages_.find_content("tower", "1", "m")));
  EXPECT_EQ(edit(sample_page("1", -1, "a")).page.version, 2);
  EXPECT_EQ(value_of(pages_.last_version("tower", "1")), 2);
}

TEST_P(PageEditContract, passages_whose_text_is_the_same_keep_their_vectors) {
  auto before = sample_page("1", 0, "a");
  before.passages.push_back({.world = "tower", .page_id = "1", .number = 2, .start = 30, .end = 39, .text = "a passage 2"});
  put({before});
  value_of(pages_.put_vectors("tower", "m", {sample_vector("1", 0, 1), sample_vector("1", 1, 2), sample_vector("1", 2, 3)}));
  auto after = before;
  after.page.content_hash = "another";
  after.passages[0].text = "a passage 2";
  after.passages[1].text = "nothing that was there";
  edit(after);
  const auto vectors = value_of(pages_.load_vectors("tower", "m"));
  ASSERT_EQ(vectors.size(), 2U);
  EXPECT_EQ(vectors[0].passage, 0);
  EXPECT_EQ(vectors[0].values[0], 3) << "that of the text, not of the number";
  EXPECT_EQ(vectors[0].page_version, 2);
  EXPECT_EQ(vectors[1].passage, 2);
  EXPECT_EQ(vectors[1].values[0], 3);
  const auto missing = value_of(pages_.passages_without_vector("tower", "m"));
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0].passage, 1);
}

TEST_P(PageEditContract, a_vector_of_an_old_version_is_not_taken) {
  put({sample_page("1", 0, "a")});
  edit(sample_page("1", -1, "b"));
  value_of(pages_.put_vectors("tower", "m", {sample_vector("1", 0, 1, 1), sample_vector("1", 1, 2, 2)}));
  const auto vectors = value_of(pages_.load_vectors("tower", "m"));
  ASSERT_EQ(vectors.size(), 1U);
  EXPECT_EQ(vectors[0].passage, 1);
}

TEST_P(PageEditContract, a_long_book_is_read_in_pieces_in_its_order) {
  put({sample_page("b", 1, "b"), sample_page("c", 0, "c"), sample_page("a", 1, "a"), sample_page("d", 7, "d")});
  value_of(pages_.put_vectors("tower", "m", {sample_vector("a", 1, 2), sample_vector("b", 0, 1)}));
  const auto first = value_of(pages_.list_contents("tower", {}, 2, "m"));
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].content.page.id, "c");
  EXPECT_EQ(first[1].content.page.id, "a");
  EXPECT_EQ(first[1].content.passages.size(), 2U);
  EXPECT_EQ(first[1].content.quotes.size(), 3U);
  ASSERT_EQ(first[1].vectors.size(), 1U);
  EXPECT_EQ(first[1].vectors[0].passage, 1);
  // The page that was read last may be gone by now.
  value_of(pages_.remove_page("tower", "a", std::nullopt));
  const auto rest = value_of(pages_.list_contents("tower", {.order = 1, .id = "a"}, 9, ""));
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[0].content.page.id, "b");
  EXPECT_TRUE(rest[0].vectors.empty());
  EXPECT_EQ(rest[1].content.page.id, "d");
  EXPECT_TRUE(value_of(pages_.list_contents("tower", {.order = 7, .id = "d"}, 9, "m")).empty());
  EXPECT_TRUE(value_of(pages_.list_contents("tower", {}, 0, "m")).empty());
  EXPECT_TRUE(value_of(pages_.list_contents("well", {}, 9, "m")).empty());
  EXPECT_EQ(value_of(pages_.count_passages("tower")), 6);
  EXPECT_EQ(value_of(pages_.count_passages("well")), 0);
}

TEST_P(PageEditContract, one_page_with_all_that_an_index_needs) {
  put({sample_page("1", 0, "a"), sample_page("2", 1, "b")});
  value_of(pages_.put_vectors("tower", "m", {sample_vector("2", 1, 2), sample_vector("1", 0, 1)}));
  const auto found = value_of(pages_.find_content("tower", "2", "m"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->content.page.content_hash, "hash of b");
  EXPECT_EQ(found->content.passages.size(), 2U);
  EXPECT_EQ(found->content.quotes.size(), 3U);
  ASSERT_EQ(found->vectors.size(), 1U);
  EXPECT_EQ(found->vectors[0].passage, 1);
  EXPECT_TRUE(value_of(pages_.find_content("tower", "2", "other"))->vectors.empty());
  EXPECT_FALSE(value_of(pages_.find_content("well", "2", "m")));
  EXPECT_FALSE(value_of(pages_.find_content("tower", "", "m")));
}

TEST_P(PageEditContract, many_pages_with_all_that_an_index_needs) {
  constexpr int kPages = 150;
  std::vector<model::PageContent> book;
  std::vector<model::PassageVector> vectors;
  std::vector<std::string> asked{"", "nowhere"};
  for (int i = 0; i < kPages; ++i) {
    book.push_back(sample_page(std::to_string(i), i, "text " + std::to_string(i)));
    if (i % 2 == 0) vectors.push_back(sample_vector(std::to_string(i), 1, static_cast<float>(i)));
    if (i % 10 != 7) asked.push_back(std::to_string(kPages - 1 - i));
  }
  put(book);
  value_of(pages_.put_vectors("tower", "m", vectors));
  edit(sample_page("4", -1, "another text"));
  const auto found = value_of(pages_.find_contents("tower", asked, "m"));
  ASSERT_EQ(found.size() + 2, asked.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& [content, of_page] = found[i];
    ASSERT_EQ(content.page.id, asked[i + 2]) << "in the order of the ids";
    EXPECT_EQ(content.quotes.size(), 3U);
    const int number = std::stoi(content.page.id);
    ASSERT_EQ(of_page.size(), number % 2 == 0 && number != 4 ? 1U : 0U) << number;
    for (const auto& vector : of_page) EXPECT_EQ(vector.values, sample_vector("", 1, static_cast<float>(number)).values);
  }
  EXPECT_TRUE(value_of(pages_.find_contents("well", asked, "m")).empty());
  EXPECT_TRUE(value_of(pages_.find_contents("tower", {}, "m")).empty());
}

TEST_P(PageEditContract, changes_are_told_in_their_order) {
  EXPECT_EQ(value_of(pages_.last_change()), 0);
  put({sample_page("1", 0, "a"), sample_page("2", 1, "b")});
  const auto start = value_of(pages_.last_change());
  EXPECT_EQ(changes_after(start).size(), 0U);
  const auto written = edit(sample_page("2", -1, "B"));
  edit(sample_page("1", -1, "A"));
  const auto removed = value_of(pages_.remove_page("tower", "2", std::nullopt));
  const auto changes = changes_after(start);
  ASSERT_EQ(changes.size(), 2U) << "of several changes to one page the last";
  EXPECT_EQ(changes[0].page_id, "1");
  EXPECT_EQ(changes[0].version, 2);
  EXPECT_EQ(changes[0].world, "tower");
  EXPECT_FALSE(changes[0].removed);
  EXPECT_EQ(changes[1].page_id, "2");
  EXPECT_TRUE(changes[1].removed);
  EXPECT_EQ(changes[1].seq, removed.seq);
  EXPECT_GT(changes[1].seq, changes[0].seq);
  EXPECT_GT(changes[0].seq, written.seq);
  EXPECT_EQ(value_of(pages_.last_change()), removed.seq);
  EXPECT_EQ(value_of(pages_.changes_after(start, 1)).size(), 1U);
  EXPECT_TRUE(changes_after(removed.seq).empty());

  edit(sample_page("2", -1, "back"));
  ASSERT_EQ(changes_after(removed.seq).size(), 1U);
  EXPECT_FALSE(changes_after(removed.seq)[0].removed);
  put({sample_page("1", 0, "A")}, true);
  EXPECT_TRUE(changes_after(removed.seq).back().removed) << "a book tells what it removes, too";
}

TEST_P(PageEditContract, a_book_that_is_read_again_leaves_what_was_done_by_hand) {
  const std::vector<model::PageContent> book{sample_page("1", 0, "a"), sample_page("2", 1, "b"), sample_page("3", 2, "c")};
  put(book, true);
  edit(sample_page("1", -1, "mine"));
  edit(sample_page("9", -1, "new"));
  value_of(pages_.remove_page("tower", "2", std::nullopt));

  const auto start = value_of(pages_.last_change());
  const auto changes = value_of(pages_.sync_pages(book));
  EXPECT_EQ(changes.kept, 3);
  EXPECT_EQ(changes.unchanged, 1);
  EXPECT_EQ(changes.added + changes.changed + changes.removed, 0);
  EXPECT_TRUE(changes_after(start).empty());
  EXPECT_EQ(listed(), (Ids{"1", "3", "9"}));
  EXPECT_EQ(hash_of("1"), "hash of mine");

  const auto shorter = value_of(pages_.sync_pages({sample_page("2", 0, "b"), sample_page("4", 1, "d")}));
  EXPECT_EQ(shorter.added, 1);
  EXPECT_EQ(shorter.removed, 1);
  EXPECT_EQ(listed(), (Ids{"1", "4", "9"}));

  // One that takes the place of all that was there is another matter.
  put(book, true);
  EXPECT_EQ(listed(), (Ids{"1", "2", "3"}));
  EXPECT_EQ(hash_of("1"), "hash of a");
  EXPECT_EQ(value_of(pages_.sync_pages({sample_page("1", 0, "x")})).removed, 2) << "and nothing is marked any more";
  EXPECT_EQ(hash_of("1"), "hash of x");
}

TEST_P(PageEditContract, refuses_what_makes_no_sense) {
  auto repeated = sample_page("2", 1, "b");
  repeated.passages[1].number = 0;
  EXPECT_EQ(error_of(pages_.put_page(repeated, std::nullopt)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(pages_.sync_pages({})).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(pages_.remove_page("nowhere", "1", std::nullopt)).code, ErrorCode::not_found);
  EXPECT_EQ(value_of(pages_.count_pages("tower")), 0);
  EXPECT_EQ(value_of(pages_.last_change()), 0);
}

TEST_P(PageEditContract, writers_at_once_lose_nothing) {
  put({sample_page("1", 0, "a")});
  std::vector<boost::asio::awaitable<void>> writes;
  std::vector<std::optional<Result<WrittenPage>>> answers(20);
  for (int i = 0; i < 20; ++i) {
    auto content = sample_page(i % 2 == 0 ? "1" : "", -1, fmt::format("writer {}", i));
    writes.push_back(keep_answer(pages_.put_page(std::move(content), std::nullopt), answers[static_cast<std::size_t>(i)]));
  }
  run_all(std::move(writes), 4);
  EXPECT_EQ(value_of(pages_.find_page("tower", "1"))->version, 11);
  EXPECT_EQ(value_of(pages_.count_pages("tower")), 11) << "each new page has an id of its own";
  for (int version = 1; version <= 11; ++version) EXPECT_TRUE(value_of(pages_.find_page_version("tower", "1", version)));
}

}  // namespace
}  // namespace gibsey::store::testing
