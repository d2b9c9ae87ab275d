#include "server/turn_json.hpp"

namespace gibsey::server {
namespace {

template <typename... Visitors>
struct Visit : Visitors... {
  using Visitors::operator()...;
};

Json event_json(const model::TurnEvent& event) {
  return std::visit(
      Visit{[](const model::TurnStarted& e) {
              return Json{{"turn_id", e.turn_id}, {"conversation_id", e.conversation_id}, {"hold", e.hold}};
            },
            [](const model::SourcesFound& e) {
              auto list = Json::array();
              for (const auto& source : e.sources) list.push_back(to_json(source));
              return list;
            },
            [](const model::ContextComposed& e) { return Json{{"included", e.included}, {"cut", e.cut}}; },
            [](const model::TokenText& e) { return Json(e.text); }, [](const model::QuoteClosed& e) { return to_json(e.quote); },
            [](const model::TextReplaced& e) { return Json{{"reason", e.reason}}; },
            [](const model::UsageCounted& e) {
              return Json{{"prompt_tokens", e.usage.prompt_tokens}, {"completion_tokens", e.usage.completion_tokens}};
            },
            [](const model::LedgerSettled& e) { return to_json(e.receipt); },
            [](const model::TurnDone& e) {
              return Json{{"turn_id", e.turn_id},
                          {"finish_reason", model::to_string(e.finish_reason)},
                          {"provider", e.provider},
                          {"model", e.model},
                          {"fallback_used", e.fallback_used},
                          {"first_token_ms", e.first_token_ms},
                          {"total_ms", e.total_ms}};
            },
            [](const model::TurnFailed& e) {
              return Json{{"code", e.code}, {"message", e.message}, {"retryable", e.retryable}, {"released", e.released}};
            }},
      event);
}

Json call_json(const model::ModelCall& call) {
  auto messages = Json::array();
  for (const auto& message : call.messages) messages.push_back({{"role", message.role}, {"text", message.text}});
  return {{"provider", call.provider},
          {"model", call.model},
          {"messages", messages},
          {"opening", call.opening},
          {"stop", call.stop},
          {"max_tokens", call.max_tokens},
          {"sampling",
           {{"temperature", call.temperature},
            {"top_p", call.top_p},
            {"min_p", call.min_p},
            {"repeat_penalty", call.repeat_penalty}}},
          {"usage", {{"prompt_tokens", call.usage.prompt_tokens}, {"completion_tokens", call.usage.completion_tokens}}},
          {"usage_estimated", call.usage_estimated},
          {"outcome", call.outcome},
          {"ms", call.ms}};
}

}  // namespace

const char* event_name(const model::TurnEvent& event) {
  return std::visit(
      Visit{[](const model::TurnStarted&) { return "turn"; }, [](const model::SourcesFound&) { return "sources"; },
            [](const model::ContextComposed&) { return "context"; }, [](const model::TokenText&) { return "token"; },
            [](const model::QuoteClosed&) { return "quote"; }, [](const model::TextReplaced&) { return "replace"; },
            [](const model::UsageCounted&) { return "usage"; }, [](const model::LedgerSettled&) { return "ledger"; },
            [](const model::TurnDone&) { return "done"; }, [](const model::TurnFailed&) { return "error"; }},
      event);
}

std::string event_text(const model::TurnEvent& event) {
  if (const auto* token = std::get_if<model::TokenText>(&event)) return token->text;
  return dump(event_json(event));
}

Json to_json(const model::Source& source) {
  return {{"n", source.n},
          {"page_id", source.page_id},
          {"label", source.label},
          {"title", source.title},
          {"chapter", source.chapter},
          {"quote", source.quote},
          {"start", source.start},
          {"end", source.end},
          {"score", source.score},
          {"page_version", source.page_version}};
}

Json to_json(const model::Quote& quote) {
  return {{"n", quote.n},
          {"page_id", quote.page_id},
          {"label", quote.label},
          {"title", quote.title},
          {"start", quote.start},
          {"end", quote.end},
          {"text", quote.text},
          {"origin", model::to_string(quote.origin)},
          {"verified", quote.verified},
          {"reply_start", quote.reply_start},
          {"reply_end", quote.reply_end},
          {"page_version", quote.page_version}};
}

Json to_json(const model::Receipt& receipt) {
  return {{"held", receipt.held},
          {"charged", receipt.charged},
          {"released", receipt.released},
          {"balance", receipt.balance},
          {"rule", receipt.rule}};
}

Json to_json(const model::Turn& turn) {
  auto sources = Json::array();
  for (const auto& source : turn.sources) sources.push_back(to_json(source));
  auto quotes = Json::array();
  for (const auto& quote : turn.quotes) quotes.push_back(to_json(quote));
  auto phases = Json::object();
  // A phase may come more than once: another model's prompt, a generation that was begun again.
  for (const auto& phase : turn.phases) phases[phase.name] = phases.value(phase.name, 0.0) + phase.ms;
  auto calls = Json::array();
  for (const auto& call : turn.calls) calls.push_back(call_json(call));
  Json trace{{"dialect", turn.dialect},
             {"retrieval", turn.retrieval},
             {"temperature", turn.temperature},
             {"top_p", turn.top_p},
             {"phases_ms", phases},
             {"calls", calls},
             {"personality_weight", turn.personality_weight},
             {"sentiment", turn.sentiment ? to_json(*turn.sentiment) : Json(nullptr)}};
  return {{"turn_id", turn.id},
          {"conversation_id", turn.conversation_id},
          {"parent_id", turn.parent_id},
          {"user_id", turn.user_id},
          {"world", turn.world},
          {"character_id", turn.character_id},
          {"question", turn.question},
          {"reply", turn.reply},
          {"status", model::to_string(turn.status)},
          {"finish_reason", turn.finish_reason},
          {"error", turn.error.empty() ? Json(nullptr) : Json{{"code", turn.error_code}, {"message", turn.error}}},
          {"sources", sources},
          {"quotes", quotes},
          {"false_quotes", turn.false_quotes},
          {"context", {{"included", turn.included}, {"cut", turn.cut}}},
          {"usage", {{"prompt_tokens", turn.usage.prompt_tokens}, {"completion_tokens", turn.usage.completion_tokens}}},
          {"receipt", turn.receipt ? to_json(*turn.receipt) : Json(nullptr)},
          {"provider", turn.provider},
          {"model", turn.model},
          {"fallback_used", turn.fallback_used},
          {"first_token_ms", turn.first_token_ms},
          {"total_ms", turn.total_ms},
          {"trace", trace},
          {"created", iso8601(turn.created)},
          {"updated", iso8601(turn.updated)}};
}

Json to_json(const model::Sentiment& sentiment) {
  return {{"compound", sentiment.compound},
          {"positive", sentiment.positive},
          {"negative", sentiment.negative},
          {"neutral", sentiment.neutral}};
}

}  // namespace gibsey::server
