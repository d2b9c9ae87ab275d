#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gibsey::model {

/// How a quotation came into a reply.
enum class QuoteOrigin {
  model,     ///< the model wrote it and the check found it in the book
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
struct TurnStarted { std::string turn_id; std::string conversation_id; int hold = 0; };
struct SourcesFound { std::vector<Source> sources; };
struct ContextComposed { std::vector<std::string> included; std::vector<std::string> cut; };
struct TokenText { std::string text; };
struct QuoteClosed { Quote quote; };
struct UsageCounted { TokenUsage usage; };
struct LedgerSettled { Receipt receipt; };
struct TurnDone {
  std::string turn_id;
  FinishReason finish_reason = FinishReason::stop;
  std::string provider;
  std::string model;
  bool fallback_used = false;
  int first_token_ms = 0;
  int total_ms = 0;
};
struct TurnFailed { std::string code; std::string message; bool retryable = false; bool released = true; };

using TurnEvent = std::variant<TurnStarted, SourcesFound, ContextComposed, TokenText, QuoteClosed, UsageCounted,
                               LedgerSettled, TurnDone, TurnFailed>;

enum class TurnStatus { running, complete, stopped, failed, interrupted };

/// The durable record of a question and its reply.
struct Turn {
  std::string id;
  std::string conversation_id;
  std::string user_id;
  std::string world;
  std::string character_id;  ///< "" is the narrator
  std::string question;
  std::string reply;
  TurnStatus status = TurnStatus::running;
  std::string hold_id;
  std::vector<Source> sources;
  std::vector<Quote> quotes;
  std::optional<Receipt> receipt;
  TokenUsage usage;
  std::string provider;
  std::string model;
  std::string finish_reason;
  std::string error;      ///< what went wrong, for a failed turn
  int false_quotes = 0;   ///< quotation marks taken off because no page holds the words
  int first_token_ms = 0;
  int total_ms = 0;
  UnixMillis created = 0;
  UnixMillis updated = 0;
};

[[nodiscard]] const char* to_string(QuoteOrigin origin);
[[nodiscard]] const char* to_string(FinishReason reason);
[[nodiscard]] const char* to_string(TurnStatus status);
[[nodiscard]] std::optional<QuoteOrigin> parse_quote_origin(const std::string& name);
[[nodiscard]] std::optional<TurnStatus> parse_turn_status(const std::string& name);

}  // namespace gibsey::model
