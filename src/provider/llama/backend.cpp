#include "provider/llama/backend.hpp"

#include "base/log.hpp"
#include "base/utf8.hpp"

#include <llama.h>

#include <algorithm>
#include <mutex>

namespace gibsey::provider {
namespace {

constexpr std::size_t kMostShown = 200;

thread_local Complaints* hearer = nullptr;

void log_line(ggml_log_level level, const char* text, void* /*unused*/) {
  std::string_view line = text;
  while (line.ends_with('\n')) line.remove_suffix(1);
  if (level == GGML_LOG_LEVEL_ERROR && hearer != nullptr) hearer->hear(line);
  // Its warnings concern developers of llama.cpp; what a reader must know comes back as an Error.
  if (!line.empty() && line != "." && level != GGML_LOG_LEVEL_DEBUG) log::debug("llama: {}", line);
}

}  // namespace

void direct_llama_log() {
  static std::once_flag once;
  std::call_once(once, [] { llama_log_set(log_line, nullptr); });
}

void initialise_llama() {
  direct_llama_log();
  static std::once_flag once;
  std::call_once(once, [] { llama_backend_init(); });
}

Complaints::Complaints() : outer_(hearer) {
  hearer = this;
}

Complaints::~Complaints() {
  hearer = outer_;
}

void Complaints::hear(std::string_view line) {
  if (!first_.empty()) return;
  // "llama_model_load: error loading model: ...": the function's name, then its own repetitions.
  if (const auto end = line.find(": "); end != std::string_view::npos && !line.substr(0, end).contains(' ')) {
    line.remove_prefix(end + 2);
  }
  for (const std::string_view repeated : {"error loading model: ", "error loading model architecture: "}) {
    if (line.starts_with(repeated)) line.remove_prefix(repeated.size());
  }
  first_ = printable(line);
}

std::string printable(std::string_view text) {
  auto shown = utf8::sanitized(text.substr(0, kMostShown));
  std::ranges::replace_if(shown, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return shown;
}

}  // namespace gibsey::provider
