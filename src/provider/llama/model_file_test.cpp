#include "provider/llama/engine.hpp"
#include "provider/testing/run.hpp"
#include "provider/testing/tiny_gguf.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace gibsey::provider {
namespace {

class ModelFileTest : public ::testing::Test {
 protected:
  void SetUp() override { file_ = std::filesystem::path(::testing::TempDir()) / "model_file_test.gguf"; }
  void TearDown() override { std::filesystem::remove(file_); }

  void write(const std::string& bytes) const { std::ofstream(file_, std::ios::binary) << bytes; }
  static Error error_of(EngineOptions options) {
    const auto engine = LlamaEngine::open(std::move(options));
    return engine ? Error{ErrorCode::internal, "it opened"} : engine.error();
  }

  std::filesystem::path file_;
};

TEST_F(ModelFileTest, AMissingFileIsNamed) {
  const auto error = error_of({.chat_model_path = "/no/such/model.gguf"});
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_TRUE(error.message.contains("/no/such/model.gguf"));
}

TEST_F(ModelFileTest, AnotherKindOfFileIsRefused) {
  write("PK\x03\x04 this is a zip archive");
  EXPECT_EQ(error_of({.chat_model_path = file_}).code, ErrorCode::corrupt);
}

TEST_F(ModelFileTest, ADamagedModelIsRefused) {
  std::ifstream in(testing::chat_model_path(), std::ios::binary);
  std::string head(100'000, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  write(head);
  EXPECT_EQ(error_of({.chat_model_path = file_}).code, ErrorCode::corrupt);
}

TEST_F(ModelFileTest, AModelLargerThanTheMemoryIsRefused) {
  testing::write_tiny_gguf(file_, {{"blk.0.ffn_up.weight", {std::int64_t{1} << 20U, std::int64_t{1} << 21U}}},
                           [](gguf_context* head) {
                             gguf_set_val_str(head, "general.architecture", "llama");
                             gguf_set_val_str(head, "tokenizer.chat_template", "chatml");
                           });
  const auto error = error_of({.chat_model_path = file_});
  EXPECT_EQ(error.code, ErrorCode::too_large);
  EXPECT_TRUE(error.message.contains("4398.0 GB")) << error.message;
}

TEST_F(ModelFileTest, AnEmbeddingModelDoesNotTalk) {
  const auto error = error_of({.chat_model_path = testing::embedding_model_path()});
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_TRUE(error.message.contains("not a chat model")) << error.message;
}

TEST_F(ModelFileTest, AChatModelDoesNotEmbed) {
  EXPECT_EQ(error_of({.embedding_model_path = testing::chat_model_path()}).code, ErrorCode::invalid_argument);
}

TEST_F(ModelFileTest, AnEngineWithoutAModelSaysSo) {
  const auto engine = LlamaEngine::open({});
  ASSERT_TRUE(engine);
  EXPECT_FALSE((*engine)->can_chat());
  EXPECT_EQ((*engine)->submit({}).error().code, ErrorCode::unavailable);
  EXPECT_EQ(testing::run((*engine)->embed({"text"})).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace gibsey::provider
