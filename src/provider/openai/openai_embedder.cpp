#include "provider/openai/openai_embedder.hpp"

#include "base/utf8.hpp"
#include "net/service_json.hpp"
#include "provider/openai/openai_server.hpp"
#include "provider/openai/pending_reply.hpp"
#include "provider/stream_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
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
  co_return co_await server->post("/embeddings", std::move(body), deadline, {});
}

std::string embedding_body(std::span<const std::string> texts, const std::string& model, std::string_view prefix,
                           std::size_t text_bytes) {
  json input = json::array();
  for (const auto& text : texts) {
    auto whole = std::string_view(text).substr(0, text_bytes);
    if (whole.size() < text.size()) whole.remove_suffix(utf8::incomplete_tail(whole));
    auto sent = std::string(prefix) + utf8::sanitized(whole);
    input.push_back(sent.empty() ? " " : std::move(sent));  // OpenAI takes no empty text
  }
  return json{{"model", model}, {"input", std::move(input)}}.dump();
}

/// In the order of the texts, whatever that of the answer. Errors: unavailable, or what the server complains of.
Result<Vectors> vectors_in(const std::string& answer, std::size_t count, VectorSize& size) {
  const auto parsed = parse_stream_json(answer);
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
    auto& vector = vectors[static_cast<std::size_t>(index)];
    GIBSEY_TRY(vector, unit_vector(member(entries[i], "embedding")));
    GIBSEY_CHECK(size.check(vector.size()));
  }
  return vectors;
}

/// The vectors of one request.
asio::awaitable<Result<Vectors>> embed_batch(std::shared_ptr<const OpenAiServer> server, std::string body, std::size_t count,
                                             VectorSize& size) {
  const auto deadline = Deadline::after(server->options().patience.total);
  const auto reply = co_await reply_by(send(server, std::move(body), deadline), deadline);
  if (!reply) co_return std::unexpected(server->told(reply.error()));
  const auto answer = co_await (*reply)->read_all(kMostAnswer);
  if ((*reply)->status() != 200) co_return std::unexpected(server->refusal(**reply, answer.value_or("")));
  if (!answer) co_return std::unexpected(server->told(answer.error()));
  auto vectors = vectors_in(*answer, count, size);
  if (!vectors) co_return std::unexpected(server->told(std::move(vectors).error()));
  co_return vectors;
}

}  // namespace

Result<std::unique_ptr<OpenAiEmbedder>> OpenAiEmbedder::create(UpstreamOptions upstream, EmbeddingOptions options) {
  options.batch = std::max<std::size_t>(options.batch, 1);
  GIBSEY_TRY(auto server, OpenAiServer::create(std::move(upstream)));
  return std::unique_ptr<OpenAiEmbedder>(new OpenAiEmbedder(std::make_shared<const OpenAiServer>(std::move(server)), options));
}

OpenAiEmbedder::OpenAiEmbedder(std::shared_ptr<const OpenAiServer> server, EmbeddingOptions options)
    : server_(std::move(server)), options_(options), size_(std::make_shared<VectorSize>(options.dimension)) {}

OpenAiEmbedder::~OpenAiEmbedder() = default;

std::string OpenAiEmbedder::model() const {
  return fmt::format("{}:{}", server_->options().name, server_->options().model);
}

asio::awaitable<Result<Vectors>> OpenAiEmbedder::embed(std::vector<std::string> texts) {
  return embed_prefixed(std::move(texts), task_prefixes(server_->options().model).document);
}

asio::awaitable<Result<Vectors>> OpenAiEmbedder::embed_questions(std::vector<std::string> texts) {
  return embed_prefixed(std::move(texts), task_prefixes(server_->options().model).query);
}

asio::awaitable<Result<Vectors>> OpenAiEmbedder::embed_prefixed(std::vector<std::string> texts, std::string_view prefix) {
  const auto server = server_;
  const auto options = options_;
  const auto size = size_;
  Vectors vectors;
  vectors.reserve(texts.size());
  auto text_bytes = options.text_bytes;
  while (vectors.size() < texts.size()) {
    const auto rest = std::span<const std::string>(texts).subspan(vectors.size());
    const auto batch = rest.first(std::min(rest.size(), options.batch));
    auto body = embedding_body(batch, server->options().model, prefix, text_bytes);
    auto made = co_await embed_batch(server, std::move(body), batch.size(), *size);
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
