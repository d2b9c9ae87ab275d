#include "server/facades/openai_chat.hpp"

#include "net/sse.hpp"
#include "server/facades/openai_words.hpp"

namespace gibsey::server {
namespace {

constexpr double kHottest = 2;

/// What a client may ask of OpenAI that no character can do. Saying nothing would let it wait for what never comes.
Field<void> refuse_what_is_not_here(const Json& object) {
  GIBSEY_TRY(const auto choices, optional_number(object, "n", 1, INT32_MAX));
  if (choices.value_or(1) > 1) return not_here("n", "One reply is given to a question: leave 'n' out.");
  GIBSEY_CHECK(refuse_tools(object, "tools"));
  GIBSEY_CHECK(refuse_tools(object, "functions"));
  GIBSEY_TRY(const bool logprobs, optional_flag(object, "logprobs", false));
  if (logprobs) return not_here("logprobs", "Log probabilities are not told: leave 'logprobs' out.");
  if (const auto* format = find_field(object, "response_format")) {
    const auto* type = format->is_object() ? find_field(*format, "type") : nullptr;
    if (type == nullptr || *type != "text")
      return not_here("response_format", "Characters answer in prose alone: leave 'response_format' out.");
  }
  if (const auto* modalities = find_field(object, "modalities"); modalities != nullptr && *modalities != Json::array({"text"}))
    return not_here("modalities", "Characters answer in text alone: leave 'modalities' out.");
  return {};
}

Field<FacadeRequest> read_request(const RouteRequest& request) {
  FacadeRequest asked;
  auto& question = asked.question;
  question.dialect = chat::facade_dialect();
  GIBSEY_TRY(const auto object, parse_object(request.http.body));
  GIBSEY_TRY(asked.model, required_text(object, "model", kModelName));
  GIBSEY_TRY(auto talk, read_messages(object, "messages"));
  GIBSEY_CHECK(refuse_what_is_not_here(object));
  GIBSEY_TRY(const auto user, optional_text(object, "user", kUserId));
  GIBSEY_TRY(question.user_id, facade_user(request, user));
  GIBSEY_CHECK(take_sampling(object, kHottest, question));
  GIBSEY_CHECK(take_max_tokens(object, "max_tokens", question));
  GIBSEY_CHECK(take_max_tokens(object, "max_completion_tokens", question));
  GIBSEY_CHECK(take_stop(object, "stop", question));
  GIBSEY_TRY(asked.stream, optional_flag(object, "stream", false));
  if (const auto* options = find_field(object, "stream_options"); options != nullptr && options->is_object()) {
    GIBSEY_TRY(asked.include_usage, optional_flag(*options, "include_usage", false));
  }
  GIBSEY_CHECK(take_talk(std::move(talk), "messages", question));
  GIBSEY_TRY(question.idempotency, idempotency_key(request.http, "facade"));
  choose_model(asked.model, question);
  return asked;
}

const char* finish_reason(const FacadeReply& reply) {
  return reply.cut_off() ? "length" : "stop";
}

Json completion(const FacadeRequest& asked, const FacadeReply& reply) {
  return {{"id", "chatcmpl-" + reply.turn_id},
          {"object", "chat.completion"},
          {"created", asked.created / 1000},
          {"model", asked.model},
          {"choices",
           Json::array({{{"index", 0},
                         {"message",
                          {{"role", "assistant"}, {"content", reply.text}, {"refusal", nullptr}, {"gibsey", gibsey_json(reply)}}},
                         {"logprobs", nullptr},
                         {"finish_reason", finish_reason(reply)}}})},
          {"usage", openai_usage(reply.usage)}};
}

/// The chunks of one reply.
class Chunks {
 public:
  explicit Chunks(const FacadeRequest& asked)
      : model_(asked.model), created_(asked.created / 1000), include_usage_(asked.include_usage) {}

  void operator()(std::string& out, const model::TurnEvent& event, std::string_view) {
    if (ended_) return;
    const bool void_now = std::holds_alternative<model::TextReplaced>(event) && !reply_.text.empty();
    reply_.take(event);
    if (!reply_.turn_id.empty() && !begun_) {
      begun_ = true;
      write(out, {{"role", "assistant"}, {"content", ""}}, nullptr);
    }
    if (const auto* token = std::get_if<model::TokenText>(&event)) write(out, {{"content", token->text}}, nullptr);
    if (reply_.failed || void_now) {
      net::append_sse(out, "", dump(openai_stream_error(reply_)), "");
      ended_ = true;
    } else if (reply_.done) {
      finish(out);
    }
  }

 private:
  [[nodiscard]] Json chunk(Json choices) const {
    Json body{{"id", "chatcmpl-" + reply_.turn_id},
              {"object", "chat.completion.chunk"},
              {"created", created_},
              {"model", model_},
              {"choices", std::move(choices)}};
    if (include_usage_) body["usage"] = nullptr;
    return body;
  }

  void write(std::string& out, Json delta, Json reason) {
    Json choice{{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(reason)}};
    auto body = chunk(Json::array({std::move(choice)}));
    if (reply_.done) body["gibsey"] = gibsey_json(reply_);
    net::append_sse(out, "", dump(body), "");
  }

  void finish(std::string& out) {
    write(out, Json::object(), finish_reason(reply_));
    if (include_usage_) {
      auto body = chunk(Json::array());
      body["usage"] = openai_usage(reply_.usage);
      net::append_sse(out, "", dump(body), "");
    }
    net::append_sse(out, "", "[DONE]", "");
    ended_ = true;
  }

  std::string model_;
  std::int64_t created_;
  bool include_usage_;
  FacadeReply reply_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace

boost::asio::awaitable<void> openai_chat(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  const FacadeWords words{.reword = openai_refusal, .whole = completion, .stream = [](const FacadeRequest& asked) -> EncodeEvent {
                            return Chunks(asked);
                          }};
  co_await answer_turn(services, request, exchange, read_request(request), words);
}

}  // namespace gibsey::server
