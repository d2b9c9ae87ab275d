#pragma once
#include "base/result.hpp"
#include "provider/embedder.hpp"

#include <boost/asio/awaitable.hpp>

#include <string_view>

namespace gibsey::retrieval {

/// What the cosines of one embedder mean. A question and a passage that have nothing to do with each other are at 0.1 by one
/// embedder and at 0.6 by another, so a bar cannot be a cosine.
class CosineScale {
 public:
  /// Cosines as all-MiniLM-L6-v2 gives them.
  CosineScale() = default;
  /// By the mean cosine of questions with passages about something else, and with those that answer them.
  CosineScale(float unrelated, float related);

  /// `cosine` as all-MiniLM-L6-v2 would have it. 0 for an embedder that does not tell the two apart.
  [[nodiscard]] float of(float cosine) const { return offset_ + factor_ * cosine; }

 private:
  float offset_ = 0;
  float factor_ = 1;
};

/// Its cosines are the scale: there is nothing to measure.
inline constexpr std::string_view kReferenceEmbedder = "all-minilm-l6-v2";

/// Has the embedder embed twelve questions and the passage that answers each. Errors: those of the embedder.
boost::asio::awaitable<Result<CosineScale>> measure_scale(provider::Embedder& embedder);

}  // namespace gibsey::retrieval
