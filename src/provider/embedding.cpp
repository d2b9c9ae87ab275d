#include "provider/embedding.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace gibsey::provider {
namespace {

std::unexpected<Error> no_vector(std::string_view why) {
  return fail(ErrorCode::unavailable, fmt::format("it sent no vector: {}", why));
}

}  // namespace

TaskPrefixes task_prefixes(std::string_view model) {
  constexpr std::string_view kSearch = "Represent this sentence for searching relevant passages: ";
  if (model.contains("nomic-embed-text")) return {"search_document: ", "search_query: "};
  if (model.contains("snowflake-arctic-embed2") || model.contains("arctic-embed-m-v2") || model.contains("arctic-embed-l-v2"))
    return {"", "query: "};
  if (model.contains("snowflake-arctic-embed") || model.contains("mxbai-embed-large")) return {"", kSearch};
  if (model.contains("bge-") && model.contains("-en")) return {"", kSearch};
  if (model.contains("e5-") && !model.contains("instruct")) return {"passage: ", "query: "};
  return {};
}

Result<std::vector<float>> unit_vector(const nlohmann::json& numbers) {
  if (!numbers.is_array() || numbers.empty()) return no_vector("there are no numbers; is it a model for embeddings?");
  std::vector<float> vector;
  vector.reserve(numbers.size());
  double squares = 0;
  for (const auto& number : numbers) {
    if (!number.is_number()) return no_vector("not all of it is numbers");
    vector.push_back(number.get<float>());
    squares += static_cast<double>(vector.back()) * static_cast<double>(vector.back());
  }
  if (!(squares > 0) || !std::isfinite(squares)) return no_vector("it has no direction");
  const auto length = std::sqrt(squares);
  for (auto& number : vector) number = static_cast<float>(number / length);
  return vector;
}

Result<void> VectorSize::check(std::size_t size) {
  int known = 0;
  if (size_.compare_exchange_strong(known, static_cast<int>(size)) || std::cmp_equal(known, size)) return {};
  return fail(ErrorCode::unavailable,
              fmt::format("it sent a vector of {} numbers, where {} were expected: its model has changed", size, known));
}

}  // namespace gibsey::provider
