#pragma once
#include "base/result.hpp"
#include "net/sse.hpp"
#include "provider/chat_model.hpp"
#include "provider/reply_text.hpp"
#include "provider/token_estimate.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::provider {

/// What the replies of one model teach about it; shared with the streams, which may outlive it.
struct ClaudeLearned {
  TokenEstimate tokens;
  std::atomic<bool> refuses_opening = false;
  std::atomic<bool> refuses_temperature = false;
  std::atomic<bool> refuses_citations = false;
  std::atomic<bool> thinks = false;  ///< although it was told not to, or it cannot be told
};

struct MessagesStreamInputs {
  std::string who;  ///< as messages name the server
  std::string secret;
  std::vector<std::string> stop;
  std::size_t prompt_bytes = 0;
  int cited_quotes = 0;     ///< quotes sent as the blocks of document 0; a citation of one becomes its number in the text
  bool trim_start = false;  ///< the opening lost its last whitespace: the reader has it already
};

/// Reads a Messages event stream from its bytes, cut anywhere. Does no I/O.
class MessagesReader {
 public:
  MessagesReader(std::shared_ptr<ClaudeLearned> learned, MessagesStreamInputs inputs);

  void feed(std::string_view bytes);
  /// The body has come to its end.
  void end() { body_ended_ = true; }
  /// The next piece of the reply in what was fed, valid UTF-8, never empty; nullopt: feed more, or it is over(). Errors, after
  /// which the reader must not be used: busy, too_large, forbidden, not_found (as the server says), unavailable (its error, a
  /// broken stream, a refusal, a reply that is all thought).
  [[nodiscard]] Result<std::optional<std::string>> take();
  /// What was held back, of a reply that its reader stops here.
  [[nodiscard]] std::optional<std::string> cut();

  /// All has been taken; what may come further does not matter.
  [[nodiscard]] bool over() const { return over_; }
  /// Grows with each piece of text or thought.
  [[nodiscard]] std::size_t heard() const { return heard_; }
  /// Whole once it is over().
  [[nodiscard]] const Generated& generated() const { return generated_; }

 private:
  Result<std::string> read_event(const net::SseEvent& event);
  std::string read_delta(const nlohmann::json& delta);
  std::string text_of(std::string text);
  Result<std::string> end_message();
  void read_usage(const nlohmann::json& usage);
  void read_citation(const nlohmann::json& citation);
  void name_quotes(const Citation& citation);
  [[nodiscard]] std::string with_numbers(std::string text);
  [[nodiscard]] Error error_of(const nlohmann::json& error) const;
  std::optional<std::string> last();

  std::shared_ptr<ClaudeLearned> learned_;
  const MessagesStreamInputs inputs_;
  net::SseReader events_reader_;
  std::vector<net::SseEvent> events_;
  std::size_t next_event_ = 0;
  std::optional<Error> broken_;
  ReplyText text_;
  std::string stop_reason_;
  std::vector<bool> named_;      ///< by quote: its number is in the text, or waits to be
  std::string numbers_;          ///< of quotes that the text before rests on: " [[q2]]"
  std::size_t reply_bytes_ = 0;  ///< text and thoughts
  std::size_t heard_ = 0;
  bool trim_start_;
  bool said_ = false;
  bool counted_ = false;  ///< the server has told what the whole reply took
  bool ended_ = false;    ///< the server has said so, or a stop string has come
  bool body_ended_ = false;
  bool over_ = false;
  Generated generated_;
};

}  // namespace gibsey::provider
