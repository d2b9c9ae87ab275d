#include "server/turns.hpp"

#include "base/log.hpp"
#include "net/sse.hpp"
#include "server/auth/session_tokens.hpp"
#include "server/problem.hpp"
#include "server/turn_json.hpp"
#include "server/turn_start.hpp"
#include "server/turn_stream.hpp"

#include <fmt/format.h>

#include <charconv>

namespace gibsey::server {
namespace {

constexpr int kMostTokens = 8192;

/// A reader may name who answers.
Field<bool> read_provider(const Json& object, const Services& services, chat::Question& question) {
  GIBSEY_TRY(question.provider, optional_text(object, "provider", kName));
  GIBSEY_TRY(question.model, optional_text(object, "model", kName));
  if (!services.models.has(question.provider, ""))
    return std::unexpected(
        problem(422, fmt::format("This server has no provider '{}'; see GET /v1/providers.", question.provider), "provider"));
  if (!services.models.has(question.provider, question.model))
    return std::unexpected(
        problem(422, fmt::format("This server has no model '{}'; see GET /v1/providers.", question.model), "model"));
  return true;
}

/// The turn to follow: nullopt is the conversation's newest, "" none, as of a first question that is put in other words.
Field<std::optional<std::string>> read_parent(const Json& object, const std::string& conversation_id) {
  const auto at = object.find("parent_id");
  if (at == object.end() || at->is_null()) return std::nullopt;
  GIBSEY_TRY(auto parent_id, optional_text(object, "parent_id", kName));
  if (!parent_id.empty() && conversation_id.empty()) {
    return std::unexpected(problem(422, "The field 'parent_id' needs the 'conversation_id' of that turn.", "parent_id"));
  }
  return parent_id;
}

Field<chat::Question> read_question(const RouteRequest& request, const Services& services) {
  chat::Question question;
  GIBSEY_TRY(const auto object, parse_object(request.http.body));
  GIBSEY_TRY(question.user_id, asking_user(request, object));
  GIBSEY_TRY(question.world, optional_text(object, "world", kName));
  GIBSEY_TRY(question.character_id, optional_text(object, "character_id", kName));
  GIBSEY_TRY(question.conversation_id, optional_text(object, "conversation_id", kName));
  GIBSEY_TRY(question.parent_id, read_parent(object, question.conversation_id));
  GIBSEY_TRY(question.text, required_text(object, "text", {1, 8000, true}));
  GIBSEY_TRY(question.page_id, optional_text(object, "page_id", kName));
  GIBSEY_TRY(question.personality_weight, personality_weight(object));
  GIBSEY_TRY(const auto max_tokens, optional_number(object, "max_tokens", 1, kMostTokens));
  question.max_tokens = static_cast<int>(max_tokens.value_or(0));
  if (auto checked = read_provider(object, services, question); !checked) return std::unexpected(std::move(checked).error());
  question.dialect = chat::turns_dialect();
  GIBSEY_TRY(question.idempotency, idempotency_key(request.http, "turns"));
  return question;
}

/// 422 where the turn to follow is not one of the reader's in that conversation.
boost::asio::awaitable<Field<bool>> check_parent(const Services& services, const chat::Question& question) {
  if (question.parent_id.value_or("").empty()) co_return true;
  const auto parent = co_await services.turn_store.find(*question.parent_id);
  if (!parent) co_return std::unexpected(problem(parent.error()));
  if (*parent && (*parent)->conversation_id == question.conversation_id && (*parent)->user_id == question.user_id) co_return true;
  co_return std::unexpected(
      problem(422, fmt::format("The conversation has no turn '{}' that could be followed.", *question.parent_id), "parent_id"));
}

/// 201 with what a client needs to follow the turn.
boost::asio::awaitable<net::HttpResponse> announce(const Services& services, RouteRequest& request,
                                                   Result<chat::StartOutcome> outcome) {
  auto started = started_or_refusal(std::move(outcome));
  if (!started) co_return std::move(started).error();
  const auto turn = *std::move(started);
  request.turn_id = turn->turn_id();
  const auto first = co_await turn->next_after(0);
  const auto* begun = first ? std::get_if<model::TurnStarted>(&first->event) : nullptr;
  if (begun == nullptr) co_return problem(500, "The turn has no beginning; its record cannot be read.");
  const auto record = co_await services.turn_store.find(turn->turn_id());
  const auto owner = record && *record ? (*record)->user_id : request.principal.user_id;
  const auto url = fmt::format("/v1/turns/{}/events", begun->turn_id);
  auto response = json_response(201, {{"turn_id", begun->turn_id},
                                      {"conversation_id", begun->conversation_id},
                                      {"parent_id", record && *record ? (*record)->parent_id : std::string()},
                                      {"events_url", services.auth.signed_url(url, owner, turn_resource(begun->turn_id))},
                                      {"hold", begun->hold}});
  response.headers.add("Location", "/v1/turns/" + begun->turn_id);
  response.headers.add("X-Gibsey-Turn", begun->turn_id);
  co_return response;
}

boost::asio::awaitable<std::expected<model::Turn, net::HttpResponse>> find_turn(const Services& services,
                                                                                const RouteRequest& request) {
  const auto& id = request.parameters.at(0);
  auto turn = co_await services.turn_store.find(id);
  if (!turn) co_return std::unexpected(problem(turn.error()));
  if (!*turn || !may_access(request.principal, (*turn)->user_id)) {
    co_return std::unexpected(problem(404, fmt::format("There is no turn '{}'.", id)));
  }
  co_return **std::move(turn);
}

/// The number in "<turn_id>:<seq>" (or a bare one); 0 without an id; nullopt for one that is not of this turn.
std::optional<std::int64_t> resume_point(const RouteRequest& request, const std::string& turn_id) {
  const auto header = request.http.headers.find("Last-Event-ID");
  auto text = header ? std::string(*header) : request.find("last_event_id").value_or("");
  if (text.empty()) return 0;
  if (const auto colon = text.rfind(':'); colon != std::string::npos) {
    if (text.substr(0, colon) != turn_id) return std::nullopt;
    text.erase(0, colon + 1);
  }
  std::int64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  return error == std::errc() && end == text.data() + text.size() && seq >= 0 ? std::optional(seq) : std::nullopt;
}

void encode(std::string& out, const model::TurnEvent& event, std::string_view id) {
  net::append_sse(out, event_name(event), event_text(event), id);
}

Json to_json(const model::Conversation& conversation) {
  return {{"conversation_id", conversation.id},
          {"user_id", conversation.user_id},
          {"world", conversation.world},
          {"character_id", conversation.character_id},
          {"title", conversation.first_question},
          {"last_turn_id", conversation.last_turn_id},
          {"turns", conversation.turns},
          {"created", iso8601(conversation.created)},
          {"updated", iso8601(conversation.updated)}};
}

boost::asio::awaitable<std::expected<model::Conversation, net::HttpResponse>> find_conversation(const Services& services,
                                                                                                const RouteRequest& request) {
  const auto& id = request.parameters.at(0);
  auto found = co_await services.turn_store.find_conversation(id);
  if (!found) co_return std::unexpected(problem(found.error()));
  if (!*found || !may_access(request.principal, (*found)->user_id)) {
    co_return std::unexpected(problem(404, fmt::format("There is no conversation '{}'.", id)));
  }
  co_return **std::move(found);
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> create_turn(const Services& services, RouteRequest& request) {
  auto question = read_question(request, services);
  if (!question) co_return std::move(question).error();
  if (auto checked = co_await check_parent(services, *question); !checked) co_return std::move(checked).error();
  co_return co_await announce(services, request, co_await services.turns.start(*std::move(question)));
}

boost::asio::awaitable<net::HttpResponse> get_turn(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto turn, co_await find_turn(services, request));
  co_return json_response(200, to_json(turn));
}

boost::asio::awaitable<void> follow_turn(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  const auto& id = request.parameters.at(0);
  auto opened = co_await services.turns.open(id, visible_owner(request.principal));
  if (!opened) {
    co_await exchange.send(problem(404, fmt::format("There is no turn '{}'.", id)));
    co_return;
  }
  const auto turn = *std::move(opened);
  request.turn_id = turn->turn_id();
  const auto after = resume_point(request, id);
  if (!after) {
    co_await exchange.send(problem(
        422, "The Last-Event-ID is not one of this turn; leave it out to hear the turn from its start.", "Last-Event-ID"));
    co_return;
  }
  if (const auto last = turn->last_seq(); last && *after == *last) {
    co_await exchange.send({204, {}, {}});
    co_return;
  }
  co_await exchange.begin_stream(200, stream_headers(turn->turn_id()));
  std::string comment;
  net::append_sse_comment(comment, "ok");
  if (!co_await exchange.write(comment)) co_return;
  co_await stream_turn(exchange, turn, *after, services.keep_alive, encode);
}

boost::asio::awaitable<net::HttpResponse> stop_turn(const Services& services, RouteRequest& request) {
  const auto& id = request.parameters.at(0);
  const auto turn = co_await services.turns.open(id, visible_owner(request.principal));
  if (!turn)
    co_return turn.error().code == ErrorCode::not_found ? problem(404, fmt::format("There is no turn '{}'.", id))
                                                        : problem(turn.error());
  request.turn_id = id;
  const bool ended = (*turn)->last_seq().has_value();
  if (!ended) (*turn)->stop();
  co_return json_response(202, {{"turn_id", id}, {"status", ended ? "ended" : "stopping"}});
}

boost::asio::awaitable<net::HttpResponse> regenerate_turn(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(auto key, idempotency_key(request.http, "regenerate " + request.parameters.at(0)));
  auto outcome = co_await services.turns.regenerate(request.parameters.at(0), visible_owner(request.principal),
                                                    chat::turns_dialect(), std::move(key));
  co_return co_await announce(services, request, std::move(outcome));
}

boost::asio::awaitable<net::HttpResponse> list_conversations(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto limit, query_number(request.find("limit"), "limit", 50, 1, 200));
  GIBSEY_FIELD(const auto wanted, checked_text(request.find("user_id").value_or(""), "user_id", {0, 128, false}));
  GIBSEY_FIELD(const auto user_id, authorize_user(request.principal, wanted));
  if (user_id.empty()) co_return problem(422, "The parameter 'user_id' is missing.", "user_id");
  auto found =
      co_await services.turn_store.list_conversations(user_id, request.find("after").value_or(""), static_cast<int>(limit) + 1);
  if (!found) co_return problem(found.error());
  const bool more = found->size() > static_cast<std::size_t>(limit);
  if (more) found->pop_back();
  auto list = Json::array();
  for (const auto& conversation : *found) list.push_back(to_json(conversation));
  co_return json_response(200, {{"conversations", list}, {"next", more ? Json(found->back().id) : Json(nullptr)}});
}

boost::asio::awaitable<net::HttpResponse> get_conversation(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto conversation, co_await find_conversation(services, request));
  const auto turns = co_await services.turn_store.list_turns(conversation.id);
  if (!turns) co_return problem(turns.error());
  auto body = to_json(conversation);
  body["turns"] = Json::array();
  for (const auto& turn : *turns) body["turns"].push_back(to_json(turn));
  co_return json_response(200, body);
}

boost::asio::awaitable<net::HttpResponse> delete_conversation(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto conversation, co_await find_conversation(services, request));
  if (const auto removed = co_await services.turn_store.remove_conversation(conversation.id); !removed)
    co_return problem(removed.error());
  if (services.window != nullptr) {
    if (const auto forgotten = co_await services.window->forget(conversation.id); !forgotten) {
      log::warn("conversation {:?}: its window stays until it expires: {}", conversation.id, forgotten.error().message);
    }
  }
  co_return net::HttpResponse{204, {}, {}};
}

}  // namespace gibsey::server
