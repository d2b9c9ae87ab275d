#include "chat/turn.hpp"

#include "base/log.hpp"
#include "base/utf8.hpp"
#include "chat/citation_check.hpp"
#include "chat/generation.hpp"
#include "chat/history_window.hpp"
#include "chat/personality.hpp"
#include "chat/prompt.hpp"
#include "chat/quote_check.hpp"
#include "chat/recall.hpp"
#include "chat/reply_writer.hpp"
#include "chat/sentiment.hpp"
#include "chat/stored_turn.hpp"
#include "chat/tone.hpp"
#include "retrieval/quote_finder.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// Quotes offered to a model: more than eight and it stops citing (open-webui issue 7508).
constexpr int kOfferedQuotes = 6;
/// Sources of the cited chat (contracts section 4), and how much of each is shown.
constexpr int kCitedSources = 10;
constexpr std::size_t kSummaryCodePoints = 200;
/// Tokens of the model's context that a prompt leaves free beside the reply: what a template adds and a count misjudges.
constexpr int kContextMargin = 64;

class Stopwatch {
 public:
  Stopwatch(AdmittedTurn& turn, TurnParts& parts, const char* phase) : turn_(turn), parts_(parts), phase_(phase) {}
  void stop() {
    const auto ms = std::chrono::duration<double, std::milli>(Deadline::Clock::now() - start_).count();
    parts_.observer.phase(phase_, ms / 1000);
    turn_.record.phases.push_back({phase_, ms});
  }

 private:
  AdmittedTurn& turn_;
  TurnParts& parts_;
  const char* phase_;
  Deadline::Clock::time_point start_ = Deadline::Clock::now();
};

/// The window knows no branches: an answer given once more stays out of it.
bool uses_window(const AdmittedTurn& turn, const TurnParts& parts) {
  return parts.window != nullptr && turn.question.dialect.prompt == PromptKind::cited && !turn.question.conversation_id.empty();
}

/// Earlier exchanges on the way to this turn; none where the conversation has been idle for longer than the dialect keeps it.
asio::awaitable<Result<std::vector<PastExchange>>> load_history(const AdmittedTurn& turn, TurnParts& parts) {
  std::vector<PastExchange> history;
  if (turn.question.history) co_return *turn.question.history;
  if (turn.record.parent_id.empty()) co_return history;
  const auto& dialect = turn.question.dialect;
  GIBSEY_CO_TRY(auto turns, co_await parts.turns.history(turn.record.parent_id, turn.question.user_id, dialect.history_pairs));
  if (dialect.history_minutes > 0) {
    const auto oldest = turn.record.created - UnixMillis{dialect.history_minutes} * 60'000;
    if (turns.empty() || turns.back().updated < oldest) co_return history;
  }
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

struct Found {
  std::vector<model::Source> sources;
  bool has_book = false;
  bool in_book = false;
  bool missing = false;  ///< the passages could not be looked up
  std::string method = "none";
  std::shared_ptr<const retrieval::QuoteFinder> book;  ///< null: nothing to check quotations against
};

std::vector<model::Source> numbered(std::vector<retrieval::Hit> hits) {
  std::vector<model::Source> sources;
  for (auto& hit : hits) {
    sources.push_back({.n = static_cast<int>(sources.size()) + 1,
                       .page_id = std::move(hit.quote.page_id),
                       .label = std::move(hit.label),
                       .title = std::move(hit.title),
                       .chapter = std::move(hit.chapter),
                       .quote = std::move(hit.quote.text),
                       .start = hit.quote.start,
                       .end = hit.quote.end,
                       .score = hit.score,
                       .voice = std::move(hit.voice)});
  }
  return sources;
}

/// Where the book is another process's, what it offered is all that a quotation can be checked against.
std::shared_ptr<const retrieval::QuoteFinder> finder_of(const std::vector<model::Source>& sources) {
  std::vector<model::Page> pages;
  for (const auto& source : sources)
    pages.push_back({.id = source.page_id, .label = source.label, .title = source.title, .text = source.quote});
  return std::make_shared<retrieval::QuoteFinder>(pages);
}

asio::awaitable<Result<Found>> find_sources(AdmittedTurn& turn, TurnParts& parts) {
  Found found{.has_book = parts.passages.has_book(turn.world.name)};
  if (!found.has_book) co_return found;
  found.book = parts.passages.quotes(turn.world.name);
  const bool cited = turn.question.dialect.prompt == PromptKind::cited;
  Stopwatch watch(turn, parts, "retrieve");
  auto retrieved = co_await parts.passages.retrieve({.world = turn.world.name,
                                                     .text = turn.question.text,
                                                     .k = cited ? kCitedSources : kOfferedQuotes,
                                                     .character = turn.character.id,
                                                     .only_character = cited && !turn.character.id.empty(),
                                                     .page_id = turn.question.page_id});
  watch.stop();
  if (!retrieved && (turn.passages_required || cited)) co_return std::unexpected(retrieved.error());
  if (!retrieved) {
    log::warn("turn {}: answers without the book: {}", turn.record.id, retrieved.error().message);
    found.missing = true;
    co_return found;
  }
  found.in_book = retrieved->above_threshold;
  found.method = retrieved->method;
  found.sources = numbered(std::move(retrieved->hits));
  if (!found.book) found.book = finder_of(found.sources);
  co_return found;
}

std::string cut_at(std::string_view text, std::int32_t from, std::size_t length) {
  const auto skip = [&text](std::size_t count) {
    std::string_view rest = text;
    for (; count > 0 && !rest.empty(); --count) rest.remove_prefix(utf8::decode(rest).length);
    return text.size() - rest.size();
  };
  const auto begin = skip(static_cast<std::size_t>(std::max(from, 0)));
  const auto end = skip(static_cast<std::size_t>(std::max(from, 0)) + length);
  return std::string(text.substr(begin, end - begin));
}

/// Gives each source the words around it and its author's name, as the cited chat shows them.
asio::awaitable<Result<void>> summarise(const AdmittedTurn& turn, TurnParts& parts, std::vector<model::Source>& sources) {
  GIBSEY_CO_TRY(const auto cast, co_await parts.characters.list_characters(turn.world.name));
  for (auto& source : sources) {
    const auto author = std::ranges::find(cast, source.voice, &model::Character::id);
    if (author != cast.end()) source.voice = author->display_name;
    GIBSEY_CO_TRY(const auto page, co_await parts.pages.find_page(turn.world.name, source.page_id));
    source.summary = page ? cut_at(page->text, source.start, kSummaryCodePoints) : source.quote;
  }
  co_return Result<void>{};
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

/// The sampling of this turn, into its record.
void choose_tone(AdmittedTurn& turn, const TurnParts& parts) {
  const auto& dialect = turn.question.dialect;
  auto& record = turn.record;
  record.temperature = dialect.temperature;
  record.top_p = dialect.top_p;
  // Tried on 135 M parameters: at 0.7 the reply leaves the question, under 0.3 it recites the persona.
  if (parts.model.is_small()) record.temperature = std::min(record.temperature, 0.4);
  if (!dialect.tone || parts.sentiments == nullptr) return;
  record.sentiment = parts.sentiments->score(turn.question.text);
  const auto tone = tone_for(*record.sentiment, {record.temperature, record.top_p}, turn.tone_steps);
  record.temperature = tone.temperature;
  record.top_p = tone.top_p;
}

PromptInputs prompt_inputs(const AdmittedTurn& turn, const TurnParts& parts, const Found& found,
                           const std::vector<PastExchange>& history, std::string remembered) {
  const bool small = parts.model.is_small();
  const auto& question = turn.question;
  PromptInputs inputs{.world = turn.world, .character = turn.character, .sources = found.sources, .history = history};
  inputs.question = question.text;
  inputs.has_book = found.has_book;
  inputs.in_book = found.in_book;
  inputs.opening = small && parts.model.supports_opening();
  inputs.small_model = small;
  inputs.variant = std::hash<std::string>{}(question.text) + static_cast<std::size_t>(question.sibling);
  inputs.kind = question.dialect.prompt;
  inputs.book_away = found.missing;
  inputs.sibling = question.sibling;
  inputs.remembered = std::move(remembered);
  inputs.client_system = question.client_system;
  if (inputs.kind == PromptKind::cited && turn.character.personality) {
    inputs.manner = personality_block(turn.character.display_name, *turn.character.personality, question.personality_weight);
  }
  inputs.budget = std::min(turn.context_tokens, parts.model.context_tokens()) - question.max_tokens - kContextMargin;
  inputs.count_tokens = [&parts](const std::string& text) { return parts.model.count_tokens(text); };
  return inputs;
}

asio::awaitable<Result<Prompt>> compose(AdmittedTurn& turn, TurnParts& parts, const Found& found) {
  GIBSEY_CO_TRY(const auto history, co_await load_context(turn, parts));
  auto remembered = co_await recall(turn, parts);
  Stopwatch watch(turn, parts, "prompt");
  GIBSEY_CO_TRY(auto prompt,
                compose_prompt(prompt_inputs(turn, parts, found, history, std::move(remembered)), *turn.prompt_template));
  watch.stop();
  if (found.missing) prompt.cut.emplace_back("the book: it could not be looked up");
  turn.record.included = prompt.included;
  turn.record.cut = prompt.cut;
  turn.log->append(model::ContextComposed{prompt.included, prompt.cut});
  co_return prompt;
}

void record_end(AdmittedTurn& turn, model::FinishReason reason) {
  turn.record.finish_reason = model::to_string(reason);
  turn.record.status = reason != model::FinishReason::stopped_by_reader ? model::TurnStatus::complete
                       : turn.log->interrupted()                        ? model::TurnStatus::interrupted
                                                                        : model::TurnStatus::stopped;
}

/// A character's reply: quotations stand in the book, and one is added where none was made.
asio::awaitable<Result<void>> answer_in_voice(AdmittedTurn& turn, TurnParts& parts, const Found& found, const Prompt& prompt) {
  QuoteCheck check(found.book, found.sources, turn.question.text);
  ReplyWriter writer(turn, parts);
  if (prompt.quote) {
    co_await writer.write(check.insert(*prompt.quote, model::QuoteOrigin::opening, ""));
  } else if (!prompt.opening.empty()) {
    co_await writer.write(check.feed(prompt.opening));
  } else if (found.missing) {
    co_await writer.write(check.feed(std::string(kBookAway) + "\n\n"));
  }
  const auto ended = co_await generate_reply(turn, parts, prompt, check, writer);
  co_await writer.write(check.finish());
  const bool whole = ended && *ended != model::FinishReason::stopped_by_reader;
  if (whole && found.in_book && !found.sources.empty() && check.quotes().empty()) {
    co_await writer.write(check.insert(found.sources.front(), model::QuoteOrigin::epigraph, check.reply().empty() ? "" : "\n\n"));
  }
  turn.record.reply = check.reply();
  turn.record.quotes = check.quotes();
  turn.record.false_quotes = check.false_quotes();
  if (check.false_quotes() > 0) parts.observer.count("false_quotes", "", check.false_quotes());
  if (!ended) co_return std::unexpected(ended.error());
  record_end(turn, *ended);
  co_return Result<void>{};
}

/// The cited chat's reply: every [N] resolves.
asio::awaitable<Result<void>> answer_with_citations(AdmittedTurn& turn, TurnParts& parts, const Found& found,
                                                    const Prompt& prompt) {
  CitationCheck check(static_cast<int>(found.sources.size()));
  ReplyWriter writer(turn, parts);
  if (!prompt.opening.empty()) co_await writer.write(check.feed(prompt.opening));
  const auto ended = co_await generate_reply(turn, parts, prompt, check, writer);
  co_await writer.write(check.finish());
  turn.record.reply = check.reply();
  if (check.false_citations() > 0) parts.observer.count("false_quotes", "", check.false_citations());
  if (!ended) co_return std::unexpected(ended.error());
  record_end(turn, *ended);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> answer(AdmittedTurn& turn, TurnParts& parts) {
  choose_tone(turn, parts);
  GIBSEY_CO_TRY(auto found, co_await find_sources(turn, parts));
  const bool cited = turn.question.dialect.prompt == PromptKind::cited;
  if (cited) GIBSEY_CO_CHECK(co_await summarise(turn, parts, found.sources));
  turn.record.retrieval = found.method;
  turn.record.sources = found.sources;
  turn.log->append(model::SourcesFound{found.sources, found.method});
  GIBSEY_CO_TRY(const auto prompt, co_await compose(turn, parts, found));
  if (cited) co_return co_await answer_with_citations(turn, parts, found, prompt);
  co_return co_await answer_in_voice(turn, parts, found, prompt);
}

asio::awaitable<Result<void>> answer_or_explain(AdmittedTurn& turn, TurnParts& parts) {
  try {
    co_return co_await answer(turn, parts);
  } catch (const std::exception& bug) {
    log::error("turn {}: {}", turn.record.id, bug.what());
    co_return fail(ErrorCode::internal, "something went wrong inside; the question was not charged");
  }
}

/// The rule of contracts section 0 for the way this turn ended, and what it takes of the hold.
std::pair<int, std::string> charge(const AdmittedTurn& turn, const Result<void>& outcome) {
  if (!turn.question.dialect.charged) return {0, "free of charge"};
  if (!outcome) return {0, "failed: released in full"};
  if (turn.record.status == model::TurnStatus::interrupted) return {0, "interrupted: released in full"};
  if (turn.record.status != model::TurnStatus::stopped) return {turn.hold.amount, "complete: charged in full"};
  if (turn.record.reply.empty()) return {0, "stopped before the first token: released in full"};
  return {turn.hold.amount, "stopped by the reader after the first token: charged in full"};
}

void record_outcome(AdmittedTurn& turn, const Result<void>& outcome) {
  auto& record = turn.record;
  record.total_ms = static_cast<int>(turn.milliseconds());
  record.updated = unix_millis_now();
  if (outcome) {
    if (record.status == model::TurnStatus::interrupted) {
      record.error = "the program stopped while the reply was written";
      record.error_code = "interrupted";
    }
    return;
  }
  record.status = model::TurnStatus::failed;
  record.finish_reason = model::to_string(model::FinishReason::error);
  record.error = outcome.error().message;
  record.error_code = to_string(outcome.error().code);
}

asio::awaitable<void> settle(AdmittedTurn& turn, TurnParts& parts, const Result<void>& outcome) {
  const auto [charged, rule] = charge(turn, outcome);
  model::Receipt receipt{.held = turn.hold.amount, .charged = charged, .released = turn.hold.amount - charged, .rule = rule};
  if (!turn.hold.id.empty()) {
    const auto entry = charged > 0 ? co_await parts.ledger.settle(turn.hold.id, charged, rule)
                                   : co_await parts.ledger.release(turn.hold.id, rule);
    if (!entry) {
      log::error("turn {}: the hold {} stays open until it is swept: {}", turn.record.id, turn.hold.id, entry.error().message);
      co_return;
    }
    receipt.balance = entry->balance;
  }
  turn.record.receipt = receipt;
}

/// The text is stored before the hold is settled, and the record after: a crash in between leaves a running turn whose hold tells
/// how it ended (recovery.hpp). Readers are told last.
asio::awaitable<void> close_books(AdmittedTurn& turn, TurnParts& parts, const Result<void>& outcome) {
  record_outcome(turn, outcome);
  co_await save_events(turn, parts);
  co_await settle(turn, parts, outcome);
  auto closing = closing_events(turn.record);
  auto last = turn.log->unsaved();
  last.events.insert(last.events.end(), closing.begin(), closing.end());
  if (const auto stored = co_await parts.turns.finish(turn.record, last.first_seq, last.events); !stored) {
    log::error("turn {}: the record was not stored: {}", turn.record.id, stored.error().message);
  }
  for (auto& event : closing) turn.log->append(std::move(event));
}

}  // namespace

asio::awaitable<void> run_turn(std::shared_ptr<AdmittedTurn> turn, TurnParts parts) {
  const auto outcome = co_await answer_or_explain(*turn, parts);
  co_await close_books(*turn, parts, outcome);
  const auto& record = turn->record;
  parts.observer.count("turns", model::to_string(record.status), 1);
  parts.observer.phase("total", turn->milliseconds() / 1000);
  log::info("turn {} {} dialect={} character={} quotes={} false={} first_ms={} total_ms={}", record.id,
            model::to_string(record.status), record.dialect, record.character_id, record.quotes.size(), record.false_quotes,
            record.first_token_ms, record.total_ms);
  turn->log->close();
  parts.observer.ended(record);
  const bool cited = turn->question.dialect.prompt == PromptKind::cited;
  if (outcome && cited && parts.window != nullptr && turn->question.sibling == 0)
    co_await append_to_window(*parts.window, record);
  if (outcome && turn->question.dialect.remembers && parts.recall != nullptr) {
    if (const auto kept = co_await parts.recall->remember(record); !kept) {
      log::warn("turn {}: will not be remembered: {}", record.id, kept.error().message);
    }
  }
}

}  // namespace gibsey::chat
