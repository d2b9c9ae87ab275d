#include "retrieval/large/byte_vectors.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace gibsey::retrieval::large {
namespace {

// Inlined into functions that are compiled for one machine each, and vectorised there.
[[gnu::always_inline]] inline std::int32_t byte_dot(const std::int8_t* a, const std::int8_t* b, std::size_t size) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += static_cast<std::int16_t>(a[i]) * static_cast<std::int16_t>(b[i]);
  return sum;
}

/// Sixteen sums side by side: additions of floats may not be reordered by the compiler.
[[gnu::always_inline]] inline float float_dot(const float* a, const std::int8_t* b, std::size_t size) {
  std::array<float, 16> sums{};
  std::size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += a[i + lane] * static_cast<float>(b[i + lane]);
  }
  float sum = 0;
  for (const float part : sums) sum += part;
  for (; i < size; ++i) sum += a[i] * static_cast<float>(b[i]);
  return sum;
}

struct Dots {
  std::int32_t (*bytes)(const std::int8_t*, const std::int8_t*, std::size_t);
  float (*floats)(const float*, const std::int8_t*, std::size_t);
};

std::int32_t byte_dot_plain(const std::int8_t* a, const std::int8_t* b, std::size_t size) {
  return byte_dot(a, b, size);
}
float float_dot_plain(const float* a, const std::int8_t* b, std::size_t size) {
  return float_dot(a, b, size);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] std::int32_t byte_dot_avx2(const std::int8_t* a, const std::int8_t* b, std::size_t size) {
  return byte_dot(a, b, size);
}
[[gnu::target("avx2")]] float float_dot_avx2(const float* a, const std::int8_t* b, std::size_t size) {
  return float_dot(a, b, size);
}
[[gnu::target("avx512f,avx512bw,avx512vl")]] std::int32_t byte_dot_avx512(const std::int8_t* a, const std::int8_t* b,
                                                                          std::size_t size) {
  return byte_dot(a, b, size);
}
[[gnu::target("avx512f,avx512bw,avx512vl")]] float float_dot_avx512(const float* a, const std::int8_t* b, std::size_t size) {
  return float_dot(a, b, size);
}

Dots choose_dots() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) return {byte_dot_avx512, float_dot_avx512};
  if (__builtin_cpu_supports("avx2")) return {byte_dot_avx2, float_dot_avx2};
  return {byte_dot_plain, float_dot_plain};
}
#else
Dots choose_dots() {
  return {byte_dot_plain, float_dot_plain};
}
#endif

const Dots kDots = choose_dots();

}  // namespace

ByteVector to_bytes(std::span<const float> values) {
  float most = 0;
  for (const float value : values) most = std::max(most, std::abs(value));
  ByteVector vector{most / 127, std::vector<std::int8_t>(values.size(), 0)};
  if (most == 0) return vector;
  for (std::size_t i = 0; i < values.size(); ++i) {
    vector.bytes[i] = static_cast<std::int8_t>(std::lround(values[i] / vector.step));
  }
  return vector;
}

std::int32_t dot(const std::int8_t* a, const std::int8_t* b, std::size_t size) {
  return kDots.bytes(a, b, size);
}

float dot(const float* a, const std::int8_t* b, std::size_t size) {
  return kDots.floats(a, b, size);
}

}  // namespace gibsey::retrieval::large
