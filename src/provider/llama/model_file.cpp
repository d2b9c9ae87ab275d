#include "provider/llama/model_file.hpp"

#include <fmt/format.h>
#include <fmt/std.h>
#include <spdlog/spdlog.h>

#include <array>
#include <fstream>
#include <mutex>
#include <string_view>

namespace gibsey::provider {
namespace {

void log_line(ggml_log_level level, const char* text, void* /*unused*/) {
  std::string_view line = text;
  while (line.ends_with('\n')) line.remove_suffix(1);
  // Its warnings concern developers of llama.cpp; what a reader must know comes back as an Error.
  if (!line.empty() && line != "." && level != GGML_LOG_LEVEL_DEBUG) spdlog::debug("llama: {}", line);
}

void initialise_backend_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(log_line, nullptr);
    llama_backend_init();
  });
}

/// Linux's own estimate of what can be had without swapping; 0 when the system does not tell.
std::uint64_t free_memory() {
  std::ifstream meminfo("/proc/meminfo");
  std::string key;
  std::uint64_t kilobytes = 0;
  std::string unit;
  while (meminfo >> key >> kilobytes >> unit) {
    if (key == "MemAvailable:") return kilobytes * 1024;
  }
  return 0;
}

Result<void> check_magic(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::array<char, 4> magic{};
  if (!in.read(magic.data(), magic.size()) || std::string_view(magic.data(), magic.size()) != "GGUF") {
    return fail(ErrorCode::corrupt, fmt::format("{} is not a GGUF model file; give one that ends in .gguf", file.string()));
  }
  return {};
}

double gigabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e9;
}

}  // namespace

Result<void> check_memory(const std::string& what, std::uint64_t bytes) {
  const auto available = free_memory();
  if (available == 0 || bytes <= available) return {};
  return fail(ErrorCode::too_large, fmt::format("{} needs {:.1f} GB of memory and {:.1f} GB are free; take a smaller model", what,
                                                gigabytes(bytes), gigabytes(available)));
}

Result<ModelHandle> load_model(const std::filesystem::path& file) {
  initialise_backend_once();
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    return fail(ErrorCode::not_found, fmt::format("there is no model file {}; set-up makes the bundled ones", file.string()));
  }
  GIBSEY_CHECK(check_magic(file));
  GIBSEY_CHECK(check_memory(fmt::format("the model {}", file.string()), std::filesystem::file_size(file, error)));
  ModelHandle model(llama_model_load_from_file(file.c_str(), llama_model_default_params()));
  if (!model) {
    return fail(ErrorCode::corrupt, fmt::format("the model {} cannot be read: it is damaged, cut short, or of a kind that this "
                                                "version of llama.cpp does not know; download it again",
                                                file.string()));
  }
  return model;
}

std::string model_name(const llama_model& model, const std::filesystem::path& file) {
  std::array<char, 256> name{};
  const int length = llama_model_meta_val_str(&model, "general.name", name.data(), name.size());
  return length > 0 ? std::string(name.data()) : file.stem().string();
}

std::uint64_t context_bytes(const llama_model& model, int cells) {
  const auto heads = static_cast<std::uint64_t>(std::max(1, llama_model_n_head(&model)));
  const auto head_size = static_cast<std::uint64_t>(llama_model_n_embd(&model)) / heads;
  const auto width = head_size * static_cast<std::uint64_t>(llama_model_n_head_kv(&model));
  // A key and a value of 16-bit numbers in each layer.
  return static_cast<std::uint64_t>(cells) * static_cast<std::uint64_t>(llama_model_n_layer(&model)) * width * 2 * 2;
}

}  // namespace gibsey::provider
