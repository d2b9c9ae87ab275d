#include "app/eval/question_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gibsey::app {
namespace {

TEST(QuestionSet, AWorldIsCutIntoPassagesAndItsQuestionsNameItsPages) {
  const auto set = read_question_set(std::filesystem::path(GIBSEY_SOURCE_DIR) / "worlds/entrance-way");
  ASSERT_TRUE(set.has_value()) << set.error().message;
  EXPECT_EQ(set->questions.size(), 150U);
  EXPECT_EQ(set->unanswerable.size(), 50U);
  const auto& pages = set->books.at("entrance-way");
  for (const auto& content : pages) {
    EXPECT_FALSE(content.passages.empty()) << content.page.id;
    EXPECT_FALSE(content.quotes.empty()) << content.page.id;
  }
  for (const auto& question : set->questions) {
    EXPECT_TRUE(std::ranges::any_of(pages, [&](const auto& one) { return question.relevant.contains(one.page.id); }))
        << question.text;
  }
}

TEST(QuestionSet, AFolderThatIsNotThereIsTold) {
  const auto set = read_question_set("/nowhere/at/all");
  ASSERT_FALSE(set.has_value());
  EXPECT_EQ(set.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace gibsey::app
