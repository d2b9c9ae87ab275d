#include "server/facades/anthropic_messages.hpp"

#include "net/sse.hpp"
#include "server/facades/facade_reply.hpp"
#include "server/turn_json.hpp"

namespace gibsey::server {
namespace {

constexpr double kHottest = 1;

const char* error_type(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 503: return "overloaded_error";
    case 504: return "timeout_error";
    default: return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

/// What a request and a count have in common: the model and the talk.
Field<FacadeRequest> read_talk(const Json& object) {
  FacadeRequest asked;
  asked.question.dialect = chat::facade_dialect();
  GIBSEY_TRY(asked.model, required_text(object, "model", kModelName));
  GIBSEY_TRY(auto talk, read_messages(object, "messages"));
  GIBSEY_CHECK(refuse_tools(object, "tools"));
  if (const auto* system = find_field(object, "system")) {
    GIBSEY_TRY(asked.question.client_system, content_text(*system, "system"));
  }
  GIBSEY_CHECK(take_talk(std::move(talk), "messages", asked.question));
  choose_model(asked.model, asked.question);
  return asked;
}

Field<FacadeRequest> read_request(const RouteRequest& request) {
  GIBSEY_TRY(const auto object, parse_object(request.http.body));
  GIBSEY_TRY(auto asked, read_talk(object));
  auto& question = asked.question;
  GIBSEY_TRY(const auto required, required_number(object, "max_tokens", 1, INT32_MAX));
  (void)required;
  GIBSEY_CHECK(take_max_tokens(object, "max_tokens", question));
  GIBSEY_CHECK(take_sampling(object, kHottest, question));
  GIBSEY_CHECK(take_stop(object, "stop_sequences", question));
  if (const auto* thinking = find_field(object, "thinking"); thinking != nullptr && thinking->is_object()) {
    if (const auto* type = find_field(*thinking, "type"); type != nullptr && *type == "enabled")
      return not_here("thinking", "Characters do not think aloud: leave 'thinking' out.");
  }
  std::string user;
  if (const auto* metadata = find_field(object, "metadata"); metadata != nullptr && metadata->is_object()) {
    GIBSEY_TRY(user, optional_text(*metadata, "user_id", kUserId));
  }
  GIBSEY_TRY(question.user_id, facade_user(request, user));
  GIBSEY_TRY(asked.stream, optional_flag(object, "stream", false));
  GIBSEY_TRY(question.idempotency, idempotency_key(request.http, "facade"));
  return asked;
}

const char* stop_reason(const FacadeReply& reply) {
  return reply.cut_off() ? "max_tokens" : "end_turn";
}

Json message(const std::string& model, const FacadeReply& reply, Json content, Json reason) {
  return {{"id", "msg_" + reply.turn_id},
          {"type", "message"},
          {"role", "assistant"},
          {"model", model},
          {"content", std::move(content)},
          {"stop_reason", std::move(reason)},
          {"stop_sequence", nullptr},
          {"usage", {{"input_tokens", reply.usage.prompt_tokens}, {"output_tokens", reply.usage.completion_tokens}}}};
}

Json whole_message(const FacadeRequest& asked, const FacadeReply& reply) {
  auto body = message(asked.model, reply, Json::array({{{"type", "text"}, {"text", reply.text}, {"citations", nullptr}}}),
                      stop_reason(reply));
  body["gibsey"] = gibsey_json(reply);
  return body;
}

/// The named events of one reply.
class Events {
 public:
  explicit Events(const FacadeRequest& asked) : model_(asked.model) {}

  void operator()(std::string& out, const model::TurnEvent& event, std::string_view) {
    if (ended_) return;
    const bool void_now = std::holds_alternative<model::TextReplaced>(event) && !reply_.text.empty();
    reply_.take(event);
    if (!reply_.turn_id.empty() && !begun_) begin(out);
    if (const auto* token = std::get_if<model::TokenText>(&event)) {
      write(out, {{"type", "content_block_delta"}, {"index", 0}, {"delta", {{"type", "text_delta"}, {"text", token->text}}}});
    }
    if (reply_.failed || void_now) {
      fail(out);
    } else if (reply_.done) {
      finish(out);
    }
  }

 private:
  static void write(std::string& out, const Json& event) {
    net::append_sse(out, event["type"].get<std::string>(), dump(event), "");
  }

  void begin(std::string& out) {
    begun_ = true;
    write(out, {{"type", "message_start"}, {"message", message(model_, reply_, Json::array(), nullptr)}});
    write(out, {{"type", "content_block_start"},
                {"index", 0},
                {"content_block", {{"type", "text"}, {"text", ""}, {"citations", nullptr}}}});
  }

  void finish(std::string& out) {
    ended_ = true;
    write(out, {{"type", "content_block_stop"}, {"index", 0}});
    write(out, {{"type", "message_delta"},
                {"delta", {{"stop_reason", stop_reason(reply_)}, {"stop_sequence", nullptr}}},
                {"usage", {{"input_tokens", reply_.usage.prompt_tokens}, {"output_tokens", reply_.usage.completion_tokens}}},
                {"gibsey", gibsey_json(reply_)}});
    write(out, {{"type", "message_stop"}});
  }

  void fail(std::string& out) {
    ended_ = true;
    const auto& failed = reply_.failed;
    const auto* type = failed && failed->retryable ? "overloaded_error" : "api_error";
    write(out,
          {{"type", "error"},
           {"error", {{"type", type}, {"message", failed ? failed->message : kBegunAnew}}},
           {"gibsey", {{"turn_id", reply_.turn_id}, {"receipt", reply_.receipt ? to_json(*reply_.receipt) : Json(nullptr)}}}});
  }

  std::string model_;
  FacadeReply reply_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace

net::HttpResponse anthropic_refusal(const net::HttpRequest&, net::HttpResponse refusal) {
  auto refused = read_refusal(refusal);
  Json body{{"type", "error"}, {"error", {{"type", error_type(refusal.status)}, {"message", refused.sentence}}}};
  if (!refused.gibsey.empty()) body["gibsey"] = std::move(refused.gibsey);
  return with_body(std::move(refusal), body);
}

boost::asio::awaitable<void> anthropic_messages(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  const FacadeWords words{.reword = anthropic_refusal,
                          .whole = whole_message,
                          .stream = [](const FacadeRequest& asked) -> EncodeEvent { return Events(asked); }};
  co_await answer_turn(services, request, exchange, read_request(request), words);
}

boost::asio::awaitable<net::HttpResponse> anthropic_count_tokens(const Services& services, RouteRequest& request) {
  const auto object = parse_object(request.http.body);
  if (!object) co_return anthropic_refusal(request.http, object.error());
  const auto asked = read_talk(*object);
  if (!asked) co_return anthropic_refusal(request.http, asked.error());
  auto& model = services.models.preferred();
  const auto& question = asked->question;
  int tokens = model.count_tokens(question.client_system) + model.count_tokens(question.text);
  for (const auto& past : *question.history) tokens += model.count_tokens(past.question) + model.count_tokens(past.reply);
  co_return json_response(200, {{"input_tokens", tokens}});
}

}  // namespace gibsey::server
