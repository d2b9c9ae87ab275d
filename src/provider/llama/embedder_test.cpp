#include "provider/llama/engine.hpp"
#include "provider/llama/llama_embedder.hpp"
#include "provider/testing/run.hpp"

#include <gtest/gtest.h>
#include <boost/asio/detached.hpp>

#include <array>
#include <cmath>
#include <numeric>

namespace gibsey::provider {
namespace {

using testing::run;

struct Fixed {
  const char* text;
  std::array<float, 8> head;  ///< the first values of its vector
};

/// From a forward pass in 32-bit floats over the original safetensors weights, with the model's own tokenizer.
constexpr std::array<Fixed, 5> kFixed = {{
    {"Why did you climb the tower?", {-0.040149F, 0.127807F, 0.035923F, 0.067321F, 0.038374F, -0.029451F, 0.000647F, 0.064192F}},
    {"Arieol looked down from the tower, and the whole town looked back.",
     {0.049816F, 0.11859F, 0.010652F, 0.038635F, 0.039745F, 0.009677F, -0.001785F, 0.011232F}},
    {"The caf\u00e9 na\u00efvely served 3 cups of tea at 4:30 a.m. \u2014 \"too early,\" said London Fox.",
     {0.045752F, -0.017753F, 0.019711F, 0.035883F, 0.033208F, 0.030532F, 0.000032F, -0.046791F}},
    {"He repaired the lock because the door would not close.",
     {-0.003538F, 0.108297F, 0.032097F, 0.031582F, -0.015333F, -0.019343F, 0.032064F, -0.019467F}},
    {"Photosynthesis converts light into chemical energy; unbelievableness notwithstanding.",
     {-0.034673F, 0.065851F, -0.035151F, 0.112638F, 0.025816F, -0.041036F, 0.009341F, 0.02074F}},
}};

struct FixedPair {
  std::size_t a, b;
  double cosine;
};
constexpr std::array<FixedPair, 4> kPairs = {{{0, 1, 0.41476}, {0, 3, 0.22315}, {1, 2, 0.02108}, {3, 4, 0.07342}}};

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

class LlamaEmbedderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto engine = LlamaEngine::open({.embedding_model_path = testing::embedding_model_path(), .threads = 1});
    if (engine) engine_ = std::move(*engine);
  }
  static void TearDownTestSuite() { engine_.reset(); }
  void SetUp() override {
    ASSERT_TRUE(engine_) << "no model at " << testing::embedding_model_path();
    embedder_.emplace(*engine_);
  }

  static inline std::unique_ptr<LlamaEngine> engine_;
  std::optional<LlamaEmbedder> embedder_;
};

TEST_F(LlamaEmbedderTest, SaysWhatItIs) {
  EXPECT_EQ(embedder_->model(), "all-minilm-l6-v2");
  EXPECT_EQ(embedder_->dimension(), 384);
}

TEST_F(LlamaEmbedderTest, GivesTheVectorsOfTheOriginalModel) {
  std::vector<std::string> texts;
  for (const auto& fixed : kFixed) texts.emplace_back(fixed.text);
  const auto vectors = run(embedder_->embed(texts));
  ASSERT_TRUE(vectors);
  ASSERT_EQ(vectors->size(), kFixed.size());
  for (std::size_t i = 0; i < kFixed.size(); ++i) {
    ASSERT_EQ((*vectors)[i].size(), 384U);
    EXPECT_NEAR(dot((*vectors)[i], (*vectors)[i]), 1, 1e-5);
    for (std::size_t k = 0; k < 8; ++k) EXPECT_NEAR((*vectors)[i][k], kFixed[i].head[k], 6e-3) << kFixed[i].text;
  }
  for (const auto& pair : kPairs) EXPECT_NEAR(dot((*vectors)[pair.a], (*vectors)[pair.b]), pair.cosine, 5e-3);
}

TEST_F(LlamaEmbedderTest, ABatchGivesWhatSingleTextsGive) {
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i)
    texts.push_back(std::string(kFixed[static_cast<std::size_t>(i) % 5].text) + " Page " + std::to_string(i) + ".");
  const auto together = run(embedder_->embed(texts));
  ASSERT_TRUE(together);
  ASSERT_EQ(together->size(), 40U);
  for (const std::size_t i : {0U, 17U, 39U}) {
    const auto alone = run(embedder_->embed({texts[i]}));
    ASSERT_TRUE(alone);
    // Flash attention holds keys in 16 bits and adds up in another order where texts share a batch.
    EXPECT_GT(dot((*alone)[0], (*together)[i]), 0.999);
  }
}

TEST_F(LlamaEmbedderTest, LongTextsAreCut) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "the tower stood. ";
  const auto vectors = run(embedder_->embed({text, text + " And then something else entirely: kangaroos."}));
  ASSERT_TRUE(vectors);
  EXPECT_GT(dot((*vectors)[0], (*vectors)[1]), 0.99999);
}

TEST_F(LlamaEmbedderTest, NothingAndEmptyTextAreFine) {
  EXPECT_TRUE(run(embedder_->embed({}))->empty());
  EXPECT_EQ(run(embedder_->embed({"", "\xFF\xFE"}))->size(), 2U);
}

TEST_F(LlamaEmbedderTest, AQuestionDoesNotQueueBehindABook) {
  std::vector<std::string> book(200, kFixed[1].text);
  boost::asio::io_context io;
  std::vector<std::string> order;
  const auto note = [&order](std::string name) {
    return [&order, name](const std::exception_ptr&, const Result<std::vector<std::vector<float>>>& vectors) {
      EXPECT_TRUE(vectors);
      order.push_back(name);
    };
  };
  boost::asio::co_spawn(io, embedder_->embed(book), note("book"));
  boost::asio::co_spawn(io, embedder_->embed({kFixed[0].text}), note("question"));
  io.run();
  EXPECT_EQ(order, (std::vector<std::string>{"question", "book"}));
}

TEST_F(LlamaEmbedderTest, AQuestionOvertakesABookThatIsBeingEmbedded) {
  boost::asio::io_context io;
  std::optional<Result<std::vector<std::vector<float>>>> book;
  boost::asio::co_spawn(io, embedder_->embed(std::vector<std::string>(400, kFixed[1].text)),
                        [&book](const std::exception_ptr&, auto vectors) { book = std::move(vectors); });
  io.poll();
  for (int i = 0; i < 5; ++i) {
    const auto question = run(embedder_->embed_questions({kFixed[0].text}));
    ASSERT_TRUE(question);
    EXPECT_NEAR(question->at(0)[1], kFixed[0].head[1], 6e-3);
  }
  io.poll();
  EXPECT_FALSE(book) << "400 texts took no longer than five questions";
  io.run();
  ASSERT_TRUE(book && *book);
  EXPECT_EQ((*book)->size(), 400U);
  EXPECT_NEAR(dot(book->value()[399], run(embedder_->embed_questions({kFixed[1].text}))->at(0)), 1, 1e-3);
}

TEST_F(LlamaEmbedderTest, ACallerThatGoesAwayLeavesNoWork) {
  const auto before = engine_->stats().texts_embedded;
  {
    boost::asio::io_context io;
    boost::asio::co_spawn(io, embedder_->embed(std::vector<std::string>(2000, kFixed[1].text)), boost::asio::detached);
    io.poll();
  }
  ASSERT_TRUE(run(embedder_->embed({kFixed[0].text})));
  EXPECT_LT(engine_->stats().texts_embedded, before + 1000);
}

TEST(LlamaEmbedderShutdown, EndsEveryCaller) {
  auto engine = LlamaEngine::open({.embedding_model_path = testing::embedding_model_path(), .threads = 1});
  ASSERT_TRUE(engine);
  boost::asio::io_context io;
  std::optional<Error> error;
  boost::asio::co_spawn(io, (*engine)->embed(std::vector<std::string>(5000, kFixed[1].text)),
                        [&](const std::exception_ptr&, const Result<std::vector<std::vector<float>>>& vectors) {
                          if (!vectors) error = vectors.error();
                        });
  io.poll();
  engine->reset();
  io.run();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace gibsey::provider
