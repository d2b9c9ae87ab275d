#include "server/facades/openai_responses.hpp"

#include "net/sse.hpp"
#include "server/facades/openai_words.hpp"
#include "server/problem.hpp"

#include <fmt/format.h>

namespace gibsey::server {
namespace {

constexpr double kHottest = 2;
constexpr std::string_view kIdPrefix = "resp_";

Field<void> refuse_what_is_not_here(const Json& object) {
  GIBSEY_CHECK(refuse_tools(object, "tools"));
  GIBSEY_TRY(const bool background, optional_flag(object, "background", false));
  if (background) return not_here("background", "Replies are not made in the background here: leave 'background' out.");
  const auto* text = find_field(object, "text");
  const auto* format = text != nullptr && text->is_object() ? find_field(*text, "format") : nullptr;
  const auto* type = format != nullptr && format->is_object() ? find_field(*format, "type") : nullptr;
  if (type != nullptr && *type != "text") return not_here("text", "Characters answer in prose alone: leave 'text.format' out.");
  return {};
}

/// Items that are messages; a client sends earlier output items back as they were.
Field<std::vector<Said>> read_input(const Json& object) {
  const auto* input = find_field(object, "input");
  if (input == nullptr) return std::unexpected(problem(422, "The field 'input' is missing.", "input"));
  if (input->is_string()) return std::vector<Said>{{Speaker::reader, input->get<std::string>()}};
  if (!input->is_array())
    return std::unexpected(problem(422, "The field 'input' must be a text or a list of messages.", "input"));
  for (const auto& item : *input) {
    const auto* type = item.is_object() ? find_field(item, "type") : nullptr;
    if (type != nullptr && *type != "message") return not_here("input", "Characters read messages alone: leave other items out.");
  }
  return read_messages(object, "input");
}

Field<FacadeRequest> read_request(const RouteRequest& request) {
  FacadeRequest asked;
  auto& question = asked.question;
  question.dialect = chat::facade_dialect();
  GIBSEY_TRY(const auto object, parse_object(request.http.body));
  GIBSEY_TRY(asked.model, required_text(object, "model", kModelName));
  GIBSEY_TRY(auto talk, read_input(object));
  GIBSEY_CHECK(refuse_what_is_not_here(object));
  GIBSEY_TRY(const auto user, optional_text(object, "user", kUserId));
  GIBSEY_TRY(question.user_id, facade_user(request, user));
  GIBSEY_TRY(question.client_system, optional_text(object, "instructions", {0, kFacadeBodyLimit, true}));
  GIBSEY_CHECK(take_sampling(object, kHottest, question));
  GIBSEY_CHECK(take_max_tokens(object, "max_output_tokens", question));
  GIBSEY_TRY(asked.stream, optional_flag(object, "stream", false));
  GIBSEY_TRY(asked.previous, optional_text(object, "previous_response_id", kName));
  GIBSEY_CHECK(take_talk(std::move(talk), "input", question));
  GIBSEY_TRY(question.idempotency, idempotency_key(request.http, "facade"));
  choose_model(asked.model, question);
  return asked;
}

/// The conversation of the response that this one follows. Its record is the history, unless the client sent one along.
boost::asio::awaitable<Field<void>> follow_previous(const Services& services, const RouteRequest& request, FacadeRequest& asked) {
  if (asked.previous.empty()) co_return Field<void>();
  const bool ours = asked.previous.starts_with(kIdPrefix);
  auto turn = co_await services.turn_store.find(ours ? asked.previous.substr(kIdPrefix.size()) : "");
  if (!turn) co_return std::unexpected(problem(turn.error()));
  if (!*turn || !may_access(request.principal, (*turn)->user_id)) {
    co_return std::unexpected(problem(404, fmt::format("There is no response '{}'.", asked.previous), "previous_response_id"));
  }
  asked.question.conversation_id = (*turn)->conversation_id;
  asked.question.parent_id = (*turn)->id;
  // Who may read the turn may follow it; another reader's name would make the conversation another's.
  asked.question.user_id = (*turn)->user_id;
  if (asked.question.history->empty()) asked.question.history.reset();
  co_return Field<void>();
}

std::string item_id(const FacadeReply& reply) {
  return "msg_" + reply.turn_id;
}

Json text_part(const std::string& text) {
  return {{"type", "output_text"}, {"text", text}, {"annotations", Json::array()}, {"logprobs", Json::array()}};
}

Json message_item(const FacadeReply& reply, const char* status, Json content) {
  return {
      {"id", item_id(reply)}, {"type", "message"}, {"status", status}, {"role", "assistant"}, {"content", std::move(content)}};
}

Json usage_json(const model::TokenUsage& usage) {
  return {{"input_tokens", usage.prompt_tokens},
          {"input_tokens_details", {{"cached_tokens", 0}, {"cache_write_tokens", 0}}},
          {"output_tokens", usage.completion_tokens},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

const char* status_of(const FacadeReply& reply) {
  if (reply.failed) return "failed";
  if (!reply.done) return "in_progress";
  return reply.cut_off() ? "incomplete" : "completed";
}

/// A response as it stands: `output` holds its message once that is whole.
Json response_json(const FacadeRequest& asked, const FacadeReply& reply, const char* status, Json error) {
  const auto& question = asked.question;
  const bool whole = reply.done.has_value();
  auto output = Json::array();
  if (whole) output.push_back(message_item(reply, status, Json::array({text_part(reply.text)})));
  Json body{{"id", std::string(kIdPrefix) + reply.turn_id},
            {"object", "response"},
            {"created_at", asked.created / 1000},
            {"status", status},
            {"error", std::move(error)},
            {"incomplete_details", reply.cut_off() ? Json{{"reason", "max_output_tokens"}} : Json(nullptr)},
            {"instructions", question.client_system.empty() ? Json(nullptr) : Json(question.client_system)},
            {"max_output_tokens", question.max_tokens > 0 ? Json(question.max_tokens) : Json(nullptr)},
            {"metadata", Json::object()},
            {"model", asked.model},
            {"output", std::move(output)},
            {"parallel_tool_calls", false},
            {"previous_response_id", asked.previous.empty() ? Json(nullptr) : Json(asked.previous)},
            {"store", true},
            {"temperature", question.dialect.temperature},
            {"text", {{"format", {{"type", "text"}}}}},
            {"tool_choice", "none"},
            {"tools", Json::array()},
            {"top_p", question.dialect.top_p},
            {"truncation", "auto"},
            {"usage", whole ? usage_json(reply.usage) : Json(nullptr)}};
  if (reply.ended()) body["gibsey"] = gibsey_json(reply);
  return body;
}

Json whole_response(const FacadeRequest& asked, const FacadeReply& reply) {
  return response_json(asked, reply, status_of(reply), nullptr);
}

/// The numbered events of one reply.
class Events {
 public:
  explicit Events(const FacadeRequest& asked) : asked_(asked) {}

  void operator()(std::string& out, const model::TurnEvent& event, std::string_view) {
    if (ended_) return;
    const bool void_now = std::holds_alternative<model::TextReplaced>(event) && !reply_.text.empty();
    reply_.take(event);
    if (!reply_.turn_id.empty() && !begun_) begin(out);
    if (const auto* token = std::get_if<model::TokenText>(&event)) {
      auto delta = in_part("response.output_text.delta");
      delta["delta"] = token->text;
      delta["logprobs"] = Json::array();
      write(out, std::move(delta));
    }
    if (reply_.failed || void_now) {
      fail(out);
    } else if (reply_.done) {
      finish(out);
    }
  }

 private:
  void write(std::string& out, Json event) {
    event["sequence_number"] = next_++;
    net::append_sse(out, event["type"].get<std::string>(), dump(event), "");
  }

  [[nodiscard]] Json in_part(const char* type) const {
    return {{"type", type}, {"item_id", item_id(reply_)}, {"output_index", 0}, {"content_index", 0}};
  }

  void begin(std::string& out) {
    begun_ = true;
    const auto response = response_json(asked_, reply_, "in_progress", nullptr);
    write(out, {{"type", "response.created"}, {"response", response}});
    write(out, {{"type", "response.in_progress"}, {"response", response}});
    write(out, {{"type", "response.output_item.added"},
                {"output_index", 0},
                {"item", message_item(reply_, "in_progress", Json::array())}});
    auto part = in_part("response.content_part.added");
    part["part"] = text_part("");
    write(out, std::move(part));
  }

  void finish(std::string& out) {
    ended_ = true;
    auto text = in_part("response.output_text.done");
    text["text"] = reply_.text;
    text["logprobs"] = Json::array();
    write(out, std::move(text));
    auto part = in_part("response.content_part.done");
    part["part"] = text_part(reply_.text);
    write(out, std::move(part));
    const auto response = whole_response(asked_, reply_);
    write(out, {{"type", "response.output_item.done"}, {"output_index", 0}, {"item", response["output"][0]}});
    write(out, {{"type", reply_.cut_off() ? "response.incomplete" : "response.completed"}, {"response", response}});
  }

  void fail(std::string& out) {
    ended_ = true;
    const auto& failed = reply_.failed;
    // Of the codes that OpenAI has, the one that fits any failure.
    Json error{{"code", "server_error"}, {"message", failed ? failed->message : kBegunAnew}};
    write(out, {{"type", "response.failed"}, {"response", response_json(asked_, reply_, "failed", std::move(error))}});
  }

  FacadeRequest asked_;
  FacadeReply reply_;
  std::int64_t next_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace

boost::asio::awaitable<void> openai_responses(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  auto asked = read_request(request);
  if (asked) {
    if (auto followed = co_await follow_previous(services, request, *asked); !followed)
      asked = std::unexpected(std::move(followed).error());
  }
  const FacadeWords words{.reword = openai_refusal,
                          .whole = whole_response,
                          .stream = [](const FacadeRequest& request_of) -> EncodeEvent { return Events(request_of); }};
  co_await answer_turn(services, request, exchange, std::move(asked), words);
}

}  // namespace gibsey::server
