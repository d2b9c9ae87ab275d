#include "retrieval/quote_finder.hpp"

#include "base/utf8.hpp"
#include "retrieval/testing/shared_data.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <map>

namespace gibsey::retrieval {
namespace {

std::u32string normalized(std::string_view text) {
  return normalize_for_quoting(text).text;
}

TEST(NormalizeForQuoting, ByTable) {
  EXPECT_EQ(normalized("  “It’s”\n\tso "), U"\"It's\" so");
  EXPECT_EQ(normalized("stop--now — or ‒ never"), U"stop-now - or - never");
  EXPECT_EQ(normalized("wait… the ﬁne a\u00ADb\u200Bc"), U"wait... the fine abc");
  EXPECT_EQ(normalized("exam-\nple but end--\nand"), U"example but end- and");
  EXPECT_EQ(normalized("a\u00A0b\u2003 c"), U"a b c");
  EXPECT_EQ(normalized("caf\u00E9"), normalized("cafe\u0301"));
  EXPECT_NE(normalized("Case"), normalized("case"));
}

TEST(NormalizeForQuoting, OffsetsPointIntoTheSource) {
  const NormalizedText text = normalize_for_quoting(" ﬁ— x");
  EXPECT_EQ(text.text, U"fi- x");
  EXPECT_EQ(text.offsets, (std::vector<std::int32_t>{1, 1, 2, 3, 4, 5}));
}

model::Page page(std::string id, std::string text) {
  model::Page made;
  made.id = id;
  made.label = id;
  made.text = std::move(text);
  return made;
}

const QuoteFinder& book() {
  static const QuoteFinder finder({page("1", "She said: “I didn’t write\nthis—at all.” So it was."),
                                   page("2", "The tower was cold. The tower was high; ¿Quién? Élan."),
                                   page("3", "The tower was cold.")});
  return finder;
}

TEST(QuoteFinder, GivesThePagesOwnWords) {
  const auto found = book().find("\"I didn't write this--at all.\"");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->page_id, "1");
  EXPECT_EQ(found->text, "“I didn’t write\nthis—at all.”");
  EXPECT_EQ(found->start, 10);
  EXPECT_EQ(found->end, 10 + static_cast<int>(utf8::length(found->text)));
}

TEST(QuoteFinder, LeavesOutPunctuationThatThePageLacks) {
  const auto found = book().find("The tower was high,");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text, "The tower was high");
  EXPECT_EQ(book().find("“the tower was high.”"), std::nullopt) << "case is kept";
}

TEST(QuoteFinder, PrefersThePagesAskedFor) {
  EXPECT_EQ(book().find("The tower was cold.")->page_id, "2");
  EXPECT_EQ(book().find("The tower was cold.", {"3"})->page_id, "3");
  EXPECT_EQ(book().find("The tower was cold.", {"1", "3"})->page_id, "3");
}

TEST(QuoteFinder, WholeWordsOnly) {
  for (const char* claim :
       {"he tower was", "I didn", "t write this", "tower was col", "", " . ", "cold. The tower was cold", "lan"}) {
    EXPECT_FALSE(book().find(claim)) << claim;
  }
  EXPECT_TRUE(book().find("Quién"));
  EXPECT_FALSE(book().find("So it was. The tower")) << "a quotation stands on one page";
}

std::vector<nlohmann::json> read_lines(const std::filesystem::path& path) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(QuoteFinder, AgreesWithEveryClaimOfTheVerificationSet) {
  const auto claims_path = testing::shared_data("quote_verify_dev") / "claims.jsonl";
  const auto corpus_path = testing::shared_data("novel_pages_dev") / "corpus.jsonl";
  if (!std::filesystem::exists(claims_path)) GTEST_SKIP() << "left out: no " << claims_path;
  std::map<std::string, std::vector<model::Page>> novels;
  for (const auto& line : read_lines(corpus_path)) novels[line["title"]].push_back(page(line["_id"], line["text"]));
  std::map<std::string, std::unique_ptr<QuoteFinder>> finders;
  for (const auto& [novel, pages] : novels) finders[novel] = std::make_unique<QuoteFinder>(pages);
  int wrong = 0;
  int other_page = 0;
  const auto claims = read_lines(claims_path);
  const auto start = std::chrono::steady_clock::now();
  for (const auto& claim : claims) {
    const std::string novel = claim.value("claimed_novel", claim["novel"].get<std::string>());
    const auto found = finders.at(novel)->find(claim["claim"].get<std::string>(), {claim["page"].get<std::string>()});
    if (found.has_value() != claim["verbatim"].get<bool>()) {
      ++wrong;
      ADD_FAILURE() << claim["mode"] << ": " << claim["claim"] << " in " << novel;
    } else if (found && found->page_id != claim["page"].get<std::string>()) {
      ++other_page;
    }
  }
  const auto taken = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  std::printf("%zu claims, %d wrong, %d on another page, %.3f ms a claim\n", claims.size(), wrong, other_page,
              taken / static_cast<double>(claims.size()));
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(other_page, 0);
}

}  // namespace
}  // namespace gibsey::retrieval
