#include "provider/llama/gguf_file.hpp"

#include "provider/llama/backend.hpp"
#include "provider/llama/handles.hpp"

#include <fmt/format.h>
#include <gguf.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace gibsey::provider {
namespace {

using Gguf = std::unique_ptr<gguf_context, FreeWith<gguf_free>>;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// The API aborts where a value has another type than it is asked for.
std::optional<std::string> find_text(const gguf_context& head, const std::string& key) {
  const auto id = gguf_find_key(&head, key.c_str());
  if (id < 0 || gguf_get_kv_type(&head, id) != GGUF_TYPE_STRING) return std::nullopt;
  return std::string(gguf_get_val_str(&head, id));
}

std::optional<std::uint64_t> find_number(const gguf_context& head, const std::string& key) {
  const auto id = gguf_find_key(&head, key.c_str());
  if (id < 0) return std::nullopt;
  switch (gguf_get_kv_type(&head, id)) {
    case GGUF_TYPE_UINT16: return gguf_get_val_u16(&head, id);
    case GGUF_TYPE_UINT32: return gguf_get_val_u32(&head, id);
    case GGUF_TYPE_UINT64: return gguf_get_val_u64(&head, id);
    case GGUF_TYPE_INT32: return static_cast<std::uint64_t>(std::max(0, gguf_get_val_i32(&head, id)));
    default: return std::nullopt;
  }
}

int find_count(const gguf_context& head, const std::string& key) {
  const auto number = find_number(head, key).value_or(0);
  return static_cast<int>(std::min<std::uint64_t>(number, std::numeric_limits<int>::max()));
}

/// "blk.12.ffn_up.weight" -> 12.
std::optional<int> layer_of(std::string_view tensor) {
  if (!tensor.starts_with("blk.")) return std::nullopt;
  int layer = 0;
  const auto [end, error] = std::from_chars(tensor.data() + 4, tensor.data() + tensor.size(), layer);
  return error == std::errc() ? std::optional(layer) : std::nullopt;
}

Result<void> check_magic(std::FILE* opened, const std::string& name) {
  std::array<char, 4> magic{};
  const auto read = std::fread(magic.data(), 1, magic.size(), opened);
  std::rewind(opened);
  if (read == magic.size() && std::string_view(magic.data(), magic.size()) == "GGUF") return {};
  return fail(ErrorCode::corrupt, fmt::format("{} is not a GGUF model file; give one that ends in .gguf", name));
}

/// Errors: corrupt when the tensors do not end within the file.
Result<void> add_tensors(GgufFacts& facts, const gguf_context& head, const std::string& file) {
  std::uint64_t end = gguf_get_data_offset(&head);
  std::map<int, std::uint64_t> by_layer;
  for (std::int64_t i = 0; i < gguf_get_n_tensors(&head); ++i) {
    const std::uint64_t bytes = gguf_get_tensor_size(&head, i);
    const auto* shape = gguf_get_tensor_ne(&head, i);
    facts.parameters += static_cast<std::uint64_t>(shape[0] * shape[1] * shape[2] * shape[3]);
    facts.weight_bytes += bytes;
    end = std::max(end, gguf_get_data_offset(&head) + gguf_get_tensor_offset(&head, i) + bytes);
    if (const auto layer = layer_of(gguf_get_tensor_name(&head, i))) by_layer[*layer] += bytes;
  }
  for (const auto& [layer, bytes] : by_layer) facts.layer_bytes = std::max(facts.layer_bytes, bytes);
  if (facts.file_bytes >= end) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("{} is cut short: it has {} of {} bytes; download it again", file, facts.file_bytes, end));
}

/// Errors: invalid_argument for what is no whole model.
Result<void> check_kind(const gguf_context& head, const std::string& file) {
  const auto parts = find_number(head, "split.count").value_or(1);
  if (parts > 1) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} is one of {} parts of a model; take the model as a single file", file, parts));
  }
  const auto type = find_text(head, "general.type").value_or("model");
  if (type == "model" && gguf_get_n_tensors(&head) > 0) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} is not a model by itself ({}); take the model's own file", file,
                          type == "model" ? "a vocabulary without weights" : fmt::format("its type is '{}'", printable(type))));
}

bool is_embedder(const gguf_context& head, const std::string& architecture) {
  const bool encoder = architecture.contains("bert") || architecture == "t5encoder" || architecture == "gemma-embedding";
  return encoder || find_number(head, architecture + ".pooling_type").value_or(0) != 0;
}

/// As files are called: "Q4_K_M" for llama.cpp's "Q4_K - Medium".
std::string quantisation_name(const gguf_context& head) {
  const auto type = find_number(head, "general.file_type");
  if (!type || *type >= LLAMA_FTYPE_GUESSED) return {};
  std::string name = llama_ftype_name(static_cast<llama_ftype>(*type));
  if (name.starts_with("unknown")) return {};
  const auto dash = name.find(" - ");
  if (dash == std::string::npos) return name;
  const auto kind = name.substr(dash + 3);
  name.resize(dash);
  for (const std::string_view size : {"Small", "Medium", "Large"}) {
    if (kind == size) name += {'_', size.front()};
  }
  return name;
}

}  // namespace

Result<GgufFacts> read_gguf(const std::filesystem::path& file) {
  direct_llama_log();
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    return fail(ErrorCode::not_found, fmt::format("there is no model file {}", file.string()));
  }
  const std::unique_ptr<std::FILE, CloseFile> opened(std::fopen(file.c_str(), "rb"));
  if (!opened) return fail(ErrorCode::not_found, fmt::format("the model file {} may not be read", file.string()));
  GIBSEY_CHECK(check_magic(opened.get(), file.string()));
  const Complaints complaints;
  const Gguf head(gguf_init_from_file_ptr(opened.get(), {.no_alloc = true, .ctx = nullptr}));
  if (!head) {
    return fail(ErrorCode::corrupt, fmt::format("the head of {} is damaged or cut short ({}); download it again", file.string(),
                                                complaints.first().empty() ? "it cannot be read" : complaints.first()));
  }
  GIBSEY_CHECK(check_kind(*head, file.string()));
  GgufFacts facts{.file_bytes = std::filesystem::file_size(file, error)};
  GIBSEY_CHECK(add_tensors(facts, *head, file.string()));
  const auto architecture = find_text(*head, "general.architecture").value_or("");
  facts.name = printable(find_text(*head, "general.name").value_or(file.stem().string()));
  facts.architecture = printable(architecture);
  facts.quantisation = quantisation_name(*head);
  facts.layers = find_count(*head, architecture + ".block_count");
  facts.context_tokens = find_count(*head, architecture + ".context_length");
  facts.has_chat_template = find_text(*head, "tokenizer.chat_template").has_value();
  facts.embeds = is_embedder(*head, architecture);
  return facts;
}

Result<void> check_talks(const GgufFacts& facts, const std::filesystem::path& file) {
  if (facts.embeds) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} is not a chat model but one for embeddings; take an instruct or chat "
                            "variant of a language model",
                            file.string()));
  }
  if (facts.has_chat_template) return {};
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("{} is not a chat model (it carries no chat template); take an instruct or chat variant", file.string()));
}

}  // namespace gibsey::provider
