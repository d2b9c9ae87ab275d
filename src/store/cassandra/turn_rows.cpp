#include "store/cassandra/turn_rows.hpp"

#include "store/event_json.hpp"
#include "store/model_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace gibsey::store::cassandra {
namespace {

// What begin says of a turn, then what finish says of it; the values below keep this order.
constexpr std::array kIdentity{"conversation_id", "parent_id",    "dialect",  "user_id",
                               "world",           "character_id", "question", "created"};
constexpr std::array kEnding{"reply",          "status",        "hold_id",
                             "sources",        "quotes",        "receipt",
                             "retrieval",      "prompt_tokens", "completion_tokens",
                             "provider",       "model",         "finish_reason",
                             "error",          "error_code",    "fallback_used",
                             "included",       "cut",           "sentiment",
                             "temperature",    "top_p",         "personality_weight",
                             "phases",         "calls",         "false_quotes",
                             "first_token_ms", "total_ms",      "updated"};

template <typename Columns>
std::string assignments(const Columns& columns) {
  std::string text;
  for (const auto* column : columns) text += fmt::format("{} = ?, ", column);
  return text;
}

std::vector<Value> identity_values(const model::Turn& turn) {
  return {turn.conversation_id, turn.parent_id,    turn.dialect,  turn.user_id,
          turn.world,           turn.character_id, turn.question, Value(turn.created)};
}

std::vector<Value> ending_values(const model::Turn& turn, model::TurnStatus status, const std::string& reply) {
  return {reply,
          std::string(model::to_string(status)),
          turn.hold_id,
          encode(turn.sources),
          encode(turn.quotes),
          turn.receipt ? Value(encode(*turn.receipt)) : null(),
          turn.retrieval,
          to_value(turn.usage.prompt_tokens),
          to_value(turn.usage.completion_tokens),
          turn.provider,
          turn.model,
          turn.finish_reason,
          turn.error,
          turn.error_code,
          turn.fallback_used,
          encode(turn.included),
          encode(turn.cut),
          turn.sentiment ? Value(encode(*turn.sentiment)) : null(),
          turn.temperature,
          turn.top_p,
          turn.personality_weight,
          encode(turn.phases),
          encode(turn.calls),
          to_value(turn.false_quotes),
          to_value(turn.first_token_ms),
          to_value(turn.total_ms),
          Value(turn.updated)};
}

void append(std::vector<Value>& values, std::vector<Value> more) {
  for (auto& value : more) values.push_back(std::move(value));
}

/// A null is what a program of an older form left out.
template <typename T>
Result<void> decode_if(const std::string& text, T& value) {
  return text.empty() ? Result<void>() : decode(text, value);
}

}  // namespace

std::string turn_columns() {
  return fmt::format("number, last_event, id, {}, {}", fmt::join(kIdentity, ", "), fmt::join(kEnding, ", "));
}

Result<void> read_turn_row(Row& row, model::Turn& turn) {
  std::string status;
  std::string sources;
  std::string quotes;
  std::string included;
  std::string cut;
  std::string phases;
  std::string calls;
  std::optional<std::string> receipt;
  std::optional<std::string> sentiment;
  row >> turn.id >> turn.conversation_id >> turn.parent_id >> turn.dialect >> turn.user_id >> turn.world >> turn.character_id >>
      turn.question >> turn.created;
  row >> turn.reply >> status >> turn.hold_id >> sources >> quotes >> receipt >> turn.retrieval >> turn.usage.prompt_tokens >>
      turn.usage.completion_tokens >> turn.provider >> turn.model >> turn.finish_reason >> turn.error >> turn.error_code >>
      turn.fallback_used >> included >> cut >> sentiment >> turn.temperature >> turn.top_p >> turn.personality_weight >> phases >>
      calls >> turn.false_quotes >> turn.first_token_ms >> turn.total_ms >> turn.updated;
  const auto known = model::parse_turn_status(status);
  if (!known) return fail(ErrorCode::corrupt, fmt::format("the stored turn {} has an unknown status", turn.id));
  turn.status = *known;
  GIBSEY_CHECK(decode_if(sources, turn.sources));
  GIBSEY_CHECK(decode_if(quotes, turn.quotes));
  GIBSEY_CHECK(decode_if(included, turn.included));
  GIBSEY_CHECK(decode_if(cut, turn.cut));
  GIBSEY_CHECK(decode_if(phases, turn.phases));
  GIBSEY_CHECK(decode_if(calls, turn.calls));
  if (receipt) GIBSEY_CHECK(decode(*receipt, turn.receipt.emplace()));
  if (sentiment) GIBSEY_CHECK(decode(*sentiment, turn.sentiment.emplace()));
  return {};
}

Statement begin_statement(const model::Turn& turn, std::int64_t number, const std::string& mark) {
  static const std::string kBegin = "UPDATE turns SET " + assignments(kIdentity) + assignments(kEnding) +
                                    "number = ?, last_event = 0, mark = ? WHERE id = ? IF number = ?";
  auto statement = cql(kBegin);
  append(statement.values, identity_values(turn));
  append(statement.values, ending_values(turn, model::TurnStatus::running, ""));
  append(statement.values, {Value(number), mark, turn.id, null()});
  return statement;
}

Statement finish_statement(const model::Turn& turn, std::int64_t last_event, const std::string& mark,
                           const std::string& condition, Value value) {
  static const std::string kFinish = "UPDATE turns SET " + assignments(kEnding) + "last_event = ?, mark = ? WHERE id = ? IF ";
  auto statement = cql(kFinish + condition);
  append(statement.values, ending_values(turn, turn.status, turn.reply));
  append(statement.values, {Value(last_event), mark, turn.id, std::move(value)});
  return statement;
}

Statement events_statement(const std::string& turn_id, std::int64_t first_seq, const std::string& batch,
                           const std::vector<model::TurnEvent>& events) {
  return cql("INSERT INTO turns (id, last_seq, first_seq, batch_mark, events) VALUES (?, ?, ?, ?, ?)", turn_id,
             first_seq + static_cast<std::int64_t>(events.size()) - 1, first_seq, batch, encode(events));
}

}  // namespace gibsey::store::cassandra
