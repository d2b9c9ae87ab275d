#include "retrieval/cosine_scale.hpp"

#include "retrieval/chunks.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/page_store.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace gibsey::retrieval {
namespace {

using testing::run;
using Vectors = std::vector<std::vector<float>>;

/// Another embedder's vectors with a component that all have in common: every cosine c becomes (c + common) / (1 + common).
class RaisedEmbedder final : public provider::Embedder {
 public:
  RaisedEmbedder(provider::Embedder& plain, float common) : plain_(plain), common_(common) {}

  boost::asio::awaitable<Result<Vectors>> embed(std::vector<std::string> texts) override {
    GIBSEY_CO_TRY(auto vectors, co_await plain_.embed(std::move(texts)));
    for (auto& vector : vectors) {
      vector.push_back(std::sqrt(common_));
      for (float& value : vector) value /= std::sqrt(1 + common_);
    }
    co_return vectors;
  }
  [[nodiscard]] std::string model() const override { return "raised"; }
  [[nodiscard]] int dimension() const override { return plain_.dimension() + 1; }

 private:
  provider::Embedder& plain_;
  float common_;
};

/// Says the same of every text.
class DeafEmbedder final : public provider::Embedder {
 public:
  boost::asio::awaitable<Result<Vectors>> embed(std::vector<std::string> texts) override {
    co_return Vectors(texts.size(), std::vector<float>{0.6f, 0.8f});
  }
  [[nodiscard]] std::string model() const override { return "deaf"; }
  [[nodiscard]] int dimension() const override { return 2; }
};

TEST(CosineScale, MeansTheSameWhateverAllCosinesHaveInCommon) {
  testing::WordEmbedder words;
  const auto plain = run(measure_scale(words));
  ASSERT_TRUE(plain);
  for (const float common : {1.0f, 3.0f, 5.0f}) {
    RaisedEmbedder raised(words, common);
    const auto scale = run(measure_scale(raised));
    ASSERT_TRUE(scale);
    for (const float cosine : {-0.2f, 0.0f, 0.3f, 0.5f, 1.0f}) {
      EXPECT_NEAR(scale->of((cosine + common) / (1 + common)), plain->of(cosine), 2e-3) << common;
    }
  }
}

TEST(CosineScale, AnEmbedderThatTellsNothingApartSaysNothing) {
  DeafEmbedder deaf;
  const auto scale = run(measure_scale(deaf));
  ASSERT_TRUE(scale);
  EXPECT_EQ(scale->of(1.0f), 0);
  EXPECT_EQ(CosineScale().of(0.4f), 0.4f);
  testing::WordEmbedder stopped;
  stopped.fail_after = 12;
  EXPECT_EQ(run(measure_scale(stopped)).error().code, ErrorCode::unavailable);
}

void fill(store::MemoryPageStore& store, provider::Embedder& embedder) {
  std::vector<model::PageContent> contents;
  std::vector<model::PassageVector> vectors;
  for (const char* text :
       {"The harbour master counted the boats each evening. One boat was always missing, and he wrote down which.",
        "In the attic stood a loom that had belonged to the widow. Nobody wove on it, but the thread was never dusty.",
        "The ferryman took no money on Sundays. He asked each passenger for a song, and he forgot none of them."}) {
    model::PageContent content;
    content.page.world = "w";
    content.page.id = std::to_string(contents.size() + 1);
    content.page.text = text;
    content.page.order = static_cast<std::int64_t>(contents.size());
    content.page.content_hash = content.page.id;
    Chunks chunks = cut_page(content.page, "en");
    content.passages = chunks.passages;
    content.quotes = chunks.quotes;
    vectors.push_back({content.page.id, 0, run(embedder.embed({text}))->front(), 1});
    contents.push_back(content);
  }
  model::World world;
  world.name = "w";
  ASSERT_TRUE(run(store.put_world(world)));
  ASSERT_TRUE(run(store.put_pages(contents, false)));
  ASSERT_TRUE(run(store.put_vectors("w", embedder.model(), vectors)));
}

TEST(CosineScale, ABookAdmitsTheSameQuestionsByAnotherEmbedder) {
  testing::WordEmbedder words;
  RaisedEmbedder raised(words, 4.0f);
  store::MemoryPageStore store;
  store::MemoryPageStore raised_store;
  fill(store, words);
  fill(raised_store, raised);
  Retriever retriever(store, &words);
  Retriever other(raised_store, &raised);
  ASSERT_TRUE(run(retriever.load("w")));
  ASSERT_TRUE(run(other.load("w")));
  int admitted = 0;
  int refused = 0;
  for (const char* text :
       {"Which boat was missing in the evening?", "Whose loom stood in the attic?", "What did the ferryman ask for on Sundays?",
        "How far is the moon?", "Who won the championship in 1974?", "Is the bank open on Monday?"}) {
    const auto by_words = run(retriever.retrieve({.world = "w", .text = text}));
    const auto by_raised = run(other.retrieve({.world = "w", .text = text}));
    ASSERT_TRUE(by_words && by_raised);
    EXPECT_NE(by_raised->method, "text") << "the bar is to be one of cosines here";
    EXPECT_EQ(by_words->above_threshold, by_raised->above_threshold) << text;
    ++(by_raised->above_threshold ? admitted : refused);
  }
  EXPECT_GE(admitted, 3);
  EXPECT_GE(refused, 1);
}

}  // namespace
}  // namespace gibsey::retrieval
