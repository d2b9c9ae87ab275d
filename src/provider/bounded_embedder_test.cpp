#include "provider/bounded_embedder.hpp"

#include "provider/testing/run.hpp"

#include <gtest/gtest.h>

namespace gibsey::provider {
namespace {

using std::chrono::seconds;
using testing::run;
using Vectors = std::vector<std::vector<float>>;

/// Tells by its vector which of the two ways was taken.
class Way final : public Embedder {
 public:
  explicit Way(float mark) : mark_(mark) {}
  boost::asio::awaitable<Result<Vectors>> embed(std::vector<std::string> texts) override {
    ++asked;
    if (away) co_return fail(ErrorCode::unavailable, "away");
    co_return Vectors(texts.size(), {mark_});
  }
  [[nodiscard]] std::string model() const override { return "way"; }
  [[nodiscard]] int dimension() const override { return 1; }
  int asked = 0;
  bool away = false;

 private:
  float mark_;
};

class BoundedEmbedderTest : public ::testing::Test {
 protected:
  BoundedEmbedderTest() {
    auto documents = std::make_unique<Way>(1.0F);
    auto questions = std::make_unique<Way>(2.0F);
    slow = documents.get();
    quick = questions.get();
    embedder = std::make_unique<BoundedEmbedder>(
        std::move(documents), std::move(questions),
        net::BreakerSettings{.failures = 3, .open_for = seconds(15), .now = [this] { return now; }});
  }
  std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
  Way* slow = nullptr;
  Way* quick = nullptr;
  std::unique_ptr<BoundedEmbedder> embedder;
};

TEST_F(BoundedEmbedderTest, TextsAndQuestionsGoTheirOwnWays) {
  EXPECT_EQ(run(embedder->embed({"a", "b"})).value(), (Vectors{{1}, {1}}));
  EXPECT_EQ(run(embedder->embed_questions({"a"})).value(), (Vectors{{2}}));
}

TEST_F(BoundedEmbedderTest, AfterThreeFailuresNobodyWaits) {
  quick->away = true;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(run(embedder->embed_questions({"a"})).error().code, ErrorCode::unavailable);
  EXPECT_EQ(quick->asked, 3);
  EXPECT_TRUE(run(embedder->embed({"a"}))) << "a book is embedded all the same";
  quick->away = false;
  now += seconds(16);
  EXPECT_TRUE(run(embedder->embed_questions({"a"})));
  EXPECT_TRUE(run(embedder->embed_questions({"a"})));
  EXPECT_EQ(quick->asked, 5);
}

}  // namespace
}  // namespace gibsey::provider
