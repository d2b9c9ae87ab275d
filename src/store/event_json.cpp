#include "store/event_json.hpp"

#include "store/json_text.hpp"

#include <stdexcept>

// The library looks these up beside the types; they are static, so that another layer may write the same types otherwise.
namespace gibsey::model {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

static void to_json(Json& json, const Source& source) {
  json = {{"n", source.n},         {"page_id", source.page_id}, {"label", source.label},
          {"title", source.title}, {"chapter", source.chapter}, {"quote", source.quote},
          {"start", source.start}, {"end", source.end},         {"score", store::finite(source.score)},
          {"voice", source.voice}, {"summary", source.summary}, {"page_version", source.page_version}};
}

static void from_json(const Json& json, Source& source) {
  source = {.n = json.value("n", 0),
            .page_id = json.value("page_id", ""),
            .label = json.value("label", ""),
            .title = json.value("title", ""),
            .chapter = json.value("chapter", ""),
            .quote = json.value("quote", ""),
            .start = json.value("start", 0),
            .end = json.value("end", 0),
            .score = json.value("score", 0.0),
            .voice = json.value("voice", ""),
            .summary = json.value("summary", ""),
            .page_version = json.value("page_version", std::int64_t{0})};
}

static void to_json(Json& json, const Quote& quote) {
  json = {{"n", quote.n},
          {"page_id", quote.page_id},
          {"label", quote.label},
          {"title", quote.title},
          {"start", quote.start},
          {"end", quote.end},
          {"text", quote.text},
          {"origin", to_string(quote.origin)},
          {"verified", quote.verified},
          {"reply_start", quote.reply_start},
          {"reply_end", quote.reply_end},
          {"page_version", quote.page_version}};
}

static void from_json(const Json& json, Quote& quote) {
  quote = {.n = json.value("n", 0),
           .page_id = json.value("page_id", ""),
           .label = json.value("label", ""),
           .title = json.value("title", ""),
           .start = json.value("start", 0),
           .end = json.value("end", 0),
           .text = json.value("text", ""),
           .origin = parse_quote_origin(json.value("origin", "model")).value_or(QuoteOrigin::model),
           .verified = json.value("verified", true),
           .reply_start = json.value("reply_start", 0),
           .reply_end = json.value("reply_end", 0),
           .page_version = json.value("page_version", std::int64_t{0})};
}

static void to_json(Json& json, const Receipt& receipt) {
  json = {{"held", receipt.held},
          {"charged", receipt.charged},
          {"released", receipt.released},
          {"balance", receipt.balance},
          {"rule", receipt.rule}};
}

static void from_json(const Json& json, Receipt& receipt) {
  receipt = {.held = json.value("held", 0),
             .charged = json.value("charged", 0),
             .released = json.value("released", 0),
             .balance = json.value("balance", std::int64_t{0}),
             .rule = json.value("rule", "")};
}

namespace {

/// One overload an alternative of TurnEvent: a new one does not compile until it has its own, here and in `read_event`.
struct EventWriter {
  Json operator()(const TurnStarted& e) const {
    return {{"type", "turn"}, {"turn_id", e.turn_id}, {"conversation_id", e.conversation_id}, {"hold", e.hold}};
  }
  Json operator()(const SourcesFound& e) const { return {{"type", "sources"}, {"sources", e.sources}, {"method", e.method}}; }
  Json operator()(const ContextComposed& e) const { return {{"type", "context"}, {"included", e.included}, {"cut", e.cut}}; }
  Json operator()(const TokenText& e) const { return e.text; }
  Json operator()(const QuoteClosed& e) const { return {{"type", "quote"}, {"quote", e.quote}}; }
  Json operator()(const TextReplaced& e) const { return {{"type", "replace"}, {"reason", e.reason}}; }
  Json operator()(const UsageCounted& e) const {
    return {{"type", "usage"}, {"prompt_tokens", e.usage.prompt_tokens}, {"completion_tokens", e.usage.completion_tokens}};
  }
  Json operator()(const LedgerSettled& e) const { return {{"type", "ledger"}, {"receipt", e.receipt}}; }
  Json operator()(const TurnDone& e) const {
    return {{"type", "done"},
            {"turn_id", e.turn_id},
            {"finish_reason", to_string(e.finish_reason)},
            {"provider", e.provider},
            {"model", e.model},
            {"fallback_used", e.fallback_used},
            {"first_token_ms", e.first_token_ms},
            {"total_ms", e.total_ms}};
  }
  Json operator()(const TurnFailed& e) const {
    return {{"type", "error"}, {"code", e.code}, {"message", e.message}, {"retryable", e.retryable}, {"released", e.released}};
  }
};

TurnDone read_done(const Json& json) {
  const auto reason = parse_finish_reason(json.value("finish_reason", "stop"));
  if (!reason) throw std::invalid_argument("an unknown finish reason");
  return {.turn_id = json.value("turn_id", ""),
          .finish_reason = *reason,
          .provider = json.value("provider", ""),
          .model = json.value("model", ""),
          .fallback_used = json.value("fallback_used", false),
          .first_token_ms = json.value("first_token_ms", 0),
          .total_ms = json.value("total_ms", 0)};
}

TurnEvent read_event(const Json& json) {
  static_assert(std::variant_size_v<TurnEvent> == 10);
  if (json.is_string()) return TokenText{json.get<std::string>()};
  const auto type = json.at("type").get<std::string>();
  if (type == "turn") return TurnStarted{json.value("turn_id", ""), json.value("conversation_id", ""), json.value("hold", 0)};
  if (type == "sources") return SourcesFound{json.value("sources", std::vector<Source>()), json.value("method", "")};
  if (type == "context") return ContextComposed{json.value("included", Strings()), json.value("cut", Strings())};
  if (type == "quote") return QuoteClosed{json.value("quote", Quote())};
  if (type == "replace") return TextReplaced{json.value("reason", "")};
  if (type == "usage") return UsageCounted{{json.value("prompt_tokens", 0), json.value("completion_tokens", 0)}};
  if (type == "ledger") return LedgerSettled{json.value("receipt", Receipt())};
  if (type == "done") return read_done(json);
  if (type == "error") {
    return TurnFailed{json.value("code", ""), json.value("message", ""), json.value("retryable", false),
                      json.value("released", true)};
  }
  throw std::invalid_argument("an event of the unknown type " + type);
}

}  // namespace
}  // namespace gibsey::model

namespace gibsey::store {

std::string encode(const std::vector<model::Source>& sources) {
  return dump(sources);
}
std::string encode(const std::vector<model::Quote>& quotes) {
  return dump(quotes);
}
std::string encode(const model::Receipt& receipt) {
  return dump(receipt);
}

std::string encode(const std::vector<model::TurnEvent>& events) {
  auto list = nlohmann::json::array();
  for (const auto& event : events) list.push_back(std::visit(model::EventWriter(), event));
  return dump(list);
}

Result<void> decode(const std::string& json, std::vector<model::Source>& sources) {
  return decode_into(json, sources);
}
Result<void> decode(const std::string& json, std::vector<model::Quote>& quotes) {
  return decode_into(json, quotes);
}
Result<void> decode(const std::string& json, model::Receipt& receipt) {
  return decode_into(json, receipt);
}

Result<void> decode(const std::string& json, std::vector<model::TurnEvent>& events) {
  events.clear();
  try {
    for (const auto& event : nlohmann::json::parse(json)) events.push_back(model::read_event(event));
  } catch (const std::exception& exception) {  // of the library, or of read_event
    return std::unexpected(unreadable_row(exception.what()));
  }
  return {};
}

}  // namespace gibsey::store
