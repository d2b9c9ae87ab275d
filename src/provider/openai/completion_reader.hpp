#pragma once
#include "base/result.hpp"
#include "model/turn.hpp"
#include "net/sse.hpp"
#include "provider/openai/lone_surrogates.hpp"
#include "provider/reasoning_filter.hpp"
#include "provider/reply_text.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::provider {

/// Reads the answer to a chat completion from its bytes, cut anywhere: an event stream, or one JSON document from a server that
/// does not stream. Reasoning is left out and counted. Does no I/O.
class CompletionReader {
 public:
  /// The reply ends before any of `stop`. `begins_inside`: see ReasoningFilter.
  CompletionReader(std::vector<std::string> stop, bool begins_inside);

  void feed(std::string_view bytes);
  /// The body has come to its end.
  void end();
  /// The next piece of the reply in what was fed, valid UTF-8, never empty; nullopt: feed more, or it is over(). Errors, after
  /// which the reader must not be used, in words that do not name the server: busy, too_large, forbidden, not_found (as the
  /// server says), unavailable (its error, a broken stream, an answer that is none, a reply that is all reasoning).
  [[nodiscard]] Result<std::optional<std::string>> take();
  /// What was held back, of a reply that is broken off here.
  [[nodiscard]] std::string cut();

  /// All has been taken; what may come further does not matter.
  [[nodiscard]] bool over() const { return over_; }
  /// The server has said how the reply ended: only usage may follow.
  [[nodiscard]] bool finished() const { return !finish_reason_.empty() || done_; }
  [[nodiscard]] model::FinishReason finish_reason() const;
  /// As told last by the server.
  [[nodiscard]] const std::optional<model::TokenUsage>& usage() const { return usage_; }
  /// Grows with each piece of text or reasoning.
  [[nodiscard]] std::size_t heard() const { return text_bytes_ + reasoning_bytes_; }
  /// Of text, inline reasoning with it.
  [[nodiscard]] std::size_t text_bytes() const { return text_bytes_; }
  /// Characters of reasoning.
  [[nodiscard]] std::size_t reasoning_characters() const { return reasoning_characters_ + filter_.characters(); }
  /// Reasoning was shown, because nothing told it from the reply (see ReasoningFilter); take() has failed.
  [[nodiscard]] bool leaked() const { return filter_.leaked(); }

 private:
  enum class Form { unknown, events, document };

  void drop_blank_lines();
  void choose_form(char first);
  Result<std::string> read_event(const net::SseEvent& event);
  Result<std::string> read_completion(const std::string& document, bool is_error);
  std::string read_choice(const nlohmann::json& choice);
  std::string read_content(const nlohmann::json& content);
  void read_reasoning(const std::string& text);
  void read_usage(const nlohmann::json& usage);
  std::string show(std::string_view text);
  Result<std::optional<std::string>> last();
  [[nodiscard]] Result<void> judge() const;

  Form form_ = Form::unknown;
  std::string start_;     ///< before the form is known
  std::string document_;  ///< in the form of one
  net::SseReader events_reader_;
  std::vector<net::SseEvent> events_;
  std::size_t next_event_ = 0;
  std::optional<Error> broken_;
  bool body_ended_ = false;
  bool done_ = false;  ///< [DONE]
  bool over_ = false;

  bool carried_ = false;  ///< a character came in halves
  SurrogateJoiner joiner_;
  ReasoningFilter filter_;
  ReplyText text_;
  bool said_ = false;  ///< something that can be seen
  std::string finish_reason_;
  std::optional<model::TokenUsage> usage_;
  std::size_t text_bytes_ = 0;
  std::size_t reasoning_bytes_ = 0;
  std::size_t reasoning_characters_ = 0;
};

}  // namespace gibsey::provider
