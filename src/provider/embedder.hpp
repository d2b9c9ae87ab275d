#pragma once
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <utility>
#include <vector>

namespace gibsey::provider {

/// Turns text into vectors of unit length. Safe to call from any executor.
class Embedder {
 public:
  virtual ~Embedder() = default;
  /// One vector a text, in order. Text past the model's length is cut. Errors: unavailable, cancelled.
  virtual boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) = 0;
  /// The same for questions, where the model takes them otherwise than the texts that are to be found.
  virtual boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed_questions(std::vector<std::string> texts) {
    return embed(std::move(texts));
  }
  /// Names the vector set ("all-minilm-l6-v2"); another name means vectors that cannot be compared.
  [[nodiscard]] virtual std::string model() const = 0;
  /// Numbers in a vector; 0 where that is learned from the first one.
  [[nodiscard]] virtual int dimension() const = 0;
};

}  // namespace gibsey::provider
