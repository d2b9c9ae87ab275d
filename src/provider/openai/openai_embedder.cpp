#include "provider/openai/openai_embedder.hpp"

#include "base/utf8.hpp"
#include "net/service_json.hpp"
#include "provider/openai/openai_server.hpp"
#include "provider/openai/pending_reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace gibsey::provider {

namespace asio = boost::asio;
using net::member;
using nlohmann::json;

namespace {

using Vectors = std::vector<std::vector<float>>;

constexpr std::size_t kMostAnswer = 64 * 1024 * 1024;
/// A server that finds so little too long means something else.
constexpr std::size_t kLeastTextBytes = 250;

asio::awaitable<Result<std::unique_ptr<UpstreamReply>>> send(std::shared_ptr<const OpenAiServer> server, std::string body,
                                                             Deadline deadline) {
  co_return co_await server->post("/embeddings", std::move(body), deadline);
}

std::string embedding_body(std::span<const std::string> texts, const std::string& model, const std::string& prefix,
                           std::size_t text_bytes) {
  json input = json::array();
  for (const auto& text : texts) {
    auto whole = std::string_view(text).substr(0, text_bytes);
    if (whole.size() < text.size()) whole.remove_suffix(utf8::incomplete_tail(whole));
    auto sent = prefix + utf8::sanitized(whole);
    input.push_back(sent.empty() ? " " : std::move(sent));  // OpenAI takes no empty text
  }
  return json{{"model", model}, {"input", std::move(input)}}.dump();
}

/// Errors: unavailable.
Result<std::vector<float>> unit_vector(const json& numbers, int dimension) {
  const auto no_vector = [](const std::string& why) { return fail(ErrorCode::unavailable, "it sent no vector: " + why); };
  if (!numbers.is_array()) return no_vector("there are no numbers");
  if (std::cmp_not_equal(numbers.size(), dimension)) {
    return no_vector(fmt::format("{} numbers, where {} were expected", numbers.size(), dimension));
  }
  double squares = 0;
  for (const auto& number : numbers) {
    if (!number.is_number()) return no_vector("not all of it is numbers");
    squares += number.get<double>() * number.get<double>();
  }
  if (!(squares > 0) || !std::isfinite(squares)) return no_vector("it has no direction");
  const auto length = std::sqrt(squares);
  std::vector<float> vector;
  vector.reserve(numbers.size());
  for (const auto& number : numbers) vector.push_back(static_cast<float>(number.get<double>() / length));
  return vector;
}

/// In the order of the texts, whatever that of the answer. Errors: unavailable, or what the server complains of.
Result<Vectors> vectors_in(const std::string& answer, std::size_t count, int dimension) {
  const auto parsed = json::parse(answer, nullptr, false);
  if (const auto complaint = complaint_in(parsed)) return fail(code_of(*complaint, 200), "it says: " + complaint->words);
  const auto& entries = member(parsed, "data");
  if (!entries.is_array() || entries.size() != count) {
    return fail(ErrorCode::unavailable, fmt::format("it did not send {} vectors", count));
  }
  Vectors vectors(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = net::number_member(entries[i], "index").value_or(static_cast<std::int64_t>(i));
    if (index < 0 || std::cmp_greater_equal(index, count) || !vectors[static_cast<std::size_t>(index)].empty()) {
      return fail(ErrorCode::unavailable, "it numbered its vectors wrongly");
    }
    GIBSEY_TRY(vectors[static_cast<std::size_t>(index)], unit_vector(member(entries[i], "embedding"), dimension));
  }
  return vectors;
}

/// The vectors of one request.
asio::awaitable<Result<Vectors>> embed_batch(std::shared_ptr<const OpenAiServer> server, std::string body, std::size_t count,
                                             int dimension) {
  const auto deadline = Deadline::after(server->options().patience.total);
  const auto reply = co_await reply_by(send(server, std::move(body), deadline), deadline);
  if (!reply) co_return std::unexpected(server->told(reply.error()));
  const auto answer = co_await (*reply)->read_all(kMostAnswer);
  if ((*reply)->status() != 200) co_return std::unexpected(server->refusal(**reply, answer.value_or("")));
  if (!answer) co_return std::unexpected(server->told(answer.error()));
  auto vectors = vectors_in(*answer, count, dimension);
  if (!vectors) co_return std::unexpected(server->told(std::move(vectors).error()));
  co_return vectors;
}

}  // namespace

TaskPrefixes task_prefixes(std::string_view model) {
  if (!model.contains("nomic-embed-text")) return {};
  return {.document = "search_document: ", .query = "search_query: "};
}

Result<std::unique_ptr<OpenAiEmbedder>> OpenAiEmbedder::create(UpstreamOptions upstream, EmbeddingOptions options) {
  if (options.dimension <= 0) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("say how many numbers a vector of '{}' has: the index is made for them", upstream.model));
  }
  options.batch = std::max<std::size_t>(options.batch, 1);
  GIBSEY_TRY(auto server, OpenAiServer::create(std::move(upstream)));
  return std::unique_ptr<OpenAiEmbedder>(
      new OpenAiEmbedder(std::make_shared<const OpenAiServer>(std::move(server)), std::move(options)));
}

OpenAiEmbedder::OpenAiEmbedder(std::shared_ptr<const OpenAiServer> server, EmbeddingOptions options)
    : server_(std::move(server)), options_(std::move(options)) {}

OpenAiEmbedder::~OpenAiEmbedder() = default;

std::string OpenAiEmbedder::model() const {
  return server_->options().model;
}

asio::awaitable<Result<Vectors>> OpenAiEmbedder::embed(std::vector<std::string> texts) {
  const auto server = server_;
  const auto options = options_;
  Vectors vectors;
  vectors.reserve(texts.size());
  auto text_bytes = options.text_bytes;
  while (vectors.size() < texts.size()) {
    const auto rest = std::span<const std::string>(texts).subspan(vectors.size());
    const auto batch = rest.first(std::min(rest.size(), options.batch));
    auto body = embedding_body(batch, server->options().model, options.prefix, text_bytes);
    auto made = co_await embed_batch(server, std::move(body), batch.size(), options.dimension);
    if (!made && made.error().code == ErrorCode::too_large && text_bytes / 2 >= kLeastTextBytes) {
      text_bytes /= 2;
      continue;
    }
    if (!made) co_return std::unexpected(std::move(made).error());
    std::ranges::move(*made, std::back_inserter(vectors));
  }
  co_return vectors;
}

}  // namespace gibsey::provider
