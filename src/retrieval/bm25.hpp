#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace gibsey::retrieval {

/// BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", formula 3.15) with the usual constants. The idf is
/// the one that is never negative.
namespace bm25 {

constexpr float kK1 = 1.2f;
constexpr float kB = 0.75f;
/// No weight is greater: what a term's count tends to.
constexpr float kMostWeight = kK1 + 1;

inline float idf(std::size_t documents, std::size_t with_term) {
  const auto n = static_cast<float>(documents);
  const auto df = static_cast<float>(with_term);
  return std::log(1.0f + (n - df + 0.5f) / (df + 0.5f));
}

/// What a document's length adds below the line.
inline float norm(float length, float mean_length) {
  return kK1 * (1 - kB + kB * length / mean_length);
}

/// A term's share of a document's score, less its idf.
inline float weight(std::uint32_t count, float norm) {
  const auto tf = static_cast<float>(count);
  return tf * (kK1 + 1) / (tf + norm);
}

}  // namespace bm25
}  // namespace gibsey::retrieval
