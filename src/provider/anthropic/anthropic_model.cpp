#include "provider/anthropic/anthropic_model.hpp"

#include "net/http_client.hpp"
#include "net/service_client.hpp"
#include "net/service_json.hpp"
#include "provider/anthropic/claude_features.hpp"
#include "provider/anthropic/messages_request.hpp"
#include "provider/anthropic/messages_stream.hpp"
#include "provider/upstream_reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace gibsey::provider {

using net::member;
using net::text_member;
using nlohmann::json;

namespace {

constexpr std::size_t kMostRefusal = 64 * 1024;
constexpr std::size_t kMostModels = 1024 * 1024;
constexpr std::chrono::seconds kCheck{15};

/// {"type": "error", "error": {"type": "...", "message": "..."}}, or whatever a proxy says.
std::string reason_in(const std::string& body) {
  const auto parsed = net::parse_service_json(body);
  auto words = text_member(member(parsed, "error"), "message");
  return words.empty() ? body : words;
}

bool refuses_opening(std::string_view words) {
  return words.contains("prefill") || words.contains("Prefill") || words.contains("must end with a user message");
}

std::size_t bytes_of(const ChatRequest& request, const MessagesForm& sent) {
  std::size_t bytes = request.opening.size();
  for (const auto& message : request.messages) bytes += message.text.size();
  if (sent.cite_quotes) {
    for (const auto& quote : *request.quotes) bytes += quote.size();
  }
  return bytes;
}

/// Notes what a 400 says that the model does not take. Whether the same request without it may be taken.
bool learn(ClaudeLearned& learned, const MessagesForm& sent, std::string_view words) {
  if (refuses_opening(words)) {
    learned.refuses_opening = true;
  } else if (sent.temperature && words.contains("temperature")) {
    learned.refuses_temperature = true;
    return true;
  } else if (sent.forbid_thinking && words.contains("thinking")) {
    learned.thinks = true;
    return true;
  } else if (sent.cite_quotes && (words.contains("citations") || words.contains("document"))) {
    learned.refuses_citations = true;
    return true;
  }
  return false;
}

bool lists(const std::string& body, const std::string& model) {
  const auto parsed = net::parse_service_json(body);
  const auto& models = member(parsed, "data");
  return models.is_array() && std::ranges::any_of(models, [&](const json& one) { return text_member(one, "id") == model; });
}

}  // namespace

Result<std::unique_ptr<AnthropicModel>> AnthropicModel::create(UpstreamOptions options) {
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  if (options.base_url.ends_with("/v1")) options.base_url.resize(options.base_url.size() - 3);
  GIBSEY_CHECK(net::parse_http_url(options.base_url));
  return std::unique_ptr<AnthropicModel>(new AnthropicModel(std::move(options)));
}

AnthropicModel::AnthropicModel(UpstreamOptions options)
    : options_(std::move(options)),
      who_(fmt::format("{} at {}", options_.name, net::shown_address(options_.base_url))),
      learned_(std::make_shared<ClaudeLearned>()) {}

Async<std::unique_ptr<TokenStream>> AnthropicModel::start(ChatRequest request) {
  if (request.messages.empty()) co_return fail(ErrorCode::invalid_argument, "there is no message to answer");
  const auto opening = sent_opening(request.opening);
  if (!opening.empty() && !supports_opening()) {
    co_return fail(ErrorCode::unavailable,
                   fmt::format("{} at {} does not go on with a reply that was begun", options_.model, who_));
  }
  for (;;) {
    auto sent = form();
    sent.cite_quotes = sent.cite_quotes && request.quotes && !request.quotes->empty();
    net::HttpClientRequest call{.method = "POST",
                                .url = options_.base_url + "/v1/messages",
                                .headers = headers(),
                                .body = messages_request(request, options_, sent).dump(),
                                .stop = request.cancel};
    GIBSEY_CO_TRY(auto reply, co_await UpstreamReply::send(std::move(call), options_.patience, request.deadline, options_.pool));
    if (reply->status() == 200) {
      MessagesStreamInputs inputs{.who = who_,
                                  .secret = options_.api_key,
                                  .stop = std::move(request.stop),
                                  .prompt_bytes = bytes_of(request, sent),
                                  .cited_quotes = sent.cite_quotes ? static_cast<int>(request.quotes->size()) : 0,
                                  .trim_start = opening.size() < request.opening.size()};
      co_return std::make_unique<MessagesStream>(std::move(reply), learned_, std::move(inputs));
    }
    const auto body = (co_await reply->read_all(kMostRefusal)).value_or("");
    if (reply->status() == 400 && learn(*learned_, sent, reason_in(body))) continue;
    co_return std::unexpected(refused(*reply, body));
  }
}

MessagesForm AnthropicModel::form() const {
  const auto features = claude_features(options_.model);
  const bool thinks = learned_->thinks;
  return {.temperature = features.temperature && !learned_->refuses_temperature,
          .forbid_thinking = features.thinks_unasked && !thinks,
          .room_to_think = thinks,
          .low_effort = features.thinks_unasked && thinks,
          .cite_quotes = features.citations && !learned_->refuses_citations};
}

net::HttpHeaders AnthropicModel::headers() const {
  net::HttpHeaders headers{{"Content-Type", "application/json"}, {"anthropic-version", "2023-06-01"}};
  if (!options_.api_key.empty()) headers.add("x-api-key", options_.api_key);
  return headers;
}

Error AnthropicModel::refused(const UpstreamReply& reply, const std::string& body) const {
  const auto status = reply.status();
  const auto words = told_words(reason_in(body), options_.api_key);
  auto code = refusal_code(status);
  if (status == 400 && words.contains("credit balance")) code = ErrorCode::forbidden;
  if (status == 400 && says_too_long(words)) code = ErrorCode::too_large;
  // What a server says of a key may hold a part of it.
  if (status == 401 || status == 403) {
    return {code, fmt::format("{} refuses the key that it was given ({}): look at ANTHROPIC_API_KEY", who_, status)};
  }
  if (status == 404) return {code, fmt::format("{} has no model {}: {}", who_, options_.model, words)};
  return {code, fmt::format("{} answered {}: {}", who_, status, words), retry_after(reply.headers())};
}

bool AnthropicModel::supports_opening() const {
  return claude_features(options_.model).opening && !learned_->refuses_opening;
}

int AnthropicModel::count_tokens(const std::string& text) const {
  return learned_->tokens.count(text);
}

Async<std::string> AnthropicModel::get(std::string path) const {
  net::HttpClientRequest call{.method = "GET", .url = options_.base_url + path, .headers = headers()};
  const auto sent = co_await UpstreamReply::send(std::move(call), options_.patience, Deadline::after(kCheck), options_.pool);
  if (!sent) co_return std::unexpected(sent.error());
  auto body = co_await (*sent)->read_all(kMostModels);
  if ((*sent)->status() != 200) co_return std::unexpected(refused(**sent, body.value_or("")));
  co_return body;
}

Async<void> AnthropicModel::check() {
  const auto list = co_await get("/v1/models?limit=1000");
  // A gateway may speak the messages and nothing else: then only a reply can tell.
  if (!list && list.error().code == ErrorCode::not_found) co_return Result<void>{};
  if (!list) co_return std::unexpected(list.error());
  if (lists(*list, options_.model)) co_return Result<void>{};
  GIBSEY_CO_CHECK(co_await get("/v1/models/" + net::percent_encoded(options_.model)));
  co_return Result<void>{};
}

}  // namespace gibsey::provider
