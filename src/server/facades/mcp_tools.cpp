#include "server/facades/mcp_tools.hpp"

#include "base/utf8.hpp"
#include "retrieval/quote_finder.hpp"
#include "server/pages.hpp"
#include "server/problem.hpp"
#include "server/turn_json.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::server {
namespace {

constexpr TextRule kWords{1, 8000, true};

Field<SearchBook> read_search(const Json& arguments) {
  SearchBook call;
  GIBSEY_TRY(call.query.text, required_text(arguments, "query", kWords));
  GIBSEY_TRY(call.query.world, optional_text(arguments, "world", kName));
  GIBSEY_TRY(const auto k, optional_number(arguments, "k", 1, 50));
  call.query.k = static_cast<int>(k.value_or(8));
  return call;
}

Field<QuotePage> read_quote_page(const Json& arguments) {
  QuotePage call;
  GIBSEY_TRY(call.page_id, required_text(arguments, "page_id", {1, 200, false}));
  GIBSEY_TRY(call.world, optional_text(arguments, "world", kName));
  GIBSEY_TRY(const auto start, optional_number(arguments, "start", 0, INT32_MAX));
  GIBSEY_TRY(const auto end, optional_number(arguments, "end", 0, INT32_MAX));
  call.start = start.value_or(0);
  call.end = end.value_or(-1);
  if (call.end >= 0 && call.end < call.start)
    return std::unexpected(problem(422, "The field 'end' must not come before 'start'.", "end"));
  return call;
}

Field<FacadeRequest> read_ask(const RouteRequest& request, const Json& arguments) {
  FacadeRequest asked;
  auto& question = asked.question;
  question.dialect = chat::facade_dialect();
  GIBSEY_TRY(asked.model, required_text(arguments, "character", kModelName));
  GIBSEY_TRY(question.text, required_text(arguments, "text", kWords));
  choose_model(asked.model, question);
  GIBSEY_TRY(const auto world, optional_text(arguments, "world", kName));
  if (!world.empty()) question.world = world;
  question.history.emplace();
  GIBSEY_TRY(question.user_id, facade_user(request, ""));
  GIBSEY_TRY(question.idempotency, idempotency_key(request.http, "facade"));
  return asked;
}

template <typename T>
Field<ToolCall> as_call(Field<T> read) {
  if (!read) return std::unexpected(std::move(read).error());
  return ToolCall(*std::move(read));
}

std::string code_points(std::string_view text, std::int64_t start, std::int64_t end) {
  const auto skip = [](std::string_view rest, std::int64_t count) {
    for (; count > 0 && !rest.empty(); --count) rest.remove_prefix(utf8::decode(rest).length);
    return rest;
  };
  const auto from = skip(text, start);
  if (end < 0) return std::string(from);
  return std::string(from.substr(0, from.size() - skip(from, end - start).size()));
}

std::int64_t count_code_points(std::string_view text) {
  std::int64_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(utf8::decode(text).length);
  return count;
}

Json hit_json(const retrieval::Hit& hit) {
  return {{"quote", hit.quote.text}, {"page_id", hit.quote.page_id}, {"label", hit.label},   {"title", hit.title},
          {"chapter", hit.chapter},  {"start", hit.quote.start},     {"end", hit.quote.end}, {"score", hit.score}};
}

}  // namespace

Field<ToolCall> read_tool_call(const RouteRequest& request, const std::string& name, const Json& arguments) {
  if (name == "search_book") return as_call(read_search(arguments));
  if (name == "quote_page") return as_call(read_quote_page(arguments));
  if (name == "verify_quote") return as_call(read_claim(arguments));
  if (name == "ask_character") return as_call(read_ask(request, arguments));
  return std::unexpected(problem(422, fmt::format("There is no tool '{}'; tools/list tells which there are.", name), "name"));
}

boost::asio::awaitable<Result<Json>> search_book(const Services& services, SearchBook call) {
  GIBSEY_CO_TRY(const auto world, co_await choose_book(services.pages, services.passages, call.query.world));
  call.query.world = world.name;
  GIBSEY_CO_TRY(const auto found, co_await services.passages.retrieve(std::move(call.query)));
  auto quotes = Json::array();
  for (const auto& hit : found.hits) quotes.push_back(hit_json(hit));
  co_return Json{{"world", world.name}, {"above_threshold", found.above_threshold}, {"quotes", quotes}};
}

boost::asio::awaitable<Result<Json>> quote_page(const Services& services, QuotePage call) {
  GIBSEY_CO_TRY(const auto world, co_await choose_world(services.pages, call.world));
  GIBSEY_CO_TRY(const auto page, co_await find_page(services.pages, world.name, call.page_id));
  if (!page)
    co_return fail(ErrorCode::not_found, fmt::format("There is no page '{}' in the world '{}'.", call.page_id, world.name));
  const auto length = count_code_points(page->text);
  const auto end = call.end < 0 ? length : std::min(call.end, length);
  const auto start = std::min(call.start, end);
  co_return Json{
      {"world", world.name},      {"page_id", page->id}, {"label", page->label}, {"title", page->title},
      {"chapter", page->chapter}, {"start", start},      {"end", end},           {"text", code_points(page->text, start, end)},
      {"version", page->version}};
}

Json answer_json(const FacadeReply& reply) {
  auto body = gibsey_json(reply);
  body["reply"] = reply.text;
  return body;
}

}  // namespace gibsey::server
