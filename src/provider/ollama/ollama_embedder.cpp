#include "provider/ollama/ollama_embedder.hpp"

#include "base/utf8.hpp"
#include "net/http_client.hpp"
#include "net/service_client.hpp"
#include "net/service_json.hpp"
#include "provider/upstream_reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gibsey::provider {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMostAnswer = 64 * 1024 * 1024;

/// An old server answers a path it does not know by plain text, and a model it does not have by JSON.
bool is_unknown_path(int status, const std::string& body) {
  return status == 405 || (status == 404 && !net::parse_service_json(body).is_object());
}

}  // namespace

OllamaEmbedder::OllamaEmbedder(UpstreamOptions options, OllamaAddress address)
    : options_(std::move(options)),
      address_(std::move(address)),
      who_(fmt::format("{} at {}", options_.name, net::shown_address(address_.base))) {}

Result<std::unique_ptr<OllamaEmbedder>> OllamaEmbedder::create(UpstreamOptions options) {
  GIBSEY_TRY(auto address, ollama_address(options.base_url));
  return std::unique_ptr<OllamaEmbedder>(new OllamaEmbedder(std::move(options), std::move(address)));
}

std::string OllamaEmbedder::model() const {
  std::string_view name = options_.model;
  if (name.ends_with(":latest")) name.remove_suffix(std::string_view(":latest").size());
  return fmt::format("ollama:{}", name);
}

asio::awaitable<Result<OllamaEmbedder::Vectors>> OllamaEmbedder::embed(std::vector<std::string> texts) {
  return embed_prefixed(std::move(texts), task_prefixes(options_.model).document);
}

asio::awaitable<Result<OllamaEmbedder::Vectors>> OllamaEmbedder::embed_questions(std::vector<std::string> texts) {
  return embed_prefixed(std::move(texts), task_prefixes(options_.model).query);
}

asio::awaitable<Result<OllamaEmbedder::Vectors>> OllamaEmbedder::embed_prefixed(std::vector<std::string> texts,
                                                                                std::string_view prefix) {
  Vectors vectors;
  vectors.reserve(texts.size());
  for (std::size_t from = 0; from < texts.size(); from += kBatch) {
    std::vector<std::string> batch;
    for (std::size_t i = from; i < std::min(from + kBatch, texts.size()); ++i) {
      batch.push_back(std::string(prefix) + utf8::sanitized(texts[i]));
    }
    GIBSEY_CO_TRY(auto embedded, co_await embed_batch(std::move(batch)));
    std::ranges::move(embedded, std::back_inserter(vectors));
  }
  co_return vectors;
}

asio::awaitable<Result<OllamaEmbedder::Vectors>> OllamaEmbedder::embed_batch(std::vector<std::string> texts) {
  if (!is_old_) {
    const json body = {{"model", options_.model}, {"input", texts}};
    auto answer = co_await post(address_.embed(), body.dump());
    if (!answer && !is_old_) co_return std::unexpected(std::move(answer).error());
    if (answer) {
      const auto& rows = net::member(*answer, "embeddings");
      if (!rows.is_array() || rows.size() != texts.size()) {
        co_return fail(ErrorCode::unavailable, fmt::format("{} gave {} vectors for {} texts", who_, rows.size(), texts.size()));
      }
      Vectors vectors;
      for (const auto& row : rows) {
        GIBSEY_CO_TRY(auto vector, vector_of(row));
        vectors.push_back(std::move(vector));
      }
      co_return vectors;
    }
  }
  co_return co_await embed_singly(std::move(texts));
}

asio::awaitable<Result<OllamaEmbedder::Vectors>> OllamaEmbedder::embed_singly(std::vector<std::string> texts) {
  Vectors vectors;
  for (const auto& text : texts) {
    const json body = {{"model", options_.model}, {"prompt", text}};
    GIBSEY_CO_TRY(const auto answer, co_await post(address_.embeddings(), body.dump()));
    GIBSEY_CO_TRY(auto vector, vector_of(net::member(answer, "embedding")));
    vectors.push_back(std::move(vector));
  }
  co_return vectors;
}

asio::awaitable<Result<json>> OllamaEmbedder::post(std::string url, std::string body) {
  net::HttpClientRequest call{
      .method = "POST", .url = url, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
  if (!options_.api_key.empty()) call.headers.add("Authorization", "Bearer " + options_.api_key);
  GIBSEY_CO_TRY(const auto reply,
                co_await UpstreamReply::send(std::move(call), options_.patience, Deadline::never(), options_.pool));
  const auto answer = co_await reply->read_all(kMostAnswer);
  const auto status = reply->status();
  if (status != 200) {
    if (url == address_.embed() && is_unknown_path(status, answer.value_or(""))) is_old_ = true;
    co_return std::unexpected(refused(status, answer.value_or("")));
  }
  if (!answer) co_return std::unexpected(answer.error());
  auto parsed = net::parse_service_json(*answer);
  if (!parsed.is_object()) co_return fail(ErrorCode::unavailable, fmt::format("{} gave vectors that are no JSON", who_));
  co_return parsed;
}

Result<std::vector<float>> OllamaEmbedder::vector_of(const json& numbers) {
  auto vector = unit_vector(numbers);
  if (!vector) return fail(vector.error().code, fmt::format("{}: {}", who_, vector.error().message));
  if (auto checked = size_.check(vector->size()); !checked)
    return fail(checked.error().code, fmt::format("{}: {}", who_, checked.error().message));
  return vector;
}

Error OllamaEmbedder::refused(int status, const std::string& body) const {
  const auto words = told_words(ollama_words(body), options_.api_key);
  const auto code = refusal_code(status);
  if (status == 401 || status == 403) return {code, fmt::format("{} refuses the key that it was given ({})", who_, status)};
  if (status == 404) return {code, fmt::format("{} answered 404: {}; try `ollama pull {}`", who_, words, options_.model)};
  return {code, fmt::format("{} answered {}: {}", who_, status, words)};
}

}  // namespace gibsey::provider
