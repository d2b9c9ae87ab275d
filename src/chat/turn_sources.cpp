#include "chat/turn_sources.hpp"

#include "base/log.hpp"
#include "base/utf8.hpp"
#include "chat/stopwatch.hpp"

#include <algorithm>
#include <string_view>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// Quotes offered to a model: more than eight and it stops citing (open-webui issue 7508).
constexpr int kOfferedQuotes = 6;
/// Sources of the cited chat (contracts section 4), and how much of each is shown.
constexpr int kCitedSources = 10;
constexpr std::size_t kSummaryCodePoints = 200;
/// How far back a question is looked for that says what "And why?" is about.
constexpr std::size_t kEarlierQuestions = 3;

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
                       .voice = std::move(hit.voice),
                       .page_version = hit.page_version});
  }
  return sources;
}

/// Of a book that is not held here: where it is another process's, what it offered is all that a quotation can be checked
/// against.
std::shared_ptr<const retrieval::QuoteFinder> finder_of(const std::vector<model::Source>& sources) {
  std::vector<model::Page> pages;
  for (const auto& source : sources)
    pages.push_back({.id = source.page_id,
                     .label = source.label,
                     .title = source.title,
                     .text = source.quote,
                     .version = source.page_version});
  return std::make_shared<retrieval::QuoteFinder>(pages);
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

/// Questions before this one that may say what it is about, and the pages that answered the last.
struct Earlier {
  std::vector<std::string> questions;  ///< newest first
  std::vector<std::string> pages;
};

/// None where they cannot be read: the question is then looked up by itself.
asio::awaitable<Earlier> load_earlier(const AdmittedTurn& turn, TurnParts& parts) {
  Earlier earlier;
  if (turn.question.history) {
    for (const auto& exchange : *turn.question.history) earlier.questions.insert(earlier.questions.begin(), exchange.question);
    earlier.questions.resize(std::min(earlier.questions.size(), kEarlierQuestions));
    co_return earlier;
  }
  if (turn.record.parent_id.empty()) co_return earlier;
  const auto turns =
      co_await parts.turns.history(turn.record.parent_id, turn.question.user_id, static_cast<int>(kEarlierQuestions));
  if (!turns) log::warn("turn {}: looked up without the questions before it: {}", turn.record.id, turns.error().message);
  if (!turns || turns->empty()) co_return earlier;
  for (const auto& past : *turns) earlier.questions.insert(earlier.questions.begin(), past.question);
  for (const auto& quote : turns->back().quotes) earlier.pages.push_back(quote.page_id);
  co_return earlier;
}

}  // namespace

asio::awaitable<Result<FoundSources>> find_sources(AdmittedTurn& turn, TurnParts& parts) {
  FoundSources found{.has_book = parts.passages.has_book(turn.world.name)};
  if (!found.has_book) co_return found;
  found.book = parts.passages.quotes(turn.world.name);
  const bool cited = turn.question.dialect.prompt == PromptKind::cited;
  Stopwatch watch(turn, parts, "retrieve");
  auto earlier = co_await load_earlier(turn, parts);
  auto retrieved = co_await parts.passages.retrieve({.world = turn.world.name,
                                                     .text = turn.question.text,
                                                     .k = cited ? kCitedSources : kOfferedQuotes,
                                                     .character = turn.character.id,
                                                     .only_character = cited && !turn.character.id.empty(),
                                                     .page_id = turn.question.page_id,
                                                     .earlier = std::move(earlier.questions),
                                                     .earlier_pages = std::move(earlier.pages)});
  watch.stop();
  if (!retrieved && (turn.passages_required || cited)) co_return std::unexpected(retrieved.error());
  if (!retrieved) {
    log::warn("turn {}: answers without the book: {}", turn.record.id, retrieved.error().message);
    found.missing = true;
    co_return found;
  }
  found.in_book = retrieved->above_threshold;
  found.method = retrieved->method;
  found.shards = retrieved->shards;
  found.missing_shards = retrieved->missing_shards.size();
  if (found.missing_shards > 0)
    log::warn("turn {}: {} of {} shards of the book did not answer", turn.record.id, found.missing_shards, found.shards);
  found.sources = numbered(std::move(retrieved->hits));
  if (!found.book) {
    found.book = finder_of(found.sources);
    found.book_goes_on = parts.passages.can_find_quotes(turn.world.name);
  }
  if (cited) GIBSEY_CO_CHECK(co_await summarise(turn, parts, found.sources));
  co_return found;
}

}  // namespace gibsey::chat
