#include "provider/llama/model_report.hpp"

#include "provider/llama/chat_context.hpp"
#include "provider/llama/model_file.hpp"
#include "provider/testing/run.hpp"
#include "provider/testing/tiny_gguf.hpp"

#include <gtest/gtest.h>

#include <random>

namespace gibsey::provider {
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using testing::write_with_holes;

class ModelReportTest : public ::testing::Test {
 protected:
  void SetUp() override { file_ = fs::path(::testing::TempDir()) / "model_report_test.gguf"; }
  void TearDown() override { fs::remove(file_); }

  /// The bundled model's head, all of it and a bit more.
  [[nodiscard]] static std::string head() { return bytes_of(testing::chat_model_path(), 3'000'000); }
  [[nodiscard]] static std::uint64_t length() { return fs::file_size(testing::chat_model_path()); }
  [[nodiscard]] Result<ModelReport> examine_changed(const std::string& changed) const {
    write_with_holes(file_, changed, length());
    return examine_model(file_);
  }

  fs::path file_;
};

TEST_F(ModelReportTest, TellsWhatTheBundledModelNeeds) {
  const auto report = examine_model(testing::chat_model_path());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->context_tokens, 2048);
  EXPECT_NEAR(static_cast<double>(report->need.weights), static_cast<double>(report->facts.weight_bytes), 1e6);
  // A key and a value of 16-bit numbers for 3 heads of 64 in each of 30 layers.
  EXPECT_EQ(report->need.context, 4096U * 30 * 3 * 64 * 2 * 2);
  EXPECT_GT(report->need.compute, 10'000'000U);
  EXPECT_LT(report->need.compute, 300'000'000U);
}

TEST_F(ModelReportTest, AModelIsTakenByItsHead) {
  const auto report = examine_changed(head());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->facts.layers, 30);
}

TEST_F(ModelReportTest, AModelForEmbeddingsIsToldApart) {
  const auto report = examine_model(testing::embedding_model_path());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(report.error().message.contains("for embeddings")) << report.error().message;
}

TEST_F(ModelReportTest, AnArchitectureThatIsNotKnownIsNamed) {
  auto changed = head();
  const std::string key = "general.architecture";
  // The key, a type of four bytes, a length of eight, "llama".
  const auto at = changed.find(key) + key.size() + 12;
  ASSERT_EQ(changed.substr(at, 5), "llama");
  changed.replace(at, 5, "lyama");
  const auto report = examine_changed(changed);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::corrupt);
  EXPECT_TRUE(report.error().message.contains("unknown model architecture: 'lyama'")) << report.error().message;
}

TEST_F(ModelReportTest, ATensorOfAnotherNameIsMissed) {
  auto changed = head();
  const auto at = changed.find("blk.7.attn_q.weight");
  ASSERT_NE(at, std::string::npos);
  changed.replace(at, 5, "blk.x");
  const auto report = examine_changed(changed);
  ASSERT_FALSE(report);
  EXPECT_TRUE(report.error().message.contains("blk.7.attn_q.weight")) << report.error().message;
}

TEST_F(ModelReportTest, AnAbsurdNumberEndsTheChildAtMost) {
  auto changed = head();
  const std::string key = "llama.block_count";
  const auto at = changed.find(key) + key.size() + 4;
  ASSERT_EQ(changed[at], 30);
  changed.replace(at, 4, "\xff\xff\xff\x7f");
  const auto report = examine_changed(changed);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::corrupt);
  EXPECT_TRUE(report.error().message.contains(file_.string())) << report.error().message;
}

TEST_F(ModelReportTest, NoChangedByteEndsThisProcess) {
  const auto whole = head();
  // Before the tokens stand the numbers of the model; after them its tensors.
  const auto numbers = whole.find("tokenizer.ggml.tokens");
  const auto tensors = whole.find("token_embd.weight");
  ASSERT_NE(numbers, std::string::npos);
  ASSERT_NE(tensors, std::string::npos);
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    const auto at = i % 2 == 0 ? random() % numbers : tensors + random() % 15'000;
    auto changed = whole;
    changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ (1U << (random() % 8)));
    const auto report = examine_changed(changed);
    if (!report) ++refused;
    if (!report) EXPECT_FALSE(report.error().message.empty());
  }
  EXPECT_GT(refused, 10);
}

TEST_F(ModelReportTest, TheNeedOfAContextGrowsWithIt) {
  const auto file = testing::chat_model_path();
  const auto small = measure_need(file, chat_context_params(4096, 8), 0);
  const auto large = measure_need(file, chat_context_params(8192, 8), 0);
  ASSERT_TRUE(small && large);
  EXPECT_EQ(large->host.context, 2 * small->host.context);
  EXPECT_EQ(large->host.weights, small->host.weights);
  EXPECT_TRUE(small->gpus.empty());
}

TEST(ChatSizeTest, FollowsTheModelAndTheWish) {
  const auto tiny = chat_size(135'000'000, 8192);
  EXPECT_TRUE(tiny.small);
  EXPECT_EQ(tiny.cells, 4096);
  EXPECT_EQ(tiny.context_tokens, 2048);
  const auto real = chat_size(8'000'000'000, 131'072);
  EXPECT_FALSE(real.small);
  EXPECT_EQ(real.cells, 8192);
  EXPECT_EQ(real.context_tokens, 8192);
  EXPECT_EQ(chat_size(8'000'000'000, 2048).context_tokens, 2048);
  EXPECT_EQ(chat_size(8'000'000'000, 0).context_tokens, 8192) << "the file does not say";
  EXPECT_EQ(chat_size(8'000'000'000, 4096, 100).cells, 256);
}

}  // namespace
}  // namespace gibsey::provider
