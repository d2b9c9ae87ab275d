#include "retrieval/large/claim_search.hpp"

#include "retrieval/chunks.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/shared_data.hpp"
#include "store/memory/page_store.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>

namespace gibsey::retrieval {
namespace {

using testing::run;

model::PageContent content_of(std::string world, std::string id, std::int64_t order, std::string text) {
  model::PageContent content;
  content.page = {.world = std::move(world), .id = id, .label = id, .text = std::move(text), .order = order};
  content.page.content_hash = content.page.text;
  Chunks chunks = cut_page(content.page, "en");
  content.passages = std::move(chunks.passages);
  content.quotes = std::move(chunks.quotes);
  return content;
}

std::vector<nlohmann::json> read_lines(const std::filesystem::path& path) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

class ClaimSearch : public ::testing::Test {
 protected:
  void put(const std::string& world, std::vector<model::PageContent> contents) {
    run(store_.put_world({.name = world, .title = world})).value();
    run(store_.put_pages(std::move(contents), false)).value();
    run(retriever_.load(world)).value();
    EXPECT_EQ(retriever_.quotes(world), nullptr) << "it is in files";
    EXPECT_TRUE(retriever_.can_find_quotes(world));
  }
  std::optional<QuoteLocation> find(const std::string& world, const std::string& claim, std::vector<std::string> preferred = {}) {
    return run(retriever_.find_quote(world, claim, std::move(preferred))).value();
  }
  void edit(const std::string& id, std::int64_t order, const std::string& text) {
    run(store_.put_page(content_of("w", id, order, text), std::nullopt)).value();
    run(retriever_.follow("w", {id})).value();
  }

  store::MemoryPageStore store_;
  store::testing::TemporaryFolder folder_;
  Retriever retriever_{store_, nullptr, {.folder = folder_.path(), .least_passages = 1, .segment_passages = 400}};
};

TEST_F(ClaimSearch, AgreesWithEveryClaimOfTheVerificationSet) {
  const auto claims_path = testing::shared_data("quote_verify_dev") / "claims.jsonl";
  if (!std::filesystem::exists(claims_path)) GTEST_SKIP() << "left out: no " << claims_path;
  std::map<std::string, std::vector<model::PageContent>> novels;
  std::map<std::string, std::vector<model::Page>> pages;
  for (const auto& line : read_lines(testing::shared_data("novel_pages_dev") / "corpus.jsonl")) {
    const std::string title = line["title"];
    auto& novel = novels[title];
    novel.push_back(content_of(title, line["_id"], static_cast<std::int64_t>(novel.size()), line["text"]));
    pages[title].push_back(novel.back().page);
  }
  std::map<std::string, std::unique_ptr<QuoteFinder>> finders;
  for (auto& [title, contents] : novels) {
    put(title, std::move(contents));
    finders[title] = std::make_unique<QuoteFinder>(pages[title]);
  }
  int wrong = 0;
  for (const auto& line : read_lines(claims_path)) {
    const std::string novel = line.value("claimed_novel", line["novel"].get<std::string>());
    const std::string claim = line["claim"];
    // Nothing tells where to look.
    const auto found = find(novel, claim);
    const auto held = finders.at(novel)->find(claim);
    if (found.has_value() != line["verbatim"].get<bool>()) {
      ++wrong;
      ADD_FAILURE() << line["mode"] << ": " << claim << " in " << novel;
    }
    if (!found || !held) continue;
    EXPECT_EQ(found->page_id, held->page_id) << claim;
    EXPECT_EQ(found->start, held->start) << claim;
    EXPECT_EQ(found->text, held->text) << claim;
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(ClaimSearch, TakesTheFirstPageUnlessAnotherIsPreferred) {
  put("w", {content_of("w", "1", 1, "The lamp went out. Nobody had a match that night."),
            content_of("w", "2", 2, "Nobody had a match that night, and the tide was in."),
            content_of("w", "3", 3, "Of the sea there is much to know-\nledge nobody owns, he said--and slept.")});
  EXPECT_EQ(find("w", "nobody had a match")->page_id == "1", false) << "case is kept";
  EXPECT_EQ(find("w", "Nobody had a match that night")->page_id, "1");
  EXPECT_EQ(find("w", "Nobody had a match that night", {"2"})->page_id, "2");
  EXPECT_EQ(find("w", "Nobody had a match that night", {"gone"})->page_id, "1");
  EXPECT_EQ(find("w", "much to knowledge nobody owns, he said—and")->page_id, "3") << "a word over the end of a line, a dash";
  EXPECT_EQ(find("w", "tide")->page_id, "2");
  EXPECT_FALSE(find("w", "tid"));
  EXPECT_FALSE(find("w", "The lamp had a match that night"));
  EXPECT_FALSE(find("w", "..."));
  EXPECT_FALSE(find("w", ""));
}

TEST_F(ClaimSearch, KnowsTheBookAsItIsNow) {
  put("w", {content_of("w", "1", 1, "The lamp went out at nine and nobody minded."),
            content_of("w", "2", 2, "The tide came in and the keeper went to bed."),
            content_of("w", "3", 3, "The keeper rose before the gulls did that day.")});
  edit("2", 2, "The tide stayed out and the keeper walked to the wreck.");
  EXPECT_EQ(find("w", "the keeper walked to the wreck")->page_version, 2);
  EXPECT_FALSE(find("w", "the keeper went to bed"));
  edit("3", 3, "The lamp went out at nine and nobody minded.");
  EXPECT_EQ(find("w", "The lamp went out at nine")->page_id, "1") << "the first, also of those that were written since";
  edit("1", 1, "Nothing happened here before the second page began.");
  EXPECT_EQ(find("w", "The lamp went out at nine")->page_id, "3");
  run(store_.remove_page("w", "3", std::nullopt)).value();
  run(retriever_.follow("w", {"3"})).value();
  EXPECT_FALSE(find("w", "The lamp went out at nine"));
}

TEST_F(ClaimSearch, OfAWorldThatIsNotLoadedIsUnavailable) {
  const auto found = run(retriever_.find_quote("none", "a line", {}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace gibsey::retrieval
