#include "provider/ollama/ollama_model.hpp"

#include "base/utf8.hpp"
#include "net/http_client.hpp"
#include "net/service_client.hpp"
#include "net/service_json.hpp"
#include "provider/ollama/chat_stream.hpp"
#include "provider/ollama/chat_template.hpp"
#include "provider/upstream_reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace gibsey::provider {

using nlohmann::json;

namespace {

constexpr std::size_t kMostRefusal = 64 * 1024;
constexpr std::size_t kMostModels = 4 * 1024 * 1024;
constexpr std::chrono::seconds kCheck{15};
/// num_predict counts thoughts too.
constexpr int kThinkingTokens = 2048;

json messages_of(const ChatRequest& request) {
  json messages = json::array();
  for (const auto& message : request.messages) {
    messages.push_back({{"role", to_string(message.role)}, {"content", utf8::sanitized(message.text)}});
  }
  if (!request.opening.empty()) messages.push_back({{"role", "assistant"}, {"content", utf8::sanitized(request.opening)}});
  return messages;
}

json body_of(const ChatRequest& request, const UpstreamOptions& options, const OllamaLearned& learned) {
  const int most = options.max_tokens > 0 ? std::min(request.max_tokens, options.max_tokens) : request.max_tokens;
  // num_ctx always: Ollama's own default of 4,096 cuts a prompt from the front without a word (ollama issue 3839).
  json parameters = {{"num_ctx", options.context_tokens},
                     {"num_predict", most + (learned.thinks ? kThinkingTokens : 0)},
                     {"temperature", options.temperature.value_or(request.sampling.temperature)},
                     {"top_p", request.sampling.top_p},
                     {"min_p", request.sampling.min_p},
                     {"repeat_penalty", request.sampling.repeat_penalty}};
  if (request.sampling.seed != 0) parameters["seed"] = request.sampling.seed;
  for (const auto& stop : request.stop) parameters["stop"].push_back(utf8::sanitized(stop));
  json body = {
      {"model", options.model}, {"messages", messages_of(request)}, {"options", std::move(parameters)}, {"stream", true}};
  // False is taken for every model, thinking or not (only true is refused), and a server older than thinking does not read it.
  if (!learned.refuses_think) body["think"] = false;
  return body;
}

net::HttpHeaders headers_of(const UpstreamOptions& options) {
  net::HttpHeaders headers{{"Content-Type", "application/json"}};
  if (!options.api_key.empty()) headers.add("Authorization", "Bearer " + options.api_key);
  return headers;
}

ChatStreamInputs inputs_of(const ChatRequest& request, const UpstreamOptions& options, const TokenEstimate& tokens) {
  ChatStreamInputs inputs{.model = options.model,
                          .secret = options.api_key,
                          .stop = request.stop,
                          .prompt_bytes = request.opening.size(),
                          .prompt_estimate = tokens.count(request.opening),
                          .context_tokens = options.context_tokens,
                          .goes_on = !request.opening.empty()};
  for (const auto& message : request.messages) {
    inputs.prompt_bytes += message.text.size();
    inputs.prompt_estimate += tokens.count(message.text);
  }
  return inputs;
}

}  // namespace

Result<std::unique_ptr<OllamaModel>> OllamaModel::create(UpstreamOptions options) {
  GIBSEY_TRY(auto address, ollama_address(options.base_url));
  return std::unique_ptr<OllamaModel>(new OllamaModel(std::move(options), std::move(address)));
}

OllamaModel::OllamaModel(UpstreamOptions options, OllamaAddress address)
    : options_(std::move(options)),
      address_(std::move(address)),
      who_(fmt::format("{} at {}", options_.name, net::shown_address(address_.base))),
      learned_(std::make_shared<OllamaLearned>()) {}

Async<std::unique_ptr<TokenStream>> OllamaModel::start(ChatRequest request) {
  if (request.messages.empty()) co_return fail(ErrorCode::invalid_argument, "there is no message to answer");
  if (!request.opening.empty() && !options_.is_small) GIBSEY_CO_CHECK(co_await check_template(request.deadline));
  for (;;) {
    const bool told_not_to_think = !learned_->refuses_think;
    net::HttpClientRequest call{.method = "POST",
                                .url = address_.chat(),
                                .headers = headers_of(options_),
                                .body = body_of(request, options_, *learned_).dump(),
                                .stop = request.cancel};
    GIBSEY_CO_TRY(auto reply, co_await UpstreamReply::send(std::move(call), options_.patience, request.deadline, options_.pool));
    if (reply->status() == 200) {
      auto inputs = inputs_of(request, options_, learned_->tokens);
      inputs.who = who_;
      co_return std::make_unique<ChatStream>(std::move(reply), learned_, std::move(inputs));
    }
    const auto body = (co_await reply->read_all(kMostRefusal)).value_or("");
    if (reply->status() == 400 && told_not_to_think && body.contains("think")) {
      learned_->refuses_think = true;
      continue;
    }
    co_return std::unexpected(refused(*reply, body));
  }
}

/// A server that tells no template is taken to leave openings open.
Async<void> OllamaModel::check_template(Deadline deadline) {
  if (openings_ == Openings::unknown) {
    net::HttpClientRequest call{.method = "POST",
                                .url = address_.show(),
                                .headers = headers_of(options_),
                                .body = json({{"model", options_.model}}).dump()};
    GIBSEY_CO_TRY(auto reply, co_await UpstreamReply::send(std::move(call), options_.patience, deadline, options_.pool));
    const auto body = (co_await reply->read_all(kMostModels)).value_or("");
    const auto shown = net::text_member(net::parse_service_json(body), "template");
    openings_ = reply->status() == 200 && !leaves_reply_open(shown) ? Openings::closed : Openings::left_open;
  }
  if (openings_ == Openings::left_open) co_return Result<void>{};
  co_return fail(ErrorCode::unavailable,
                 fmt::format("the template of {} at {} closes the beginning of a reply, which cannot be gone on with",
                             options_.model, who_));
}

Error OllamaModel::refused(const UpstreamReply& reply, const std::string& body) const {
  const auto status = reply.status();
  const auto words = told_words(ollama_words(body), options_.api_key);
  auto code = refusal_code(status);
  if (says_too_long(words)) code = ErrorCode::too_large;
  if (status == 401 || status == 403) return {code, fmt::format("{} refuses the key that it was given ({})", who_, status)};
  if (status == 404) return {code, fmt::format("{} answered 404: {}; try `ollama pull {}`", who_, words, options_.model)};
  return {code, fmt::format("{} answered {}: {}", who_, status, words), retry_after(reply.headers())};
}

int OllamaModel::count_tokens(const std::string& text) const {
  return learned_->tokens.count(text);
}

Async<void> OllamaModel::check() {
  net::HttpClientRequest call{.method = "GET", .url = address_.tags(), .headers = headers_of(options_)};
  GIBSEY_CO_TRY(const auto reply,
                co_await UpstreamReply::send(std::move(call), options_.patience, Deadline::after(kCheck), options_.pool));
  const auto body = co_await reply->read_all(kMostModels);
  if (reply->status() != 200) co_return std::unexpected(refused(*reply, body.value_or("")));
  if (!body) co_return std::unexpected(body.error());
  const auto parsed = net::parse_service_json(*body);
  const auto& models = net::member(parsed, "models");
  if (!models.is_array()) {
    co_return fail(ErrorCode::unavailable, fmt::format("{} does not list its models as an Ollama does", who_));
  }
  const bool here = std::ranges::any_of(models, [this](const json& model) {
    return same_ollama_model(net::text_member(model, "name"), options_.model) ||
           same_ollama_model(net::text_member(model, "model"), options_.model);
  });
  if (!here) {
    co_return fail(ErrorCode::not_found,
                   fmt::format("{} has no model {}; run `ollama pull {}`", who_, options_.model, options_.model));
  }
  co_return Result<void>{};
}

}  // namespace gibsey::provider
