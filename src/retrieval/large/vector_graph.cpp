#include "retrieval/large/vector_graph.hpp"

#include "retrieval/large/byte_vectors.hpp"

// Its prefetching reads a number behind the end of a list.
#if __has_feature(address_sanitizer)
#define NO_MANUAL_VECTORIZATION
#endif
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <unordered_map>

namespace gibsey::retrieval::large {
namespace {

constexpr std::size_t kBuildWidth = 120;

struct Shape {
  std::size_t dimension = 0;
};

/// hnswlib keeps an element as the step and the bytes.
float distance(const void* a, const void* b, const void* shape) {
  const auto* one = static_cast<const std::int8_t*>(a);
  const auto* other = static_cast<const std::int8_t*>(b);
  float steps[2];
  std::memcpy(&steps[0], one, sizeof(float));
  std::memcpy(&steps[1], other, sizeof(float));
  const std::size_t size = static_cast<const Shape*>(shape)->dimension;
  return 1.0f - steps[0] * steps[1] * static_cast<float>(dot(one + sizeof(float), other + sizeof(float), size));
}

class ByteSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit ByteSpace(std::size_t dimension) : shape_{dimension} {}
  std::size_t get_data_size() override { return sizeof(float) + shape_.dimension; }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return &shape_; }

 private:
  Shape shape_;
};

using Index = hnswlib::HierarchicalNSW<float>;

void add(Index& index, std::span<const std::int8_t> bytes, std::span<const float> steps, std::size_t number) {
  const std::size_t dimension = bytes.size() / steps.size();
  std::vector<std::int8_t> element(sizeof(float) + dimension);
  std::memcpy(element.data(), &steps[number], sizeof(float));
  std::ranges::copy(bytes.subspan(number * dimension, dimension), element.begin() + sizeof(float));
  index.addPoint(element.data(), number);
}

/// Reads the numbers of the neighbours of `element` (hnswlib's own) on a level.
template <std::size_t size, typename Number>
std::array<std::uint32_t, size> links_of(const Index& index, hnswlib::tableint element, int level, Number number) {
  std::array<std::uint32_t, size> links;
  links.fill(kNoVector);
  const hnswlib::linklistsizeint* list = index.get_linklist_at_level(element, level);
  std::uint16_t count = 0;
  std::memcpy(&count, list, sizeof(count));
  for (std::size_t i = 0; i < std::min<std::size_t>(count, size); ++i) links[i] = number(list[1 + i]);
  return links;
}

VectorGraph take_apart(const Index& index) {
  VectorGraph graph;
  const auto count = static_cast<std::uint32_t>(index.cur_element_count);
  const auto number = [&index](hnswlib::tableint element) { return static_cast<std::uint32_t>(index.getExternalLabel(element)); };
  graph.links.resize(count);
  std::vector<std::uint32_t> place(count);  // of an element on the level that was looked at last
  for (std::uint32_t element = 0; element < count; ++element) {
    place[element] = number(element);
    graph.links[place[element]] = links_of<kLinks>(index, element, 0, number);
  }
  for (int height = 1; height <= index.maxlevel_; ++height) {
    GraphLevel level;
    std::vector<std::uint32_t> elements;
    for (std::uint32_t element = 0; element < count; ++element) {
      if (index.element_levels_[element] >= height) elements.push_back(element);
    }
    for (const std::uint32_t element : elements) {
      level.below.push_back(place[element]);
      place[element] = static_cast<std::uint32_t>(level.below.size()) - 1;
    }
    for (const std::uint32_t element : elements) {
      level.links.push_back(
          links_of<kUpperLinks>(index, element, height, [&place](hnswlib::tableint other) { return place[other]; }));
    }
    graph.levels.push_back(std::move(level));
  }
  graph.entry = place[index.enterpoint_node_];
  return graph;
}

}  // namespace

Result<VectorGraph> build_graph(std::span<const std::int8_t> bytes, std::span<const float> steps, std::size_t dimension,
                                int threads, const std::stop_token& stop) {
  if (steps.empty()) return VectorGraph();
  ByteSpace space(dimension);
  Index index(&space, steps.size(), kUpperLinks, kBuildWidth);
  add(index, bytes, steps, 0);
  std::atomic<std::size_t> next = 1;
  const auto work = [&] {
    for (std::size_t number = next++; number < steps.size() && !stop.stop_requested(); number = next++) {
      add(index, bytes, steps, number);
    }
  };
  {
    std::vector<std::jthread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "the index is not built further");
  return take_apart(index);
}

}  // namespace gibsey::retrieval::large
