#pragma once
#include "provider/embedder.hpp"
#include "retrieval/words.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace gibsey::testing {

/// A small real embedder: words hashed into 64 places. Texts that share words are near each other.
class WordEmbedder final : public provider::Embedder {
 public:
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) override {
    if (embedded + texts.size() > fail_after) co_return fail(ErrorCode::unavailable, "the embedder has stopped");
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) vectors.push_back(vector_of(text));
    embedded += texts.size();
    co_return vectors;
  }
  [[nodiscard]] std::string model() const override { return "words-64"; }
  [[nodiscard]] int dimension() const override { return 64; }

  std::size_t embedded = 0;           ///< texts so far
  std::size_t fail_after = SIZE_MAX;  ///< texts after which it is unavailable

 private:
  static std::vector<float> vector_of(const std::string& text) {
    std::vector<float> vector(64, 0.0f);
    for (const std::string& word : retrieval::words_of(text)) vector[std::hash<std::string>()(word) % 64] += 1.0f;
    float squares = 0;
    for (const float value : vector) squares += value * value;
    for (float& value : vector) value /= squares > 0 ? std::sqrt(squares) : 1.0f;
    return vector;
  }
};

}  // namespace gibsey::testing
