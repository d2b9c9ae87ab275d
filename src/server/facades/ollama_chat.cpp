#include "server/facades/ollama_chat.hpp"

#include "server/facades/facade_models.hpp"
#include "server/facades/facade_reply.hpp"
#include "server/problem.hpp"

namespace gibsey::server {
namespace {

constexpr double kHottest = 2;
constexpr std::int64_t kNanoseconds = 1'000'000;  // of a millisecond

/// Puts a piece of text where one of the two paths has it.
using Place = void (*)(Json& line, std::string text);

void as_message(Json& line, std::string text) {
  line["message"] = {{"role", "assistant"}, {"content", std::move(text)}};
}

void as_response(Json& line, std::string text) {
  line["response"] = std::move(text);
}

Json line_of(const FacadeRequest& asked, Place place, std::string text) {
  Json line{{"model", asked.model}, {"created_at", iso8601(unix_millis_now())}};
  place(line, std::move(text));
  line["done"] = false;
  return line;
}

Json last_line(const FacadeRequest& asked, Place place, std::string text, const FacadeReply& reply) {
  auto line = line_of(asked, place, std::move(text));
  const std::int64_t total = reply.done->total_ms;
  const std::int64_t first = reply.done->first_token_ms;
  line["done"] = true;
  line["done_reason"] = reply.cut_off() ? "length" : "stop";
  line["total_duration"] = total * kNanoseconds;
  line["load_duration"] = 0;
  line["prompt_eval_count"] = reply.usage.prompt_tokens;
  line["prompt_eval_duration"] = first * kNanoseconds;
  line["eval_count"] = reply.usage.completion_tokens;
  line["eval_duration"] = std::max<std::int64_t>(total - first, 0) * kNanoseconds;
  line["gibsey"] = gibsey_json(reply);
  return line;
}

/// The lines of one reply.
class Lines {
 public:
  Lines(const FacadeRequest& asked, Place place) : place_(place) { asked_.model = asked.model; }

  void operator()(std::string& out, const model::TurnEvent& event, std::string_view) {
    if (ended_) return;
    const bool void_now = std::holds_alternative<model::TextReplaced>(event) && !reply_.text.empty();
    reply_.take(event);
    if (const auto* token = std::get_if<model::TokenText>(&event)) write(out, line_of(asked_, place_, token->text));
    if (reply_.failed || void_now) {
      write(out, {{"error", reply_.failed ? reply_.failed->message : kBegunAnew}});
      ended_ = true;
    } else if (reply_.done) {
      write(out, last_line(asked_, place_, "", reply_));
      ended_ = true;
    }
  }

 private:
  static void write(std::string& out, const Json& line) { out += dump(line) + "\n"; }

  FacadeRequest asked_;
  Place place_;
  FacadeReply reply_;
  bool ended_ = false;
};

template <Place place>
FacadeWords words_of() {
  return {
      .reword = ollama_refusal,
      .whole = [](const FacadeRequest& asked, const FacadeReply& reply) { return last_line(asked, place, reply.text, reply); },
      .stream = [](const FacadeRequest& asked) -> EncodeEvent { return Lines(asked, place); },
      .ndjson = true};
}

/// -1 and -2 are Ollama's words for as many as it likes.
Field<void> take_num_predict(const Json& options, chat::Question& question) {
  GIBSEY_TRY(const auto most, optional_number(options, "num_predict", INT32_MIN, INT32_MAX));
  return most.value_or(0) > 0 ? take_max_tokens(options, "num_predict", question) : Field<void>();
}

Field<void> refuse_what_is_not_here(const Json& object) {
  GIBSEY_CHECK(refuse_tools(object, "tools"));
  if (!refuse_tools(object, "images")) return not_here("images", "Characters read text alone: leave the images out.");
  const auto* format = find_field(object, "format");
  if (format != nullptr && *format != "") return not_here("format", "Characters answer in prose alone: leave 'format' out.");
  const auto* think = find_field(object, "think");
  if (think != nullptr && *think != false) return not_here("think", "Characters do not think aloud: leave 'think' out.");
  return {};
}

Field<FacadeRequest> read_common(const RouteRequest& request, const Json& object) {
  FacadeRequest asked;
  auto& question = asked.question;
  question.dialect = chat::facade_dialect();
  GIBSEY_TRY(asked.model, required_text(object, "model", kModelName));
  choose_model(asked.model, question);
  GIBSEY_CHECK(refuse_what_is_not_here(object));
  GIBSEY_TRY(asked.stream, optional_flag(object, "stream", true));
  if (const auto* options = find_field(object, "options"); options != nullptr && options->is_object()) {
    GIBSEY_CHECK(take_sampling(*options, kHottest, question));
    GIBSEY_CHECK(take_num_predict(*options, question));
    GIBSEY_CHECK(take_stop(*options, "stop", question));
  }
  GIBSEY_TRY(question.user_id, facade_user(request, ""));
  GIBSEY_TRY(question.idempotency, idempotency_key(request.http, "facade"));
  return asked;
}

Field<FacadeRequest> read_chat(const RouteRequest& request, const Json& object) {
  GIBSEY_TRY(auto asked, read_common(request, object));
  GIBSEY_TRY(auto talk, read_messages(object, "messages"));
  GIBSEY_CHECK(take_talk(std::move(talk), "messages", asked.question));
  return asked;
}

Field<FacadeRequest> read_generate(const RouteRequest& request, const Json& object) {
  GIBSEY_TRY(auto asked, read_common(request, object));
  auto& question = asked.question;
  GIBSEY_TRY(question.text, required_text(object, "prompt", {1, 8000, true}));
  GIBSEY_TRY(question.client_system, optional_text(object, "system", {0, kFacadeBodyLimit, true}));
  question.history.emplace();
  return asked;
}

/// Whether a client asks for no words: it wants the model to be there.
bool only_loads(const Json& object, std::string_view field) {
  const auto* said = find_field(object, field);
  return said == nullptr || (said->is_array() && said->empty()) || (said->is_string() && said->get<std::string>().empty());
}

boost::asio::awaitable<net::HttpResponse> load(const Services& services, const RouteRequest& request, const Json& object,
                                               Place place) {
  const auto asked = read_common(request, object);
  if (!asked) co_return ollama_refusal(request.http, asked.error());
  const auto model = co_await find_model(services, asked->model);
  if (!model) co_return ollama_refusal(request.http, problem(model.error()));
  auto line = line_of(*asked, place, "");
  line["done"] = true;
  line["done_reason"] = "load";
  co_return json_response(200, line);
}

boost::asio::awaitable<void> answer(const Services& services, RouteRequest& request, net::HttpExchange& exchange,
                                    std::string_view field, Field<FacadeRequest> (*read)(const RouteRequest&, const Json&),
                                    FacadeWords words, Place place) {
  const auto object = parse_object(request.http.body);
  if (!object) {
    co_await send_answer(exchange, ollama_refusal(request.http, object.error()));
  } else if (only_loads(*object, field)) {
    co_await send_answer(exchange, co_await load(services, request, *object, place));
  } else {
    co_await answer_turn(services, request, exchange, read(request, *object), words);
  }
}

}  // namespace

net::HttpResponse ollama_refusal(const net::HttpRequest&, net::HttpResponse refusal) {
  auto refused = read_refusal(refusal);
  Json body{{"error", refused.sentence}};
  if (!refused.gibsey.empty()) body["gibsey"] = std::move(refused.gibsey);
  return with_body(std::move(refusal), body);
}

boost::asio::awaitable<void> ollama_chat(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  co_await answer(services, request, exchange, "messages", read_chat, words_of<as_message>(), as_message);
}

boost::asio::awaitable<void> ollama_generate(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  co_await answer(services, request, exchange, "prompt", read_generate, words_of<as_response>(), as_response);
}

}  // namespace gibsey::server
