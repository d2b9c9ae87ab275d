#include "chat/turn_prompt.hpp"

#include "base/log.hpp"
#include "chat/history_window.hpp"
#include "chat/notes_layer.hpp"
#include "chat/personality.hpp"
#include "chat/recall.hpp"
#include "chat/sentiment.hpp"
#include "chat/stopwatch.hpp"
#include "chat/tone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// Tokens of the model's context that a prompt leaves free beside the reply: what a template adds and a count misjudges.
constexpr int kContextMargin = 64;

/// The window knows no branches: an answer given once more stays out of it.
bool uses_window(const AdmittedTurn& turn, const TurnParts& parts) {
  return parts.window != nullptr && turn.question.dialect.prompt == PromptKind::cited && !turn.question.conversation_id.empty();
}

/// What came after the last pause of `minutes` or more; `turns` from the oldest on.
std::vector<model::Turn> since_idle(std::vector<model::Turn> turns, UnixMillis now, int minutes) {
  auto first = turns.size();
  for (auto next = now; first > 0 && next - turns[first - 1].updated < UnixMillis{minutes} * 60'000; --first)
    next = turns[first - 1].created;
  turns.erase(turns.begin(), turns.begin() + static_cast<std::ptrdiff_t>(first));
  return turns;
}

/// Earlier exchanges on the way to this turn; none where the conversation has been idle for longer than the dialect keeps it.
asio::awaitable<Result<std::vector<PastExchange>>> load_history(const AdmittedTurn& turn, TurnParts& parts) {
  std::vector<PastExchange> history;
  if (turn.question.history) co_return *turn.question.history;
  if (turn.record.parent_id.empty()) co_return history;
  const auto& dialect = turn.question.dialect;
  GIBSEY_CO_TRY(auto turns, co_await parts.turns.history(turn.record.parent_id, turn.question.user_id, dialect.history_pairs));
  if (dialect.history_minutes > 0) turns = since_idle(std::move(turns), turn.record.created, dialect.history_minutes);
  for (auto& past : turns) {
    if (!past.reply.empty()) history.push_back({std::move(past.question), std::move(past.reply)});
  }
  co_return history;
}

/// The record, and in the cited chat what the shared window adds to it.
asio::awaitable<Result<std::vector<PastExchange>>> load_context(const AdmittedTurn& turn, TurnParts& parts) {
  GIBSEY_CO_TRY(auto history, co_await load_history(turn, parts));
  if (!uses_window(turn, parts)) co_return history;
  const auto window = co_await load_window(*parts.window, turn.record.conversation_id);
  co_return choose_history(std::move(history), window);
}

/// What the persona remembers of this reader. A memory that fails costs the reader nothing but the memory.
asio::awaitable<std::string> recall(AdmittedTurn& turn, TurnParts& parts) {
  if (!turn.question.dialect.remembers || parts.recall == nullptr) co_return "";
  Stopwatch watch(turn, parts, "recall");
  auto recalled = co_await parts.recall->retrieve_context(
      {.user_id = turn.question.user_id, .character_id = turn.character.id, .message = turn.question.text});
  watch.stop();
  if (!recalled) log::warn("turn {}: nothing is remembered: {}", turn.record.id, recalled.error().message);
  co_return recalled ? std::move(recalled->context) : std::string();
}

PromptInputs prompt_inputs(const AdmittedTurn& turn, const FoundSources& found, const Background& background) {
  const bool small = turn.model->is_small();
  const auto& question = turn.question;
  PromptInputs inputs{.world = turn.world, .character = turn.character, .sources = found.sources, .history = background.history};
  inputs.question = question.text;
  inputs.has_book = found.has_book;
  inputs.in_book = found.in_book;
  if (found.missing_shards > 0)
    inputs.missing_of_book = fmt::format("{} of {} shards of the book, which did not answer", found.missing_shards, found.shards);
  inputs.opening = small && turn.model->supports_opening();
  inputs.small_model = small;
  inputs.quotes_by_number = !turn.model->locks_quotes();
  inputs.variant = std::hash<std::string>{}(question.text) + static_cast<std::size_t>(question.sibling);
  inputs.kind = question.dialect.prompt;
  inputs.book_away = found.missing;
  inputs.sibling = question.sibling;
  inputs.remembered = background.remembered;
  inputs.notes = background.notes;
  inputs.client_system = question.client_system;
  if (inputs.kind == PromptKind::cited && turn.character.personality) {
    inputs.manner = personality_block(turn.character.display_name, *turn.character.personality, question.personality_weight);
  }
  inputs.budget = std::min(turn.context_tokens, turn.model->context_tokens()) - most_reply_tokens(turn) - kContextMargin;
  inputs.count_tokens = [model = turn.model](const std::string& text) { return model->count_tokens(text); };
  return inputs;
}

/// A world has a template for each class of models.
Result<PromptTemplate> template_of(const model::World& world, bool small) {
  const auto& own = small ? world.small_prompt_template : world.prompt_template;
  return PromptTemplate::parse(own.empty() ? std::string(default_prompt_template(small)) : own);
}

}  // namespace

asio::awaitable<Result<Background>> load_background(AdmittedTurn& turn, TurnParts& parts) {
  Background background;
  GIBSEY_CO_TRY(background.history, co_await load_context(turn, parts));
  background.remembered = co_await recall(turn, parts);
  if (parts.notes != nullptr && turn.question.dialect.prompt == PromptKind::book)
    background.notes = co_await parts.notes->of(turn.world.name, turn.character.id);
  co_return background;
}

void choose_tone(AdmittedTurn& turn, const TurnParts& parts) {
  const auto& dialect = turn.question.dialect;
  auto& record = turn.record;
  record.temperature = dialect.temperature;
  record.top_p = dialect.top_p;
  // Tried on 135 M parameters: at 0.7 the reply leaves the question, under 0.3 it recites the persona.
  if (turn.model->is_small()) record.temperature = std::min(record.temperature, 0.4);
  if (!dialect.tone || parts.sentiments == nullptr) return;
  record.sentiment = parts.sentiments->score(turn.question.text);
  const auto tone = tone_for(*record.sentiment, {record.temperature, record.top_p}, turn.tone_steps);
  record.temperature = tone.temperature;
  record.top_p = tone.top_p;
}

int most_reply_tokens(const AdmittedTurn& turn) {
  return std::min(turn.question.max_tokens, std::max(turn.model->context_tokens() / 2, 1));
}

Result<Prompt> compose_for_model(AdmittedTurn& turn, TurnParts& parts, const FoundSources& found, const Background& background) {
  Stopwatch watch(turn, parts, "prompt");
  GIBSEY_TRY(const auto prompt_template, template_of(turn.world, turn.model->is_small()));
  GIBSEY_TRY(auto prompt, compose_prompt(prompt_inputs(turn, found, background), prompt_template));
  watch.stop();
  if (found.missing) prompt.cut.emplace_back("the book: it could not be looked up");
  turn.record.included = prompt.included;
  turn.record.cut = prompt.cut;
  return prompt;
}

}  // namespace gibsey::chat
