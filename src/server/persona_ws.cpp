#include "server/persona_ws.hpp"

#include "base/ids.hpp"
#include "net/websocket_session.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/turn_json.hpp"
#include "server/turn_start.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <deque>
#include <map>

namespace gibsey::server {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMostWaiting = 8;
constexpr const char* kDefaultCharacter = "default";
constexpr const char* kAnonymous = "anonymous";

/// One socket: what waits to be answered, and the reply that runs. Used on the socket's executor alone.
struct Talk {
  const Services& services;
  std::shared_ptr<net::WebSocketSession> socket;
  std::string signed_in_user;  ///< whose messages these are; "" believes each message
  std::deque<chat::Question> waiting;
  std::map<std::string, std::string> conversations;  ///< by reader and character: a socket's talk with one goes on
  std::shared_ptr<chat::RunningTurn> running;
  bool answering = false;
  bool over = false;

  [[nodiscard]] std::string conversation(const chat::Question& question) {
    auto& id = conversations[question.user_id + "\n" + question.character_id];
    if (id.empty()) id = random_id();
    return id;
  }
  void say(const Json& message) const { (void)socket->send(dump(message)); }
  void complain(const std::string& content, const char* code) const {
    say({{"type", "error"}, {"content", content}, {"code", code}});
  }
};

std::string text_of(const Json& object, const char* name, const char* preset) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() && !at->get_ref<const std::string&>().empty() ? at->get<std::string>() : preset;
}

Json complete_message(const Services& services, const std::string& question, const model::TurnDone& done,
                      const std::string& conversation_id) {
  const auto mood = services.sentiments == nullptr ? model::Sentiment{} : services.sentiments->score(question);
  return {{"type", "complete"},
          {"sentiment", to_json(mood)},
          {"turn_id", done.turn_id},
          {"conversation_id", conversation_id},
          {"finish_reason", model::to_string(done.finish_reason)}};
}

/// Streams one reply to the socket.
asio::awaitable<void> answer_one(const std::shared_ptr<Talk>& talk, chat::Question question) {
  const auto conversation_id = talk->conversation(question);
  question.conversation_id = conversation_id;
  const auto text = question.text;
  talk->say({{"type", "status"}, {"task", "processing_message"}});
  auto outcome = co_await talk->services.turns.start(std::move(question));
  if (!outcome) {
    talk->complain(outcome.error().message, outcome.error().code == ErrorCode::not_found ? "not_found" : "unavailable");
    co_return;
  }
  if (const auto* busy = std::get_if<chat::Busy>(&*outcome)) {
    talk->complain(fmt::format("Too many questions are waiting for the model; ask again in {} s.", busy->wait_seconds), "busy");
    co_return;
  }
  if (const auto* refused = std::get_if<chat::CreditsRefused>(&*outcome)) {
    talk->complain(fmt::format("This message costs {} credits and you have {}.", refused->needed, refused->available),
                   "insufficient_credits");
    co_return;
  }
  const auto turn = std::get<std::shared_ptr<chat::RunningTurn>>(*outcome);
  talk->running = turn;
  std::int64_t seq = 0;
  while (const auto next = co_await turn->next_after(seq)) {
    seq = next->seq;
    if (std::holds_alternative<model::ContextComposed>(next->event))
      talk->say({{"type", "status"}, {"task", "generating_response"}});
    if (const auto* token = std::get_if<model::TokenText>(&next->event)) talk->say({{"type", "token"}, {"content", token->text}});
    if (std::holds_alternative<model::TextReplaced>(next->event))
      talk->say({{"type", "status"}, {"task", "generating_response"}});
    if (const auto* done = std::get_if<model::TurnDone>(&next->event)) {
      talk->say(complete_message(talk->services, text, *done, conversation_id));
    }
    if (const auto* failed = std::get_if<model::TurnFailed>(&next->event)) talk->complain(failed->message, "generation_failed");
  }
  talk->running = nullptr;
}

/// Answers what waits, in order, until nothing does.
asio::awaitable<void> answer_waiting(std::shared_ptr<Talk> talk) {
  while (!talk->waiting.empty() && !talk->over) {
    auto question = std::move(talk->waiting.front());
    talk->waiting.pop_front();
    co_await answer_one(talk, std::move(question));
  }
  talk->answering = false;
}

/// The question in a message; what is wrong with it is said to the socket.
std::optional<chat::Question> read_question(const Talk& talk, const Json& message) {
  const auto at = message.find("message");
  if (at == message.end() || !at->is_string()) {
    talk.complain("The field 'message' must be a text.", "invalid_message");
    return std::nullopt;
  }
  auto text = checked_text(at->get<std::string>(), "message", {1, 8000, true});
  if (!text) {
    talk.complain(at->get_ref<const std::string&>().find_first_not_of(" \t\r\n") == std::string::npos
                      ? "The message is empty; write something."
                      : "The message is too long or holds a control character.",
                  "invalid_message");
    return std::nullopt;
  }
  const auto user = text_of(message, "user_id", kAnonymous);
  if (!checked_text(user, "user_id", kUserId)) {
    talk.complain("The user_id is blank, longer than 128 characters or holds a control character.", "invalid_message");
    return std::nullopt;
  }
  if (!talk.signed_in_user.empty() && user != kAnonymous && user != talk.signed_in_user) {
    talk.complain("The user_id is not the one that is signed in.", "forbidden");
    return std::nullopt;
  }
  return chat::Question{.user_id = talk.signed_in_user.empty() ? user : talk.signed_in_user,
                        .character_id = text_of(message, "character_id", kDefaultCharacter),
                        .text = *std::move(text),
                        .dialect = chat::persona_dialect(talk.services.dialect_defaults)};
}

void take(const std::shared_ptr<Talk>& talk, const std::string& text, const asio::any_io_executor& executor) {
  const auto message = Json::parse(text, nullptr, false);
  if (!message.is_object()) return talk->complain("A message must be a JSON object.", "invalid_json");
  const auto type = text_of(message, "type", "");
  if (type == "ping") return talk->say({{"type", "pong"}});
  if (type == "stop") {
    talk->waiting.clear();
    if (talk->running) talk->running->stop();
    return;
  }
  auto question = read_question(*talk, message);
  if (!question) return;
  if (talk->waiting.size() >= kMostWaiting) {
    return talk->complain("Too many messages are waiting for an answer; wait for the replies.", "busy");
  }
  talk->waiting.push_back(*std::move(question));
  if (std::exchange(talk->answering, true)) return;
  asio::co_spawn(executor, answer_waiting(talk), asio::detached);
}

}  // namespace

asio::awaitable<void> persona_socket(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  auto accepted = co_await exchange.accept_websocket(
      request.http, {.ping_interval = services.ping_interval, .ping_timeout = services.ping_timeout});
  if (!accepted) co_return;
  const auto talk = std::make_shared<Talk>(Talk{.services = services, .socket = *std::move(accepted)});
  if (!request.principal.open) talk->signed_in_user = request.principal.user_id;
  const auto executor = co_await asio::this_coro::executor;
  while (true) {
    const auto text = co_await talk->socket->read();
    if (!text || !*text) break;
    take(talk, **text, executor);
  }
  // The reply that runs is completed and kept; what waited is not begun.
  talk->over = true;
}

asio::awaitable<net::HttpResponse> score_sentiment(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  const auto at = object.find("text");
  if (at == object.end() || !at->is_string()) co_return problem(422, "The field 'text' must be a text.", "text");
  if (services.sentiments == nullptr) co_return problem(503, "The sentiment lexicon is not installed; run make once.");
  co_return json_response(200, to_json(services.sentiments->score(at->get_ref<const std::string&>())));
}

}  // namespace gibsey::server
