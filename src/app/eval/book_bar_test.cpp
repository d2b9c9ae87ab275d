#include "app/eval/question_set.hpp"
#include "provider/llama/llama_embedder.hpp"
#include "provider/testing/run.hpp"
#include "retrieval/retriever.hpp"
#include "store/memory/page_store.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace gibsey::app {
namespace {

using provider::testing::run;

/// The bundled book with the vectors of the model that set-up makes.
class BookBar : public ::testing::Test {
 protected:
  static std::filesystem::path world() { return std::filesystem::path(GIBSEY_SOURCE_DIR) / "worlds/entrance-way"; }

  static void SetUpTestSuite() {
    auto engine = provider::LlamaEngine::open({.embedding_model_path = provider::testing::embedding_model_path(), .threads = 2});
    ASSERT_TRUE(engine) << engine.error().message;
    engine_ = std::move(*engine);
    embedder_.emplace(*engine_);
    auto read = read_question_set(world());
    ASSERT_TRUE(read.has_value()) << read.error().message;
    set_ = std::move(*read);
    store_ = std::make_unique<store::MemoryPageStore>();
    load();
    retriever_.emplace(*store_, &*embedder_);
    ASSERT_TRUE(run(retriever_->load("w")));
  }
  static void TearDownTestSuite() {
    retriever_.reset();
    store_.reset();
    embedder_.reset();
    engine_.reset();
  }
  void SetUp() override {
    ASSERT_TRUE(retriever_ && retriever_->size("w").has_value());
    ASSERT_EQ(retriever_->size("w")->without_vector, 0U);
  }

  static void load() {
    auto& contents = set_.books.at("entrance-way");
    std::vector<model::PassageVector> vectors;
    for (auto& content : contents) {
      content.page.world = "w";
      std::vector<std::string> texts;
      for (const auto& passage : content.passages) texts.push_back(passage.text);
      auto embedded = run(embedder_->embed(std::move(texts)));
      ASSERT_TRUE(embedded) << embedded.error().message;
      for (std::size_t i = 0; i < embedded->size(); ++i)
        vectors.push_back({content.page.id, content.passages[i].number, std::move((*embedded)[i]), 1});
    }
    model::World book;
    book.name = "w";
    ASSERT_TRUE(run(store_->put_world(book)));
    ASSERT_TRUE(run(store_->put_pages(contents, false)));
    ASSERT_TRUE(run(store_->put_vectors("w", embedder_->model(), std::move(vectors))));
  }

  bool is_about_book(const std::string& question, const std::string& character = {}) {
    const auto found = run(retriever_->retrieve({.world = "w", .text = question, .k = 6, .character = character}));
    EXPECT_TRUE(found) << question;
    return found && found->above_threshold;
  }

  static inline std::unique_ptr<provider::LlamaEngine> engine_;
  static inline std::optional<provider::LlamaEmbedder> embedder_;
  static inline QuestionSet set_;
  static inline std::unique_ptr<store::MemoryPageStore> store_;
  static inline std::optional<retrieval::Retriever> retriever_;
};

TEST_F(BookBar, ShippedQuestionsPassItAndForeignOnesDoNot) {
  int own = 0;
  for (const auto& question : set_.questions) own += is_about_book(question.text) ? 1 : 0;
  RecordProperty("own", own);
  EXPECT_GE(own, 143) << "of " << set_.questions.size();
  int foreign = 0;
  for (const auto& question : set_.unanswerable) foreign += is_about_book(question) ? 1 : 0;
  RecordProperty("foreign", foreign);
  EXPECT_LE(foreign, 2) << "of " << set_.unanswerable.size();
}

// Some of these are about the character and not in the book: "What is your favourite film?".
TEST_F(BookBar, QuestionsToTheCharactersMostlyPassIt) {
  const auto questions = nlohmann::json::parse(std::ifstream(world() / "evaluation_questions.json"));
  int asked = 0;
  int passed = 0;
  for (const auto& [character, texts] : questions.items()) {
    for (const auto& text : texts) {
      ++asked;
      passed += is_about_book(text.get<std::string>(), character) ? 1 : 0;
    }
  }
  RecordProperty("passed", passed);
  EXPECT_EQ(asked, 160);
  EXPECT_GE(passed, 140);
  EXPECT_LE(passed, 155) << "some ask for what no page tells";
}

}  // namespace
}  // namespace gibsey::app
