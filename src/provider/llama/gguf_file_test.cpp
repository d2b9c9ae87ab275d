#include "provider/llama/gguf_file.hpp"

#include "provider/testing/run.hpp"
#include "provider/testing/tiny_gguf.hpp"

#include <gtest/gtest.h>
#include <llama.h>

#include <fstream>
#include <limits>

namespace gibsey::provider {
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using testing::TinyTensor;
using testing::write_tiny_gguf;

const std::vector<TinyTensor> kTensors{{"token_embd.weight", {32, 64}},
                                       {"blk.0.attn_q.weight", {32, 32}},
                                       {"blk.1.attn_q.weight", {32, 32}},
                                       {"blk.1.ffn_up.weight", {32, 96}},
                                       {"output.weight", {32, 64}}};

void describe_chat(gguf_context* head) {
  gguf_set_val_str(head, "general.architecture", "llama");
  gguf_set_val_str(head, "general.name", "Tiny \x1b[31m\xffOne");
  gguf_set_val_u32(head, "general.file_type", LLAMA_FTYPE_MOSTLY_F16);
  gguf_set_val_u32(head, "llama.block_count", 2);
  gguf_set_val_u32(head, "llama.context_length", 4096);
  gguf_set_val_str(head, "tokenizer.chat_template", "{{ messages }}");
  const char* tokens[] = {"<s>", "</s>", "a"};
  gguf_set_arr_str(head, "tokenizer.ggml.tokens", tokens, 3);
}

class GgufFile : public ::testing::Test {
 protected:
  void SetUp() override { file_ = fs::path(::testing::TempDir()) / "gguf_file_test.gguf"; }
  void TearDown() override { fs::remove(file_); }
  void write(const std::string& bytes) const { std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes; }

  fs::path file_;
};

TEST_F(GgufFile, TellsWhatTheModelIs) {
  write_tiny_gguf(file_, kTensors, describe_chat);
  const auto facts = read_gguf(file_);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->name, "Tiny  [31m\xEF\xBF\xBDOne") << "what a file says cannot speak to the terminal";
  EXPECT_EQ(facts->architecture, "llama");
  EXPECT_EQ(facts->quantisation, "F16");
  EXPECT_EQ(facts->parameters, 2U * 32 * 64 + 2 * 32 * 32 + 32 * 96);
  EXPECT_EQ(facts->weight_bytes, facts->parameters * 2);
  EXPECT_EQ(facts->layer_bytes, (32U * 32 + 32 * 96) * 2);
  EXPECT_EQ(facts->layers, 2);
  EXPECT_EQ(facts->context_tokens, 4096);
  EXPECT_TRUE(facts->has_chat_template);
  EXPECT_FALSE(facts->embeds);
  EXPECT_TRUE(check_talks(*facts, file_));
}

TEST_F(GgufFile, TellsTheBundledModels) {
  const auto chat = read_gguf(testing::chat_model_path());
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_EQ(chat->parameters, 134'515'008U);
  EXPECT_EQ(chat->quantisation, "Q4_1");
  EXPECT_EQ(chat->layers, 30);
  EXPECT_TRUE(chat->has_chat_template);
  const auto embedder = read_gguf(testing::embedding_model_path());
  ASSERT_TRUE(embedder) << embedder.error().message;
  EXPECT_TRUE(embedder->embeds);
  const auto talks = check_talks(*embedder, testing::embedding_model_path());
  ASSERT_FALSE(talks);
  EXPECT_TRUE(talks.error().message.contains("for embeddings")) << talks.error().message;
}

TEST_F(GgufFile, EveryBeginningOfOneIsRefused) {
  write_tiny_gguf(file_, kTensors, describe_chat);
  const auto bytes = bytes_of(file_);
  for (std::size_t length = 0; length < bytes.size(); length += length < 2000 ? 1 : 97) {
    write(bytes.substr(0, length));
    const auto facts = read_gguf(file_);
    ASSERT_FALSE(facts) << length;
    EXPECT_EQ(facts.error().code, ErrorCode::corrupt) << length;
    EXPECT_TRUE(facts.error().message.contains(file_.string())) << facts.error().message;
  }
  write(bytes.substr(0, bytes.size() - 1));
  EXPECT_TRUE(read_gguf(file_).error().message.contains("cut short: it has " + std::to_string(bytes.size() - 1) + " of " +
                                                        std::to_string(bytes.size())));
}

TEST_F(GgufFile, NoChangedByteBreaksTheReader) {
  write_tiny_gguf(file_, kTensors, describe_chat);
  const auto bytes = bytes_of(file_);
  const auto head = std::min<std::size_t>(bytes.size(), 900);
  int refused = 0;
  for (std::size_t at = 0; at < head; ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      auto changed = bytes;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
      write(changed);
      const auto facts = read_gguf(file_);
      if (facts) continue;
      ++refused;
      EXPECT_FALSE(facts.error().message.empty());
    }
  }
  EXPECT_GT(refused, 500) << "lengths, types and counts were among those bytes";
}

TEST_F(GgufFile, ReadsNumbersOfAnyType) {
  write_tiny_gguf(file_, kTensors, [](gguf_context* head) {
    gguf_set_val_str(head, "general.architecture", "llama");
    gguf_set_val_str(head, "llama.block_count", "two");
    gguf_set_val_u64(head, "llama.context_length", std::uint64_t{1} << 40U);
    gguf_set_val_u32(head, "tokenizer.chat_template", 7);
    gguf_set_val_i32(head, "general.file_type", -3);
  });
  const auto facts = read_gguf(file_);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->layers, 0);
  EXPECT_EQ(facts->context_tokens, std::numeric_limits<int>::max());
  EXPECT_FALSE(facts->has_chat_template);
  EXPECT_FALSE(check_talks(*facts, file_));
}

TEST_F(GgufFile, QuantisationsAreCalledAsFilesAre) {
  const auto name_of = [this](llama_ftype type) {
    write_tiny_gguf(file_, kTensors, [type](gguf_context* head) { gguf_set_val_u32(head, "general.file_type", type); });
    return read_gguf(file_)->quantisation;
  };
  EXPECT_EQ(name_of(LLAMA_FTYPE_MOSTLY_Q4_K_M), "Q4_K_M");
  EXPECT_EQ(name_of(LLAMA_FTYPE_MOSTLY_Q3_K_S), "Q3_K_S");
  EXPECT_EQ(name_of(LLAMA_FTYPE_MOSTLY_Q8_0), "Q8_0");
  EXPECT_EQ(name_of(LLAMA_FTYPE_MOSTLY_IQ4_XS), "IQ4_XS");
  EXPECT_EQ(name_of(static_cast<llama_ftype>(900)), "");
}

TEST_F(GgufFile, APartOfAModelIsToldApart) {
  const auto refused = [this](const std::function<void(gguf_context*)>& describe, const std::vector<TinyTensor>& tensors) {
    write_tiny_gguf(file_, tensors, describe);
    const auto facts = read_gguf(file_);
    EXPECT_EQ(facts ? ErrorCode::internal : facts.error().code, ErrorCode::invalid_argument);
    return facts ? std::string() : facts.error().message;
  };
  EXPECT_TRUE(refused([](gguf_context* head) { gguf_set_val_u16(head, "split.count", 3); }, kTensors).contains("one of 3 parts"));
  EXPECT_TRUE(
      refused([](gguf_context* head) { gguf_set_val_str(head, "general.type", "adapter"); }, kTensors).contains("'adapter'"));
  EXPECT_TRUE(refused(describe_chat, {}).contains("without weights"));
}

TEST_F(GgufFile, OtherFilesAreToldApart) {
  EXPECT_EQ(read_gguf("/no/such/model.gguf").error().code, ErrorCode::not_found);
  EXPECT_EQ(read_gguf(::testing::TempDir()).error().code, ErrorCode::not_found);
  write("PK\x03\x04 this is a zip archive");
  const auto facts = read_gguf(file_);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, ErrorCode::corrupt);
  EXPECT_TRUE(facts.error().message.contains("not a GGUF")) << facts.error().message;
}

}  // namespace
}  // namespace gibsey::provider
