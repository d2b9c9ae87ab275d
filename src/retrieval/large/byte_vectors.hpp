#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gibsey::retrieval::large {

/// A vector with a byte a number: value = byte * step.
struct ByteVector {
  float step = 0;
  std::vector<std::int8_t> bytes;
};

/// The greatest number becomes 127 or -127. Of unit vectors in 384 dimensions a cosine is off by 0.001 or less then.
[[nodiscard]] ByteVector to_bytes(std::span<const float> values);

/// The sum of products; with the widest instructions that this machine has (AVX-512, AVX2, SSE2).
[[nodiscard]] std::int32_t dot(const std::int8_t* a, const std::int8_t* b, std::size_t size);
[[nodiscard]] float dot(const float* a, const std::int8_t* b, std::size_t size);

}  // namespace gibsey::retrieval::large
