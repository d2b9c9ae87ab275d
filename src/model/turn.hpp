#pragma once
#include "base/clock.hpp"
#include "model/sentiment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gibsey::model {

/// How a quotation came into a reply.
enum class QuoteOrigin {
  model,     ///< the model wrote it and the check found it in the book
  lock,      ///< the model opened it, and its text was put in from the sources
  opening,   ///< put in as the opening of the reply before the model went on
  epigraph,  ///< added after a reply that quoted nothing
};

/// A retrieved line offered to the model. Numbered once, from 1, on the server.
struct Source {
  int n = 0;
  std::string page_id;
  std::string label;
  std::string title;
  std::string chapter;
  std::string quote;
  std::int32_t start = 0;  ///< code points in the page's text
  std::int32_t end = 0;
  double score = 0;
  std::string voice;              ///< character whose page it is, where that matters to the dialect; else ""
  std::string summary;            ///< at most 200 code points of the page from `start` on; "" but in the cited chat
  std::int64_t page_version = 0;  ///< of the page that has it; 0 where that is not known
};

/// A quotation in a reply that stands in the book. start/end: code points of the page; reply_start/reply_end: code points of
/// the reply as the reader has it, marks included.
struct Quote {
  int n = 0;  ///< the Source it came from, 0 when it was found elsewhere in the book
  std::string page_id;
  std::string label;
  std::string title;
  std::int32_t start = 0;
  std::int32_t end = 0;
  std::string text;
  QuoteOrigin origin = QuoteOrigin::model;
  bool verified = true;
  std::int32_t reply_start = 0;
  std::int32_t reply_end = 0;
  std::int64_t page_version = 0;  ///< whose text start and end count; 0 where that is not known
};

/// What was paid and by which rule (contracts section 0, charging).
struct Receipt {
  int held = 0;
  int charged = 0;
  int released = 0;
  std::int64_t balance = 0;
  std::string rule;
};

enum class FinishReason { stop, length, stopped_by_reader, error };

struct TokenUsage {
  int prompt_tokens = 0;
  int completion_tokens = 0;
};

/// What a client sees of a turn, in this order. A dialect in server/ encodes it and nothing else.
struct TurnStarted {
  std::string turn_id;
  std::string conversation_id;
  int hold = 0;
};
/// `method`: which search answered, "hybrid", "text", "vector", "none".
struct SourcesFound {
  std::vector<Source> sources;
  std::string method;
};
struct ContextComposed {
  std::vector<std::string> included;
  std::vector<std::string> cut;
};
struct TokenText {
  std::string text;
};
struct QuoteClosed {
  Quote quote;
};
/// Everything written so far is void; the text starts again from nothing.
struct TextReplaced {
  std::string reason;
};
struct UsageCounted {
  TokenUsage usage;
};
struct LedgerSettled {
  Receipt receipt;
};
struct TurnDone {
  std::string turn_id;
  FinishReason finish_reason = FinishReason::stop;
  std::string provider;
  std::string model;
  bool fallback_used = false;
  int first_token_ms = 0;
  int total_ms = 0;
};
struct TurnFailed {
  std::string code;
  std::string message;
  bool retryable = false;
  bool released = true;
};

using TurnEvent = std::variant<TurnStarted, SourcesFound, ContextComposed, TokenText, QuoteClosed, TextReplaced, UsageCounted,
                               LedgerSettled, TurnDone, TurnFailed>;

/// An event with its place in the turn's log: from 1, by one, but for one jump where a crash took text that was not stored yet
/// (chat/recovery.hpp).
struct NumberedEvent {
  std::int64_t seq = 0;
  TurnEvent event;
};

enum class TurnStatus { running, complete, stopped, failed, interrupted };

/// How long a part of a turn took.
struct Phase {
  std::string name;
  double ms = 0;
};

/// What a model was sent and what came of it: kept where the program runs with --debug. A provider's key is no part of it.
struct ModelCall {
  struct Message {
    std::string role;  ///< "system", "user", "assistant"
    std::string text;
  };
  std::string provider;
  std::string model;
  std::vector<Message> messages;
  std::string opening;  ///< what the reply was made to begin with
  std::vector<std::string> stop;
  int max_tokens = 0;
  double temperature = 0;
  double top_p = 0;
  double min_p = 0;
  double repeat_penalty = 0;
  TokenUsage usage;              ///< as the provider counted
  bool usage_estimated = false;  ///< it did not, so this is a guess
  std::string outcome;           ///< a finish reason, or the code of the error
  double ms = 0;
};

/// The durable record of a question and its reply. A conversation is a tree of turns: siblings answer the same question again.
struct Turn {
  std::string id;
  std::string conversation_id;
  std::string parent_id;  ///< the turn before it in the conversation; "" is the first
  std::string dialect;    ///< which API asked: "turns", "ask", "persona", "cited", "session", ...
  std::string user_id;
  std::string world;
  std::string character_id;  ///< "" is the narrator
  std::string question;
  std::string reply;
  TurnStatus status = TurnStatus::running;
  std::string hold_id;
  std::string retrieval;  ///< which search answered: "hybrid", "text", "vector", "none"
  std::vector<Source> sources;
  std::vector<Quote> quotes;
  std::optional<Receipt> receipt;
  TokenUsage usage;
  std::string provider;
  std::string model;
  std::string finish_reason;
  std::string error;       ///< what went wrong, for a failed turn
  std::string error_code;  ///< as its error event says it
  bool fallback_used = false;
  std::vector<std::string> included;  ///< what the prompt held, and what did not fit
  std::vector<std::string> cut;
  std::optional<Sentiment> sentiment;  ///< of the question, where the tone follows it
  double temperature = 0;              ///< used for the reply; inside a quote nothing is sampled
  double top_p = 0;
  double personality_weight = 0;
  std::vector<Phase> phases;
  std::vector<ModelCall> calls;  ///< with --debug alone
  int false_quotes = 0;          ///< quotation marks taken off because no page holds the words
  int first_token_ms = 0;
  int total_ms = 0;
  UnixMillis created = 0;
  UnixMillis updated = 0;
};

/// A conversation as a list shows it.
struct Conversation {
  std::string id;
  std::string user_id;
  std::string world;
  std::string character_id;  ///< of its last turn
  std::string first_question;
  std::string last_turn_id;  ///< the newest
  int turns = 0;
  UnixMillis created = 0;
  UnixMillis updated = 0;
};

/// A request that costs credits, by the key that its client gave it.
struct IdempotencyClaim {
  std::string user_id;
  std::string route;  ///< keys are scoped to user and route
  std::string key;
  std::string body_hash;  ///< the same key with another body is a mistake of the client
  std::string turn_id;
  UnixMillis made = 0;
};

/// A line of the usage log (seed 002).
struct UsageRow {
  std::int64_t number = 0;  ///< ever growing, given by the store
  std::string user_id;
  std::string client_ip;
  std::string creator_slug;
  std::string query;  ///< at most 2,000 code points
  int prompt_tokens = 0;
  int completion_tokens = 0;
  int total_tokens = 0;
  std::string cascade_tier;
  std::string model;
  double latency_ms = 0;
  UnixMillis created = 0;
};

[[nodiscard]] const char* to_string(QuoteOrigin origin);
[[nodiscard]] const char* to_string(FinishReason reason);
[[nodiscard]] const char* to_string(TurnStatus status);
[[nodiscard]] std::optional<QuoteOrigin> parse_quote_origin(const std::string& name);
[[nodiscard]] std::optional<FinishReason> parse_finish_reason(const std::string& name);
[[nodiscard]] std::optional<TurnStatus> parse_turn_status(const std::string& name);

}  // namespace gibsey::model
