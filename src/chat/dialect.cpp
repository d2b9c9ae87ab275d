#include "chat/dialect.hpp"

namespace gibsey::chat {

Dialect turns_dialect() {
  return {.name = "turns", .tone = true, .after_failure = AfterFailure::replace};
}

Dialect ask_dialect() {
  return {.name = "ask"};
}

Dialect persona_dialect(const DialectDefaults& defaults) {
  return {.name = "persona",
          .prompt = PromptKind::persona,
          .charged = false,
          .tone = true,
          .remembers = true,
          .temperature = defaults.temperature,
          .top_p = defaults.top_p,
          .max_tokens = defaults.max_tokens};
}

Dialect cited_dialect(double weight) {
  return {.name = "cited",
          .prompt = PromptKind::cited,
          .charged = false,
          .temperature = 0.3 + 0.2 * weight,
          .max_tokens = 2048,
          .history_pairs = 10,
          .history_minutes = 60};
}

Dialect session_dialect() {
  return {.name = "session", .charged = false};
}

Dialect facade_dialect() {
  return {.name = "facade"};
}

}  // namespace gibsey::chat
