#pragma once
#include "base/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <cstddef>
#include <string_view>
#include <vector>

namespace gibsey::provider {

/// What a model wants in front of a text, by what the text is for.
struct TaskPrefixes {
  std::string_view document;
  std::string_view query;
};
/// As the model cards of nomic-embed-text, E5, BGE (English, v1.5), mxbai-embed-large and snowflake-arctic-embed have them, by
/// the model's name; empty for all others.
[[nodiscard]] TaskPrefixes task_prefixes(std::string_view model);

/// The vector in a server's answer, at unit length. Errors: unavailable ("it sent no vector: ...").
[[nodiscard]] Result<std::vector<float>> unit_vector(const nlohmann::json& numbers);

/// How many numbers the vectors of one model have: told beforehand, or learned from the first vector. Thread-safe.
class VectorSize {
 public:
  explicit VectorSize(int known) : size_(known) {}
  /// 0: not known yet.
  [[nodiscard]] int value() const { return size_; }
  /// Errors: unavailable, for a vector of another size than those before.
  [[nodiscard]] Result<void> check(std::size_t size);

 private:
  std::atomic<int> size_;
};

}  // namespace gibsey::provider
