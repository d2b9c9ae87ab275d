#include "server/facades/embeddings.hpp"

#include "provider/token_estimate.hpp"
#include "server/facades/facade_question.hpp"
#include "server/facades/ollama_chat.hpp"
#include "server/facades/openai_words.hpp"
#include "server/problem.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <bit>
#include <chrono>

namespace gibsey::server {
namespace {

static_assert(std::endian::native == std::endian::little, "clients read the numbers of base64 as little-endian");

constexpr std::size_t kMostTexts = 512;
constexpr TextRule kText{1, 100'000, true};

using Vectors = std::vector<std::vector<float>>;

struct Embedded {
  std::vector<std::string> texts;
  Vectors vectors;
  [[nodiscard]] int tokens() const {
    const provider::TokenEstimate estimate;
    int sum = 0;
    for (const auto& text : texts) sum += estimate.count(text);
    return sum;
  }
};

Field<std::vector<std::string>> read_texts(const Json& object, std::string_view field) {
  const auto* input = find_field(object, field);
  if (input == nullptr) return std::unexpected(problem(422, fmt::format("The field '{}' is missing.", field), field));
  const auto list = input->is_array() ? *input : Json::array({*input});
  if (list.empty() || list.size() > kMostTexts)
    return std::unexpected(problem(422, fmt::format("The field '{}' must hold 1 to {} texts.", field, kMostTexts), field));
  std::vector<std::string> texts;
  for (const auto& item : list) {
    if (item.is_number() || item.is_array()) return not_here(field, "Send texts, not numbers of tokens.");
    if (!item.is_string())
      return std::unexpected(problem(422, fmt::format("The field '{}' must be a text or a list of texts.", field), field));
    GIBSEY_TRY(auto text, checked_text(item.get<std::string>(), field, kText));
    texts.push_back(std::move(text));
  }
  return texts;
}

Field<void> check_model(const Services& services, const std::string& name) {
  if (services.embedder == nullptr) return std::unexpected(problem(503, "Texts are not embedded by this process."));
  const auto own = services.embedder->model();
  if (name == own || name == own + ":latest") return {};
  return std::unexpected(
      problem(404, fmt::format("There is no model '{}' for embeddings; the one here is '{}'.", name, own), "model"));
}

Field<void> check_dimensions(const Services& services, const Json& object) {
  GIBSEY_TRY(const auto dimensions, optional_number(object, "dimensions", 1, INT32_MAX));
  const auto own = services.embedder->dimension();  // 0: nobody has asked its server yet
  if (!dimensions || own == 0 || *dimensions == own) return {};
  return not_here("dimensions", fmt::format("The vectors of '{}' have {} dimensions.", services.embedder->model(), own));
}

/// What all three paths read, and the vectors.
boost::asio::awaitable<Field<Embedded>> embed(const Services& services, const Json& object, std::string_view field) {
  const auto model = required_text(object, "model", kModelName);
  if (!model) co_return std::unexpected(model.error());
  auto texts = read_texts(object, field);
  if (!texts) co_return std::unexpected(std::move(texts).error());
  if (auto checked = check_model(services, *model); !checked) co_return std::unexpected(std::move(checked).error());
  if (auto checked = check_dimensions(services, object); !checked) co_return std::unexpected(std::move(checked).error());
  auto vectors = co_await services.embedder->embed(*texts);
  if (!vectors) co_return std::unexpected(problem(vectors.error()));
  co_return Embedded{*std::move(texts), *std::move(vectors)};
}

std::string base64(const std::vector<float>& vector) {
  const auto bytes = vector.size() * sizeof(float);
  std::string text(4 * ((bytes + 2) / 3) + 1, '\0');
  const void* from = vector.data();
  void* to = text.data();
  const int length =
      EVP_EncodeBlock(static_cast<unsigned char*>(to), static_cast<const unsigned char*>(from), static_cast<int>(bytes));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

Field<bool> wants_base64(const Json& object) {
  GIBSEY_TRY(const auto format, optional_text(object, "encoding_format", {0, 20, false}));
  if (format.empty() || format == "float") return false;
  if (format == "base64") return true;
  return std::unexpected(problem(422, "The field 'encoding_format' must be float or base64.", "encoding_format"));
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> openai_embeddings(const Services& services, RouteRequest& request) {
  const auto object = parse_object(request.http.body);
  if (!object) co_return openai_refusal(request.http, object.error());
  const auto encoded = wants_base64(*object);
  if (!encoded) co_return openai_refusal(request.http, encoded.error());
  const auto embedded = co_await embed(services, *object, "input");
  if (!embedded) co_return openai_refusal(request.http, embedded.error());
  auto list = Json::array();
  for (const auto& vector : embedded->vectors) {
    list.push_back(
        {{"object", "embedding"}, {"index", list.size()}, {"embedding", *encoded ? Json(base64(vector)) : Json(vector)}});
  }
  const int tokens = embedded->tokens();
  co_return json_response(200, {{"object", "list"},
                                {"data", list},
                                {"model", services.embedder->model()},
                                {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
}

boost::asio::awaitable<net::HttpResponse> ollama_embed(const Services& services, RouteRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  const auto object = parse_object(request.http.body);
  if (!object) co_return ollama_refusal(request.http, object.error());
  const auto embedded = co_await embed(services, *object, "input");
  if (!embedded) co_return ollama_refusal(request.http, embedded.error());
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begin;
  co_return json_response(200, {{"model", services.embedder->model()},
                                {"embeddings", embedded->vectors},
                                {"total_duration", took.count()},
                                {"load_duration", 0},
                                {"prompt_eval_count", embedded->tokens()}});
}

boost::asio::awaitable<net::HttpResponse> ollama_embeddings(const Services& services, RouteRequest& request) {
  const auto object = parse_object(request.http.body);
  if (!object) co_return ollama_refusal(request.http, object.error());
  const auto embedded = co_await embed(services, *object, "prompt");
  if (!embedded) co_return ollama_refusal(request.http, embedded.error());
  co_return json_response(200, {{"embedding", embedded->vectors.front()}});
}

}  // namespace gibsey::server
