#include "server/ask.hpp"

#include "net/sse.hpp"
#include "server/request_fields.hpp"
#include "server/turn_json.hpp"
#include "server/turn_start.hpp"
#include "server/turn_stream.hpp"

namespace gibsey::server {
namespace {

constexpr int kMostTokens = 2048;

Field<chat::Question> read_question(const RouteRequest& request) {
  chat::Question question;
  GIBSEY_TRY(const auto object, parse_object(request.http.body));
  GIBSEY_TRY(question.user_id, asking_user(request, object));
  GIBSEY_TRY(question.character_id, optional_text(object, "char_id", kName));
  GIBSEY_TRY(question.text, required_text(object, "text", {1, 8000, true}));
  GIBSEY_TRY(question.world, optional_text(object, "world", kName));
  GIBSEY_TRY(question.conversation_id, optional_text(object, "conversation_id", kName));
  GIBSEY_TRY(question.page_id, optional_text(object, "page_id", kName));
  GIBSEY_TRY(const auto max_tokens, optional_number(object, "max_tokens", 1, kMostTokens));
  question.max_tokens = static_cast<int>(max_tokens.value_or(0));
  question.dialect = chat::ask_dialect();
  GIBSEY_TRY(question.idempotency, idempotency_key(request.http, "ask"));
  return question;
}

void encode(std::string& out, const model::TurnEvent& event, std::string_view id) {
  const bool token = std::holds_alternative<model::TokenText>(event);
  const bool shown =
      !std::holds_alternative<model::ContextComposed>(event) && !std::holds_alternative<model::UsageCounted>(event);
  if (shown) net::append_sse(out, token ? "" : event_name(event), event_text(event), id);
}

}  // namespace

boost::asio::awaitable<void> ask(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  auto question = read_question(request);
  request.http.body = {};
  if (!question) {
    co_await exchange.send(std::move(question).error());
    co_return;
  }
  auto started = started_or_refusal(co_await services.turns.start(*std::move(question)));
  if (!started) {
    co_await exchange.send(std::move(started).error());
    co_return;
  }
  const auto turn = *std::move(started);
  request.turn_id = turn->turn_id();
  // The headers and a first comment go out before anything is looked up: proxies and readers see at once that the stream lives.
  co_await exchange.begin_stream(200, stream_headers(turn->turn_id()));
  std::string comment;
  net::append_sse_comment(comment, "ok");
  if (!co_await exchange.write(comment)) co_return;
  co_await stream_turn(exchange, turn, 0, services.keep_alive, encode);
}

}  // namespace gibsey::server
