#include "provider/ollama/ollama_embedder.hpp"

#include "base/utf8.hpp"
#include "net/http_client.hpp"
#include "net/service_client.hpp"
#include "net/service_json.hpp"
#include "provider/upstream_reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace gibsey::provider {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMostAnswer = 64 * 1024 * 1024;

/// The model card of nomic-embed-text: every text begins with its task.
struct Prefixes {
  std::string_view document;
  std::string_view question;
};

Prefixes prefixes_of(std::string_view model) {
  if (model.contains("nomic-embed-text")) return {"search_document: ", "search_query: "};
  return {};
}

/// An old server answers a path it does not know by plain text, and a model it does not have by JSON.
bool is_unknown_path(int status, const std::string& body) {
  return status == 405 || (status == 404 && !net::parse_service_json(body).is_object());
}

}  // namespace

OllamaEmbedder::OllamaEmbedder(UpstreamOptions options, OllamaAddress address)
    : options_(std::move(options)),
      address_(std::move(address)),
      who_(fmt::format("{} at {}", options_.name, net::shown_address(address_.base))) {}

asio::awaitable<Result<std::unique_ptr<OllamaEmbedder>>> OllamaEmbedder::create(UpstreamOptions options) {
  GIBSEY_CO_TRY(auto address, ollama_address(options.base_url));
  std::unique_ptr<OllamaEmbedder> embedder(new OllamaEmbedder(std::move(options), std::move(address)));
  std::vector<std::string> texts{"What is the dimension of this?"};
  GIBSEY_CO_TRY(const auto vectors, co_await embedder->embed(std::move(texts)));
  embedder->dimension_ = static_cast<int>(vectors.front().size());
  co_return embedder;
}

std::string OllamaEmbedder::model() const {
  std::string_view name = options_.model;
  if (name.ends_with(":latest")) name.remove_suffix(std::string_view(":latest").size());
  return fmt::format("ollama:{}", name);
}

asio::awaitable<Result<OllamaEmbedder::Vectors>> OllamaEmbedder::embed(std::vector<std::string> texts) {
  return embed_prefixed(std::move(texts), prefixes_of(options_.model).document);
}

asio::awaitable<Result<OllamaEmbedder::Vectors>> OllamaEmbedder::embed_questions(std::vector<std::string> texts) {
  return embed_prefixed(std::move(texts), prefixes_of(options_.model).question);
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

Result<std::vector<float>> OllamaEmbedder::vector_of(const json& numbers) const {
  std::vector<float> vector;
  double squares = 0;
  if (numbers.is_array()) {
    for (const auto& number : numbers) {
      if (!number.is_number()) return fail(ErrorCode::unavailable, fmt::format("{} gave a vector that holds no numbers", who_));
      vector.push_back(number.get<float>());
      squares += static_cast<double>(vector.back()) * static_cast<double>(vector.back());
    }
  }
  if (vector.empty() || !std::isfinite(squares) || squares <= 0) {
    return fail(ErrorCode::unavailable, fmt::format("{} gave no vector: is {} a model for embeddings?", who_, options_.model));
  }
  if (dimension_ != 0 && vector.size() != static_cast<std::size_t>(dimension_)) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} gave a vector of {} numbers, {} before: its model has changed", who_, vector.size(), dimension_));
  }
  const auto length = std::sqrt(squares);
  for (auto& number : vector) number = static_cast<float>(number / length);
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
