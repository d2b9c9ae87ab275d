#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "model/turn.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace gibsey::provider {

template <typename T>
using Async = boost::asio::awaitable<Result<T>>;

enum class Role { system, user, assistant };
[[nodiscard]] const char* to_string(Role role);

struct ChatMessage {
  Role role = Role::user;
  std::string text;
};

struct Sampling {
  double temperature = 0.7;
  double top_p = 0.9;
  double min_p = 0.05;
  double repeat_penalty = 1.15;
  /// Don't-repeat-yourself: penalises a token that would extend a repeated sequence; 0 is off.
  double dry_multiplier = 0;
  std::uint32_t seed = 0;  ///< 0: random
};

/// One reply to generate. The messages that repeat from turn to turn come first; the last one is the unique part.
struct ChatRequest {
  std::vector<ChatMessage> messages;
  /// How many of the leading messages are the same for everyone who talks with this character: an engine may keep their state.
  int stable_messages = 0;
  /// Text that the reply begins with; the model goes on after it. Not part of the stream. Only where supports_opening().
  std::string opening;
  Sampling sampling;
  int max_tokens = 120;
  /// Lines of the book, best first, that the reply may quote; nullopt: it may write between quotation marks what it likes.
  /// Kept where locks_quotes(); elsewhere the prompt says them, and a server that cites documents is given them as one.
  std::optional<std::vector<std::string>> quotes;
  std::vector<std::string> stop;  ///< generation ends before any of these would be written
  std::string user_id;            ///< engines share their slots fairly between users
  Deadline deadline = Deadline::never();
  std::stop_token cancel;  ///< a reply that nobody wants any more: ends the wait for its first word too, with cancelled
};

/// A place in a document of the prompt that a model's server says a passage of the reply rests on. start/end: characters, pages
/// or blocks, as the server counts them; end is exclusive.
struct Citation {
  std::string cited_text;
  int document_index = 0;
  int start = 0;
  int end = 0;
};

struct Generated {
  model::FinishReason finish_reason = model::FinishReason::stop;
  model::TokenUsage usage;
  bool usage_estimated = false;  ///< the server said nothing of it
  int reasoning_characters = 0;  ///< thought aloud by the model and kept from the reader
  bool prompt_was_cut = false;   ///< the server took fewer tokens of the prompt than were sent: its context is too short
  std::vector<Citation> citations = {};
};

/// A reply that is being generated. Destroying it stops the generation.
class TokenStream {
 public:
  virtual ~TokenStream() = default;
  /// The next piece of text, valid UTF-8, never empty; nullopt at the end. Errors: unavailable, deadline, cancelled, too_large
  /// (the prompt does not fit the model's context).
  virtual Async<std::optional<std::string>> next() = 0;
  /// After next() gave nullopt.
  [[nodiscard]] virtual Generated generated() const = 0;
  /// Ends the generation at its next step; next() then drains what was made and ends. From any thread.
  virtual void stop() = 0;
};

/// A language model that talks. Shared by all turns; safe to call from any executor.
class ChatModel {
 public:
  virtual ~ChatModel() = default;
  /// Errors: busy (its queue is full), unavailable, too_large.
  virtual Async<std::unique_ptr<TokenStream>> start(ChatRequest request) = 0;

  [[nodiscard]] virtual std::string provider()
      const = 0;  ///< as LLM_PROVIDERS names it: "local", "ollama", "llm_fallback"; "scripted"
  [[nodiscard]] virtual std::string model() const = 0;
  /// Whether it runs in this process: no server can be away.
  [[nodiscard]] virtual bool in_process() const { return false; }
  /// Whether ChatRequest::opening is honoured.
  [[nodiscard]] virtual bool supports_opening() const = 0;
  /// Whether what it writes between double quotation marks is one of ChatRequest::quotes, always.
  [[nodiscard]] virtual bool locks_quotes() const { return false; }
  /// Prompt and reply together.
  [[nodiscard]] virtual int context_tokens() const = 0;
  /// A tiny model (under about 1 G parameters) needs another prompt than a large one.
  [[nodiscard]] virtual bool is_small() const = 0;
  /// Tokens of a text by the model's own tokenizer, or an estimate.
  [[nodiscard]] virtual int count_tokens(const std::string& text) const = 0;
  /// Whether it could answer now, found out without a generation. Errors: unavailable, forbidden (its key is refused), not_found
  /// (it has no such model). A model in this process always can.
  virtual Async<void> check() { co_return Result<void>{}; }
};

}  // namespace gibsey::provider
