#include "server/cited_chat.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"
#include "net/sse.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/turn_json.hpp"
#include "server/turn_start.hpp"
#include "server/turn_stream.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace gibsey::server {
namespace {

namespace asio = boost::asio;

constexpr const char* kWorld = "chrysopedia";
constexpr const char* kAnonymous = "anonymous";

/// "Parallel Compression, Twice" -> "parallel-compression-twice".
std::string slug_of(const std::string& title) {
  std::string slug;
  for (const char c : title) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter || (c >= 'A' && c <= 'Z')) {
      slug += letter ? c : static_cast<char>(c - 'A' + 'a');
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  if (slug.ends_with('-')) slug.pop_back();
  return slug;
}

Json cited_source(const model::Source& source) {
  return {{"number", source.n},
          {"title", source.title},
          {"slug", slug_of(source.title)},
          {"creator_name", source.voice},
          {"topic_category", source.chapter},
          {"summary", source.summary},
          {"section_anchor", "page-" + source.page_id},
          {"section_heading", source.title},
          {"source_video_id", ""},
          {"start_time", nullptr},
          {"end_time", nullptr},
          {"video_filename", ""},
          {"page_id", source.page_id}};
}

/// The source's own events of a turn.
class Encoder {
 public:
  void operator()(std::string& out, const model::TurnEvent& event, std::string_view id) {
    if (const auto* started = std::get_if<model::TurnStarted>(&event)) conversation_id_ = started->conversation_id;
    if (const auto* found = std::get_if<model::SourcesFound>(&event)) {
      tier_ = found->sources.empty() ? "none" : found->method;
      auto list = Json::array();
      for (const auto& source : found->sources) list.push_back(cited_source(source));
      net::append_sse(out, "sources", dump(list), id);
    }
    if (const auto* token = std::get_if<model::TokenText>(&event)) net::append_sse(out, "token", token->text, id);
    if (const auto* done = std::get_if<model::TurnDone>(&event)) {
      net::append_sse(
          out, "done",
          dump({{"cascade_tier", tier_}, {"conversation_id", conversation_id_}, {"fallback_used", done->fallback_used}}), id);
    }
    if (const auto* failed = std::get_if<model::TurnFailed>(&event)) {
      net::append_sse(out, "error",
                      dump({{"message", tier_.empty() ? "Search failed" : "LLM generation failed"},
                            {"code", failed->code},
                            {"detail", failed->message}}),
                      id);
    }
  }

 private:
  std::string conversation_id_;
  std::string tier_;
};

struct Asked {
  chat::Question question;
  std::string creator;
};

Field<Asked> read_question(const RouteRequest& request) {
  Asked asked;
  auto& question = asked.question;
  GIBSEY_TRY(const auto object, parse_object(request.http.body));
  GIBSEY_TRY(const auto wanted, optional_text(object, "user_id", kUserId));
  GIBSEY_TRY(question.user_id, authorize_user(request.principal, wanted));
  if (question.user_id.empty()) question.user_id = kAnonymous;
  GIBSEY_TRY(question.text, required_text(object, "query", {1, 8000, true}));
  GIBSEY_TRY(asked.creator, optional_text(object, "creator", kName));
  GIBSEY_TRY(question.conversation_id, optional_text(object, "conversation_id", kName));
  GIBSEY_TRY(question.world, optional_text(object, "world", kName));
  GIBSEY_TRY(question.personality_weight, personality_weight(object));
  question.dialect = chat::cited_dialect(question.personality_weight);
  GIBSEY_TRY(question.idempotency, idempotency_key(request.http, "cited"));
  return asked;
}

/// The world to search, and the creator's id in it: by id, alias or name. An unknown creator is nobody: the prompt stays as it
/// is.
asio::awaitable<Result<void>> find_creator(const Services& services, Asked& asked) {
  GIBSEY_CO_TRY(const auto worlds, co_await services.pages.list_worlds());
  const auto handbook = std::ranges::find(worlds, kWorld, &model::World::name);
  if (asked.question.world.empty() && handbook != worlds.end()) asked.question.world = kWorld;
  if (asked.question.world.empty() && !worlds.empty()) asked.question.world = worlds.front().name;
  if (asked.creator.empty()) co_return Result<void>{};
  GIBSEY_CO_TRY(const auto cast, co_await services.characters.list_characters(asked.question.world));
  const auto is_meant = [&asked](const model::Character& character) {
    return character.id == asked.creator || character.display_name == asked.creator ||
           std::ranges::count(character.aliases, asked.creator) > 0;
  };
  if (const auto creator = std::ranges::find_if(cast, is_meant); creator != cast.end()) asked.question.character_id = creator->id;
  co_return Result<void>{};
}

/// Characters / 4 where the provider counted nothing.
void estimate(model::UsageRow& row, const model::Turn& turn) {
  row.prompt_tokens = turn.usage.prompt_tokens;
  row.completion_tokens = turn.usage.completion_tokens;
  if (row.prompt_tokens == 0) {
    std::size_t bytes = turn.question.size();
    for (const auto& source : turn.sources) bytes += source.title.size() + source.summary.size();
    row.prompt_tokens = static_cast<int>(bytes / 4);
  }
  if (row.completion_tokens == 0) row.completion_tokens = static_cast<int>(turn.reply.size() / 4);
  row.total_tokens = row.prompt_tokens + row.completion_tokens;
}

/// Follows the turn to its end, whether or not the reader stays, and logs what it used. Trouble is logged, never raised.
asio::awaitable<void> log_usage(store::TurnStore& turns, store::UsageStore& usage, std::shared_ptr<chat::RunningTurn> turn,
                                model::UsageRow row) {
  std::int64_t seq = 0;
  bool done = false;
  while (const auto next = co_await turn->next_after(seq)) {
    seq = next->seq;
    done = std::holds_alternative<model::TurnDone>(next->event);
  }
  if (!done) co_return;
  const auto record = co_await turns.find(turn->turn_id());
  if (!record || !*record) co_return;
  estimate(row, **record);
  row.cascade_tier = (*record)->retrieval;
  row.model = (*record)->model;
  row.latency_ms = (*record)->total_ms;
  row.created = unix_millis_now();
  if (const auto logged = co_await usage.log_usage(std::move(row)); !logged) {
    log::error("turn {}: its usage was not logged: {}", turn->turn_id(), logged.error().message);
  }
}

/// The source's client knows no 402, but an event that says what is wrong.
net::HttpResponse refusal_stream(const chat::CreditsRefused& refused) {
  const auto sentence = fmt::format("This question costs {} credits and you have {}.", refused.needed, refused.available);
  net::HttpResponse response{200, stream_headers(""), {}};
  net::append_sse(response.body, "error", dump({{"message", sentence}, {"code", "insufficient_credits"}, {"detail", sentence}}),
                  "");
  return response;
}

}  // namespace

asio::awaitable<void> cited_chat(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  auto asked = read_question(request);
  if (!asked) {
    co_await exchange.send(std::move(asked).error());
    co_return;
  }
  if (const auto found = co_await find_creator(services, *asked); !found) {
    co_await exchange.send(problem(found.error()));
    co_return;
  }
  model::UsageRow row{.user_id = asked->question.user_id,
                      .client_ip = request.http.peer,
                      .creator_slug = asked->creator,
                      .query = asked->question.text};
  auto outcome = co_await services.turns.start(std::move(asked->question));
  const auto* refused = outcome ? std::get_if<chat::CreditsRefused>(&*outcome) : nullptr;
  if (refused != nullptr) {
    co_await exchange.send(refusal_stream(*refused));
    co_return;
  }
  auto started = started_or_refusal(std::move(outcome));
  if (!started) {
    co_await exchange.send(std::move(started).error());
    co_return;
  }
  const auto turn = *std::move(started);
  request.turn_id = turn->turn_id();
  if (!turn->last_seq()) {
    asio::co_spawn(co_await asio::this_coro::executor, log_usage(services.turn_store, services.usage, turn, std::move(row)),
                   asio::detached);
  }
  co_await exchange.begin_stream(200, stream_headers(turn->turn_id()));
  std::string comment;
  net::append_sse_comment(comment, "ok");
  if (!co_await exchange.write(comment)) co_return;
  co_await stream_turn(exchange, turn, 0, services.keep_alive, Encoder());
}

asio::awaitable<net::HttpResponse> list_usage(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto limit, query_number(request.find("limit"), "limit", 50, 1, 1000));
  GIBSEY_FIELD(const auto before, query_number(request.find("before"), "before", 0, 1, INT64_MAX));
  const auto rows = co_await services.usage.list_usage(before, static_cast<int>(limit));
  if (!rows) co_return problem(rows.error());
  auto list = Json::array();
  for (const auto& row : *rows) {
    list.push_back({{"number", row.number},
                    {"user_id", row.user_id},
                    {"client_ip", row.client_ip},
                    {"creator_slug", row.creator_slug.empty() ? Json(nullptr) : Json(row.creator_slug)},
                    {"query", row.query},
                    {"prompt_tokens", row.prompt_tokens},
                    {"completion_tokens", row.completion_tokens},
                    {"total_tokens", row.total_tokens},
                    {"cascade_tier", row.cascade_tier},
                    {"model", row.model},
                    {"latency_ms", row.latency_ms},
                    {"created", iso8601(row.created)}});
  }
  const bool more = rows->size() == static_cast<std::size_t>(limit);
  co_return json_response(200, {{"rows", list}, {"next", more ? Json(rows->back().number) : Json(nullptr)}});
}

}  // namespace gibsey::server
