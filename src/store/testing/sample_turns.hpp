#pragma once
#include "model/turn.hpp"

#include <string>
#include <vector>

namespace gibsey::store::testing {

/// A turn that is about to begin.
inline model::Turn sample_turn(const std::string& id, const std::string& conversation = "c1", const std::string& user = "u1",
                               const std::string& parent = "") {
  model::Turn turn;
  turn.id = id;
  turn.conversation_id = conversation;
  turn.parent_id = parent;
  turn.dialect = "turns";
  turn.user_id = user;
  turn.world = "tower";
  turn.character_id = "arieol";
  turn.question = "Why did you climb the tower?";
  turn.hold_id = "hold of " + id;
  turn.created = 1000;
  turn.updated = 1000;
  return turn;
}

inline model::Source sample_source() {
  return {.n = 1,
          .page_id = "p1",
          .label = "xiv",
          .title = "The stair",
          .chapter = "Two",
          .quote = "Because it was there.",
          .start = 3,
          .end = 24,
          .score = 0.1,
          .voice = "arieol",
          .summary = "He climbed.",
          .page_version = 2};
}

inline model::Quote sample_quote() {
  return {.n = 1,
          .page_id = "p1",
          .label = "xiv",
          .title = "The stair",
          .start = 3,
          .end = 24,
          .text = "Because it was there.",
          .origin = model::QuoteOrigin::opening,
          .verified = false,
          .reply_start = 2,
          .reply_end = 23,
          .page_version = 3};
}

inline model::Receipt sample_receipt() {
  return {.held = 5, .charged = 4, .released = 1, .balance = 95, .rule = "complete"};
}

inline model::ModelCall sample_call() {
  return {
      .provider = "local",
      .model = "small",
      .messages = {{.role = "system", .text = "You are Arieol."}, {.role = "user", .text = "Why did you climb\nthe \"tower\"?"}},
      .opening = "\u201cBecause",
      .stop = {"\nUser:"},
      .max_tokens = 64,
      .temperature = 0.4,
      .top_p = 0.9,
      .min_p = 0.1,
      .repeat_penalty = 1.12,
      .usage = {.prompt_tokens = 640, .completion_tokens = 31},
      .usage_estimated = true,
      .outcome = "length",
      .ms = 12.5};
}

/// As sample_turn, with an ending in which every field is set but those of a failure.
inline model::Turn finished_turn(const std::string& id, const std::string& conversation = "c1", const std::string& user = "u1",
                                 const std::string& parent = "") {
  auto turn = sample_turn(id, conversation, user, parent);
  turn.reply = "\u201cBecause it was there.\u201d So I said.";
  turn.status = model::TurnStatus::complete;
  turn.sources = {sample_source()};
  turn.quotes = {sample_quote()};
  turn.receipt = sample_receipt();
  turn.retrieval = "hybrid";
  turn.usage = {.prompt_tokens = 640, .completion_tokens = 31};
  turn.provider = "local";
  turn.model = "small";
  turn.finish_reason = "stop";
  turn.fallback_used = true;
  turn.included = {"persona", "page xiv"};
  turn.cut = {"notes"};
  turn.sentiment = model::Sentiment{.compound = -0.6249, .positive = 0.1, .negative = 0.2, .neutral = 0.7};
  turn.temperature = 0.7;
  turn.top_p = 0.85;
  turn.personality_weight = 0.35;
  turn.phases = {{.name = "retrieve", .ms = 12.25}, {.name = "first_token", .ms = 0.1}};
  turn.calls = {sample_call()};
  turn.false_quotes = 2;
  turn.first_token_ms = 120;
  turn.total_ms = 900;
  turn.updated = 2000;
  return turn;
}

/// One event of each kind, in which every field is set.
inline std::vector<model::TurnEvent> sample_events() {
  return {model::TurnStarted{.turn_id = "t1", .conversation_id = "c1", .hold = 5},
          model::SourcesFound{.sources = {sample_source(), sample_source()}, .method = "hybrid"},
          model::ContextComposed{.included = {"persona", "page xiv"}, .cut = {"notes"}},
          model::TokenText{.text = "Once \u2014 upon\n\"a\" \\ \u0001 \U0001F98A"},
          model::QuoteClosed{.quote = sample_quote()},
          model::TextReplaced{.reason = "the provider was changed"},
          model::UsageCounted{.usage = {.prompt_tokens = 640, .completion_tokens = 31}},
          model::LedgerSettled{.receipt = sample_receipt()},
          model::TurnDone{.turn_id = "t1",
                          .finish_reason = model::FinishReason::stopped_by_reader,
                          .provider = "local",
                          .model = "small",
                          .fallback_used = true,
                          .first_token_ms = 120,
                          .total_ms = 900},
          model::TurnFailed{.code = "deadline", .message = "it took too long", .retryable = true, .released = false}};
}

inline std::vector<model::TurnEvent> tokens(const std::vector<std::string>& texts) {
  std::vector<model::TurnEvent> events;
  events.reserve(texts.size());
  for (const auto& text : texts) events.emplace_back(model::TokenText{text});
  return events;
}

template <typename T>
std::vector<std::string> ids_of(const std::vector<T>& listed) {
  std::vector<std::string> ids;
  ids.reserve(listed.size());
  for (const auto& one : listed) ids.push_back(one.id);
  return ids;
}

}  // namespace gibsey::store::testing
