#pragma once
#include <string>

namespace gibsey::chat {

/// How the messages of a turn are composed (contracts section 0, the table of dialects).
enum class PromptKind {
  book,     ///< mandate, persona, samples; history; the world's template with the quotes and the question
  persona,  ///< mandate, persona, what is remembered of the reader; the bare message
  cited,    ///< the rules of the cited chat with numbered sources, the creator's manner; history; the query
};

/// What becomes of text that the reader has seen when its model fails and another takes over (contracts section 0).
enum class AfterFailure {
  replace,  ///< it is void: the other model's text starts from nothing
  go_on,    ///< the other model goes on from it where it can be given the beginning of its reply; else the turn fails
};

/// What one API asks of the turns that it starts. A value; the presets below are the table's rows.
struct Dialect {
  std::string name;  ///< kept in the turn's record
  PromptKind prompt = PromptKind::book;
  bool charged = true;     ///< whether a question costs the world's price where the operator sets none (costs.hpp)
  bool tone = false;       ///< whether the sampling follows the reader's sentiment
  bool remembers = false;  ///< whether past talks with this reader are looked up
  double temperature = 0.7;
  double top_p = 0.9;
  int max_tokens = 0;  ///< 0: the world's, else the service's default
  /// Earlier exchanges that are looked at. The prompt holds the newest ten at most and sums up those before them.
  int history_pairs = 200;
  int history_minutes = 0;  ///< 0: however old; else a conversation idle for longer starts anew
  AfterFailure after_failure = AfterFailure::go_on;
};

/// Settings that the sources name (DEFAULT_TEMPERATURE, DEFAULT_TOP_P, MAX_TOKENS).
struct DialectDefaults {
  double temperature = 0.7;
  double top_p = 0.9;
  int max_tokens = 2048;
};

[[nodiscard]] Dialect turns_dialect();
[[nodiscard]] Dialect ask_dialect();
[[nodiscard]] Dialect persona_dialect(const DialectDefaults& defaults);
/// `weight`: personality_weight, 0..1; the temperature is 0.3 + 0.2 w.
[[nodiscard]] Dialect cited_dialect(double weight);
[[nodiscard]] Dialect session_dialect();
/// The APIs of the clients that people have; they bring their own temperature and top_p.
[[nodiscard]] Dialect facade_dialect();

}  // namespace gibsey::chat
