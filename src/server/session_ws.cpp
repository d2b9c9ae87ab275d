#include "server/session_ws.hpp"

#include "base/log.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/turn_start.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

namespace gibsey::server {
namespace {

namespace asio = boost::asio;

/// The character of the source that answers where none is named.
constexpr const char* kDefaultCharacter = "london-fox";
constexpr const char* kAnonymous = "anonymous";

std::string message(const char* type, Json fields) {
  fields["timestamp"] = session_timestamp();
  return dump({{"type", type}, {"data", std::move(fields)}});
}

std::string error_message(const std::string& text, const char* code) {
  return message("error", {{"message", text}, {"code", code}});
}

const Json& data_of(const Json& request) {
  static const Json empty = Json::object();
  const auto at = request.find("data");
  return at != request.end() && at->is_object() ? *at : empty;
}

std::string text_of(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

/// Tells a session's sockets what a turn says, to its end: whether or not one of them stays.
asio::awaitable<void> tell_session(SessionHub& hub, std::string session_id, std::shared_ptr<chat::RunningTurn> turn) {
  std::int64_t seq = 0;
  while (const auto next = co_await turn->next_after(seq)) {
    seq = next->seq;
    if (const auto* token = std::get_if<model::TokenText>(&next->event))
      hub.reply_piece(session_id, turn->turn_id(), token->text);
    if (std::holds_alternative<model::TextReplaced>(next->event)) hub.reply_restarts(session_id, turn->turn_id());
    if (const auto* failed = std::get_if<model::TurnFailed>(&next->event)) {
      hub.broadcast(session_id, error_message(failed->message, "LLM_ERROR"));
    }
  }
  hub.end_reply(session_id, turn->turn_id());
}

/// What one socket asks; it lives as long as the socket.
struct Asking {
  const Services& services;
  std::string session_id;
  std::string user_id;
  std::string conversation_id;
  SessionHub::Socket socket;

  void say(const std::string& text) const { (void)socket->send(text); }
};

/// The turn that a message asks for; what is wrong with it is said to the socket.
std::optional<chat::Question> read_question(const Asking& asking, const Json& data) {
  const auto prompt = checked_text(text_of(data, "prompt"), "prompt", {1, 8000, true});
  if (!prompt) {
    asking.say(error_message("The field 'prompt' must hold a question of 1 to 8000 characters.", "INVALID_MESSAGE"));
    return std::nullopt;
  }
  auto character = text_of(data, "character_id");
  auto page = text_of(data, "current_page_id");
  return chat::Question{.user_id = asking.user_id,
                        .character_id = character.empty() ? kDefaultCharacter : std::move(character),
                        .text = *prompt,
                        .conversation_id = asking.conversation_id,
                        .page_id = page.empty() ? text_of(data, "page_id") : std::move(page),
                        .dialect = chat::session_dialect()};
}

asio::awaitable<void> ask(const Asking& asking, const Json& data) {
  auto question = read_question(asking, data);
  if (!question) co_return;
  auto outcome = co_await asking.services.turns.start(*std::move(question));
  if (!outcome) {
    asking.say(error_message(outcome.error().message, outcome.error().code == ErrorCode::not_found ? "NOT_FOUND" : "LLM_ERROR"));
    co_return;
  }
  if (const auto* busy = std::get_if<chat::Busy>(&*outcome)) {
    asking.say(error_message(fmt::format("Too many questions are waiting for the model; ask again in {} s.", busy->wait_seconds),
                             "busy"));
    co_return;
  }
  if (const auto* refused = std::get_if<chat::CreditsRefused>(&*outcome)) {
    asking.say(error_message(fmt::format("This question costs {} credits and you have {}.", refused->needed, refused->available),
                             "INSUFFICIENT_CREDITS"));
    co_return;
  }
  const auto* turn = std::get_if<std::shared_ptr<chat::RunningTurn>>(&*outcome);
  if (!asking.services.sessions.begin_reply(asking.session_id, *turn)) {
    (*turn)->stop();
    co_return asking.say(error_message("This session has as many replies running as it may; wait for one, or stop one.", "busy"));
  }
  asio::co_spawn(co_await asio::this_coro::executor, tell_session(asking.services.sessions, asking.session_id, *turn),
                 asio::detached);
}

void navigate(const Asking& asking, const Json& data) {
  const auto at = data.find("page_index");
  if (at == data.end() || !at->is_number_integer()) {
    return asking.say(error_message("The field 'page_index' must be a whole number.", "INVALID_MESSAGE"));
  }
  asking.services.sessions.set_page(asking.session_id, at->get<std::int64_t>());
  asking.say(message("vault_update", {{"vault_data", {{"current_page_index", *at}, {"session_id", asking.session_id}}}}));
}

asio::awaitable<void> answer(const Asking& asking, const std::string& text) {
  const auto request = Json::parse(text, nullptr, false);
  if (!request.is_object()) co_return asking.say(error_message("A message must be a JSON object {type, data}.", "INVALID_JSON"));
  const auto type = text_of(request, "type");
  const auto& data = data_of(request);
  if (type == "ai_chat_request") {
    co_await ask(asking, data);
  } else if (type == "ai_chat_stop") {
    if (!asking.services.sessions.stop_reply(asking.session_id, text_of(data, "response_id"))) {
      asking.say(error_message("No reply with that response_id is running in this session.", "NOT_FOUND"));
    }
  } else if (type == "ping") {
    const auto at = data.find("timestamp");
    asking.say(dump({{"type", "pong"}, {"data", {{"timestamp", at == data.end() ? Json(session_timestamp()) : *at}}}}));
  } else if (type == "page_navigation") {
    navigate(asking, data);
  } else if (type == "prompt_selection") {
    const auto at = data.find("prompt_id");
    asking.say(
        message("prompt_selected", {{"prompt_id", at == data.end() ? Json(nullptr) : *at}, {"session_id", asking.session_id}}));
  } else {
    asking.say(error_message(fmt::format("Unknown message type: {}", type), "UNKNOWN_MESSAGE_TYPE"));
  }
}

/// A session's conversation, the same for all its sockets and for one that comes back later. It is the reader's own.
std::string conversation_of(const std::string& session_id, const std::string& user_id) {
  return "session:" + user_id + ":" + session_id;
}

}  // namespace

asio::awaitable<void> session_socket(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  const auto session_id = request.parameters.at(0);
  auto wanted = request.find("user_id").value_or("");
  auto user = authorize_user(request.principal, wanted);
  if (!user) {
    co_await exchange.send(std::move(user).error());
    co_return;
  }
  const auto user_id = user->empty() ? std::string(kAnonymous) : *user;
  if (session_id.empty() || session_id.size() > 200 || user_id.size() > 128) {
    co_await exchange.send(
        problem(422, "The session id must have 1 to 200 characters and the user id at most 128.", "session_id"));
    co_return;
  }
  // Where auth is off a session's id is all that there is to know.
  const auto owner = request.principal.open ? std::string() : user_id;
  if (!services.sessions.may_join(session_id, owner)) {
    co_await exchange.send(problem(404, fmt::format("There is no session '{}'.", session_id)));
    co_return;
  }
  auto accepted = co_await exchange.accept_websocket(
      request.http, {.ping_interval = services.ping_interval, .ping_timeout = services.ping_timeout});
  if (!accepted) co_return;
  const Asking asking{services, session_id, user_id, conversation_of(session_id, user_id),
                      SessionHub::Socket(*std::move(accepted))};
  services.sessions.join(session_id, owner, asking.socket, message("connection_established", {{"session_id", session_id}}));
  while (true) {
    const auto text = co_await asking.socket->read();
    if (!text || !*text) break;
    co_await answer(asking, **text);
  }
  services.sessions.leave(session_id, asking.socket);
}

asio::awaitable<net::HttpResponse> list_sessions(const Services& services, RouteRequest& request) {
  auto list = Json::array();
  for (const auto& session : services.sessions.list(visible_owner(request.principal))) {
    list.push_back({{"session_id", session.id},
                    {"user_id", session.owner.empty() ? Json(nullptr) : Json(session.owner)},
                    {"sockets", session.sockets},
                    {"running", session.running},
                    {"page_index", session.page_index},
                    {"connected_at", iso8601(session.connected)},
                    {"last_activity", iso8601(session.active)}});
  }
  co_return json_response(200, {{"sessions", list}, {"total_connections", services.sessions.sockets()}});
}

std::string page_update_message(const store::PageChange& change) {
  return message(
      "page_update",
      {{"world", change.world}, {"page_id", change.page_id}, {"version", change.version}, {"removed", change.removed}});
}

asio::awaitable<net::HttpResponse> send_cluster_event(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  GIBSEY_FIELD(const auto type, required_text(object, "event_type", {1, 200, false}));
  const auto at = object.find("event_data");
  services.sessions.broadcast_all(
      message("cluster_event", {{"event_type", type}, {"event_data", at == object.end() ? Json::object() : *at}}));
  co_return json_response(202, {{"status", "sent"}});
}

}  // namespace gibsey::server
