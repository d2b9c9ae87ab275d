#include "server/facades/mcp.hpp"

#include "net/sse.hpp"
#include "server/facades/mcp_tools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gibsey::server {
namespace {

constexpr std::array<std::string_view, 2> kVersions{"2025-06-18", "2025-03-26"};  // the newest first

constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kUnknownMethod = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kServerError = -32000;

Json error_json(const Json& id, int code, std::string_view message) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}};
}

Json result_json(const Json& id, Json result) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
}

net::HttpResponse bad_request(int code, std::string_view message) {
  return json_response(400, error_json(nullptr, code, message));
}

bool speaks(std::string_view version) {
  return std::ranges::find(kVersions, version) != kVersions.end();
}

/// One message; `id` null: a notification.
struct Message {
  Json id;
  std::string method;  ///< "" for an answer of the client's to us
  Json params = Json::object();
};

std::expected<Message, net::HttpResponse> read_message(const net::HttpRequest& request) {
  const auto body = Json::parse(request.body, nullptr, false);
  if (body.is_discarded() || request.body.find('\0') != std::string::npos)
    return std::unexpected(bad_request(kParseError, "The body is not valid JSON in UTF-8."));
  const auto wrong = [](std::string_view sentence) { return std::unexpected(bad_request(kInvalidRequest, sentence)); };
  if (!body.is_object()) return wrong("Send one JSON-RPC message a request; several at once are not taken.");
  if (body.value("jsonrpc", Json()) != "2.0") return wrong("The field 'jsonrpc' must be \"2.0\".");
  Message message{.id = body.value("id", Json()), .method = "", .params = body.value("params", Json::object())};
  if (!message.id.is_null() && !message.id.is_string() && !message.id.is_number_integer())
    return wrong("The field 'id' must be a text or a whole number.");
  const bool answers = body.contains("result") || body.contains("error");
  const auto method = body.value("method", Json());
  if (!method.is_string() && !answers) return wrong("The field 'method' is missing.");
  if (method.is_string()) message.method = method.get<std::string>();
  return message;
}

std::optional<net::HttpResponse> refuse_version(const net::HttpRequest& request) {
  const auto version = request.headers.find("MCP-Protocol-Version");
  if (!version || speaks(*version)) return std::nullopt;
  return bad_request(kInvalidRequest, fmt::format("The versions spoken here are {}.", fmt::join(kVersions, " and ")));
}

Json initialize(const Services& services, const Json& params) {
  const auto wanted = params.is_object() ? params.value("protocolVersion", Json()) : Json();
  const bool known = wanted.is_string() && speaks(wanted.get<std::string>());
  return {{"protocolVersion", known ? wanted : Json(kVersions.front())},
          {"capabilities", {{"tools", {{"listChanged", false}}}}},
          {"serverInfo", {{"name", "gibsey"}, {"title", "Gibsey"}, {"version", services.health().version}}},
          {"instructions",
           "The characters of a book, and the book itself. Search it, read its pages, verify quotations, or ask a character; "
           "every quotation stands on its page."}};
}

Json tool_result(const Json& found) {
  return {
      {"content", Json::array({{{"type", "text"}, {"text", dump(found)}}})}, {"structuredContent", found}, {"isError", false}};
}

Json tool_failure(std::string_view sentence) {
  return {{"content", Json::array({{{"type", "text"}, {"text", sentence}}})}, {"isError", true}};
}

Json tool_failure(const FacadeReply& reply) {
  return tool_failure(fmt::format("{} (turn {})", read_refusal(refusal_of(*reply.failed)).sentence, reply.turn_id));
}

/// The events of a turn as progress, and its result.
class Progress {
 public:
  Progress(Json id, Json token) : id_(std::move(id)), token_(std::move(token)) {}

  void operator()(std::string& out, const model::TurnEvent& event, std::string_view) {
    reply_.take(event);
    if (const auto* token = std::get_if<model::TokenText>(&event)) {
      write(out, {{"jsonrpc", "2.0"},
                  {"method", "notifications/progress"},
                  {"params", {{"progressToken", token_}, {"progress", ++pieces_}, {"message", token->text}}}});
    }
    if (reply_.ended() && !told_) {
      told_ = true;
      write(out, result_json(id_, reply_.failed ? tool_failure(reply_) : tool_result(answer_json(reply_))));
    }
  }

 private:
  static void write(std::string& out, const Json& message) { net::append_sse(out, "message", dump(message), ""); }

  Json id_;
  Json token_;
  FacadeReply reply_;
  std::int64_t pieces_ = 0;
  bool told_ = false;
};

Json progress_token(const Json& params) {
  const auto meta = params.value("_meta", Json::object());
  const auto token = meta.is_object() ? meta.value("progressToken", Json()) : Json();
  return token.is_string() || token.is_number_integer() ? token : Json();
}

/// Whether the client reads event streams.
bool takes_streams(const net::HttpRequest& request) {
  const auto accept = request.headers.find("Accept");
  return accept && accept->find("text/event-stream") != std::string_view::npos;
}

boost::asio::awaitable<void> send_result(net::HttpExchange& exchange, const Json& id, Json result) {
  co_await send_answer(exchange, json_response(200, result_json(id, std::move(result))));
}

boost::asio::awaitable<void> ask_character(const Services& services, RouteRequest& request, net::HttpExchange& exchange,
                                           const Message& message, FacadeRequest asked) {
  auto started = co_await start_turn(services, request, std::move(asked));
  if (!started) {
    co_await send_result(exchange, message.id, tool_failure(read_refusal(started.error()).sentence));
    co_return;
  }
  const auto turn = *std::move(started);
  const auto token = progress_token(message.params);
  if (!token.is_null() && takes_streams(request.http)) {
    if (!co_await begin_event_stream(exchange, turn->turn_id())) co_return;
    co_await stream_turn(exchange, turn, 0, services.keep_alive, Progress(message.id, token));
    co_return;
  }
  const auto reply = co_await whole_reply(turn);
  co_await send_result(exchange, message.id, reply.failed ? tool_failure(reply) : tool_result(answer_json(reply)));
}

boost::asio::awaitable<Result<Json>> run_tool(const Services& services, ToolCall call) {
  if (auto* search = std::get_if<SearchBook>(&call)) co_return co_await search_book(services, std::move(*search));
  if (auto* page = std::get_if<QuotePage>(&call)) co_return co_await quote_page(services, std::move(*page));
  co_return co_await verify_claim(services, std::get<Claim>(std::move(call)));
}

boost::asio::awaitable<void> call_tool(const Services& services, RouteRequest& request, net::HttpExchange& exchange,
                                       const Message& message) {
  const auto& params = message.params;
  const auto name = params.is_object() ? params.value("name", Json()) : Json();
  const auto arguments = params.is_object() ? params.value("arguments", Json::object()) : Json();
  if (!name.is_string() || !arguments.is_object()) {
    const auto* sentence = "tools/call takes a name and an object of arguments.";
    co_await send_answer(exchange, json_response(200, error_json(message.id, kInvalidParams, sentence)));
    co_return;
  }
  auto call = read_tool_call(request, name.get<std::string>(), arguments);
  request.http.body = {};
  if (!call) {
    const auto refused = read_refusal(call.error());
    co_await send_answer(exchange, json_response(200, error_json(message.id, kInvalidParams, refused.sentence)));
    co_return;
  }
  if (auto* asked = std::get_if<FacadeRequest>(&*call)) {
    co_await ask_character(services, request, exchange, message, std::move(*asked));
    co_return;
  }
  const auto found = co_await run_tool(services, *std::move(call));
  co_await send_result(exchange, message.id, found ? tool_result(*found) : tool_failure(found.error().message));
}

/// The answer to a request that is no call of a tool.
Json answer_of(const Services& services, const Message& message) {
  if (message.method == "initialize") return result_json(message.id, initialize(services, message.params));
  if (message.method == "ping") return result_json(message.id, Json::object());
  if (message.method == "tools/list") return result_json(message.id, {{"tools", mcp_tools()}});
  return error_json(message.id, kUnknownMethod, fmt::format("There is no method '{}'.", message.method));
}

}  // namespace

net::HttpResponse mcp_refusal(const net::HttpRequest&, net::HttpResponse refusal) {
  const auto sentence = read_refusal(refusal).sentence;
  return with_body(std::move(refusal), error_json(nullptr, kServerError, sentence));
}

boost::asio::awaitable<void> mcp(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  const auto message = read_message(request.http);
  if (!message) {
    co_await send_answer(exchange, message.error());
  } else if (auto refused = refuse_version(request.http)) {
    co_await send_answer(exchange, *std::move(refused));
  } else if (message->id.is_null() || message->method.empty()) {
    co_await send_answer(exchange, {202, {}, {}});
  } else if (message->method == "tools/call") {
    co_await call_tool(services, request, exchange, *message);
  } else {
    co_await send_answer(exchange, json_response(200, answer_of(services, *message)));
  }
}

}  // namespace gibsey::server
