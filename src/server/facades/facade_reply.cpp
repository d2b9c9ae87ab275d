#include "server/facades/facade_reply.hpp"

#include "net/sse.hpp"
#include "server/facades/facade_models.hpp"
#include "server/problem.hpp"
#include "server/turn_json.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace gibsey::server {

namespace asio = boost::asio;

void FacadeReply::take(const model::TurnEvent& event) {
  if (const auto* started = std::get_if<model::TurnStarted>(&event)) {
    turn_id = started->turn_id;
    conversation_id = started->conversation_id;
  } else if (const auto* found = std::get_if<model::SourcesFound>(&event)) {
    sources = found->sources;
  } else if (const auto* token = std::get_if<model::TokenText>(&event)) {
    text += token->text;
  } else if (const auto* quote = std::get_if<model::QuoteClosed>(&event)) {
    quotes.push_back(quote->quote);
  } else if (std::holds_alternative<model::TextReplaced>(event)) {
    text.clear();
    quotes.clear();
  } else if (const auto* counted = std::get_if<model::UsageCounted>(&event)) {
    usage = counted->usage;
  } else if (const auto* settled = std::get_if<model::LedgerSettled>(&event)) {
    receipt = settled->receipt;
  } else if (const auto* end = std::get_if<model::TurnDone>(&event)) {
    done = *end;
  } else if (const auto* failure = std::get_if<model::TurnFailed>(&event)) {
    failed = *failure;
  }
}

Json gibsey_json(const FacadeReply& reply) {
  auto sources = Json::array();
  for (const auto& source : reply.sources) sources.push_back(to_json(source));
  auto quotes = Json::array();
  for (const auto& quote : reply.quotes) quotes.push_back(to_json(quote));
  return {{"turn_id", reply.turn_id},
          {"conversation_id", reply.conversation_id},
          {"sources", sources},
          {"quotes", quotes},
          {"receipt", reply.receipt ? to_json(*reply.receipt) : Json(nullptr)}};
}

Refused read_refusal(const net::HttpResponse& refusal) {
  const auto body = Json::parse(refusal.body, nullptr, false);
  if (!body.is_object()) return {.sentence = std::string(net::reason_phrase(refusal.status)), .field = ""};
  if (refusal.status == 402 && body.contains("needed")) {
    return {.sentence = fmt::format("The question costs {} credits and {} are left.", body["needed"].get<std::int64_t>(),
                                    body["available"].get<std::int64_t>()),
            .field = "",
            .gibsey = body};
  }
  return {.sentence = body.value("detail", std::string(net::reason_phrase(refusal.status))), .field = body.value("field", "")};
}

net::HttpResponse with_body(net::HttpResponse refusal, const Json& body) {
  net::HttpHeaders headers{{"Content-Type", "application/json"}};
  for (const auto& [name, value] : refusal.headers.fields()) {
    if (!net::equal_ignoring_case(name, "Content-Type")) headers.add(name, value);
  }
  return {refusal.status, std::move(headers), dump(body)};
}

net::HttpResponse refusal_of(const model::TurnFailed& failed) {
  constexpr std::array kCodes{ErrorCode::invalid_argument, ErrorCode::not_found, ErrorCode::conflict, ErrorCode::forbidden,
                              ErrorCode::too_large,        ErrorCode::busy,      ErrorCode::deadline, ErrorCode::unavailable};
  for (const auto code : kCodes) {
    if (to_string(code) == failed.code) return problem(Error{code, failed.message});
  }
  // An interrupted turn can be asked again; the rest is in the log.
  return problem(failed.retryable ? 503 : 500, failed.message);
}

asio::awaitable<Started> start_turn(const Services& services, RouteRequest& request, FacadeRequest asked) {
  auto started = started_or_refusal(co_await services.turns.start(std::move(asked.question)));
  if (!started && started.error().status == 404) {
    co_return std::unexpected(problem(404, no_model(asked.model), "model"));
  }
  if (started) request.turn_id = (*started)->turn_id();
  co_return started;
}

asio::awaitable<FacadeReply> whole_reply(std::shared_ptr<chat::RunningTurn> turn) {
  FacadeReply reply{.turn_id = turn->turn_id()};
  std::int64_t seq = 0;
  while (const auto next = co_await turn->next_after(seq)) {
    seq = next->seq;
    reply.take(next->event);
  }
  if (!reply.ended())
    reply.failed = model::TurnFailed{.code = "interrupted", .message = "The reply has no end.", .retryable = true};
  co_return reply;
}

asio::awaitable<bool> begin_event_stream(net::HttpExchange& exchange, std::string turn_id) {
  co_await exchange.begin_stream(200, stream_headers(turn_id));
  std::string comment;
  net::append_sse_comment(comment, "ok");
  co_return (co_await exchange.write(comment)).has_value();
}

asio::awaitable<void> send_answer(net::HttpExchange& exchange, net::HttpResponse response) {
  if (!response.headers.find("Cache-Control")) response.headers.add("Cache-Control", "no-store");
  co_await exchange.send(std::move(response));
}

namespace {

/// Longer than any turn: lines of JSON have no comments that could keep a stream alive.
constexpr std::chrono::hours kNoComments{24};

asio::awaitable<void> send_whole(net::HttpExchange& exchange, const RouteRequest& request, const FacadeRequest& asked,
                                 const std::shared_ptr<chat::RunningTurn>& turn, const FacadeWords& words) {
  const auto reply = co_await whole_reply(turn);
  auto response =
      reply.failed ? words.reword(request.http, refusal_of(*reply.failed)) : json_response(200, words.whole(asked, reply));
  response.headers.add("X-Gibsey-Turn", turn->turn_id());
  co_await send_answer(exchange, std::move(response));
}

asio::awaitable<void> send_stream(const Services& services, net::HttpExchange& exchange, const FacadeRequest& asked,
                                  const std::shared_ptr<chat::RunningTurn>& turn, const FacadeWords& words) {
  if (words.ndjson) {
    co_await exchange.begin_stream(200, {{"Content-Type", "application/x-ndjson"},
                                         {"Cache-Control", "no-cache, no-transform"},
                                         {"X-Accel-Buffering", "no"},
                                         {"X-Gibsey-Turn", turn->turn_id()}});
    co_await stream_turn(exchange, turn, 0, kNoComments, words.stream(asked));
    co_return;
  }
  if (!co_await begin_event_stream(exchange, turn->turn_id())) co_return;
  co_await stream_turn(exchange, turn, 0, services.keep_alive, words.stream(asked));
}

}  // namespace

asio::awaitable<void> answer_turn(const Services& services, RouteRequest& request, net::HttpExchange& exchange,
                                  Field<FacadeRequest> asked, FacadeWords words) {
  request.http.body = {};
  if (!asked) {
    co_await send_answer(exchange, words.reword(request.http, std::move(asked).error()));
    co_return;
  }
  auto started = co_await start_turn(services, request, *asked);
  if (!started) {
    co_await send_answer(exchange, words.reword(request.http, std::move(started).error()));
    co_return;
  }
  const auto turn = *std::move(started);
  if (asked->stream) {
    co_await send_stream(services, exchange, *asked, turn, words);
  } else {
    co_await send_whole(exchange, request, *asked, turn, words);
  }
}

}  // namespace gibsey::server
