#include "provider/llama/placement.hpp"

#include <gtest/gtest.h>

namespace gibsey::provider {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

TEST(GpuLayers, AsManyAsFitAfterWhatIsFixed) {
  const auto layers = [](std::uint64_t free, std::uint64_t fixed, std::uint64_t layer, int count) {
    return gpu_layers_that_fit({.free = free, .fixed = fixed, .layer = layer, .layers = count});
  };
  EXPECT_EQ(layers(0, 0, 10, 4), 0);
  EXPECT_EQ(layers(49, 50, 10, 4), 0) << "what is fixed does not fit";
  EXPECT_EQ(layers(50, 50, 10, 4), 0) << "the output alone is not worth it";
  EXPECT_EQ(layers(59, 50, 10, 4), 0);
  EXPECT_EQ(layers(60, 50, 10, 4), 2) << "the output and one layer";
  EXPECT_EQ(layers(89, 50, 10, 4), 4);
  EXPECT_EQ(layers(90, 50, 10, 4), 5) << "everything";
  EXPECT_EQ(layers(1'000'000, 50, 10, 4), 5);
  EXPECT_EQ(layers(60, 50, 0, 4), 5) << "layers of no weight";
  EXPECT_EQ(layers(~std::uint64_t{0}, 0, 1, 80), 81) << "no overflow";
}

/// A model of 32 layers of 200 MiB, an output of 300 MiB and a context of 16 MiB a layer, measured as llama.cpp would.
struct Machine {
  std::vector<std::uint64_t> free;  ///< of each GPU
  std::uint64_t compute = 400 * kMiB;
  std::vector<int> asked = {};

  static constexpr int kLayers = 32;
  static constexpr std::uint64_t kLayer = 200 * kMiB;
  static constexpr std::uint64_t kContext = 16 * kMiB;
  static constexpr std::uint64_t kOutput = 300 * kMiB;

  Result<MeasuredNeed> measure(int gpu_layers) {
    asked.push_back(gpu_layers);
    MeasuredNeed need;
    const auto on_gpus = static_cast<std::uint64_t>(std::max(0, gpu_layers - 1));
    const auto on_host = kLayers - on_gpus;
    need.host = {.weights = on_host * kLayer + kOutput, .context = on_host * kContext, .compute = compute};
    if (gpu_layers == 0 || free.empty()) return need;
    for (std::size_t i = 0; i < free.size(); ++i) {
      const auto part = on_gpus / free.size() + (i < on_gpus % free.size() ? 1 : 0);
      const bool last = i + 1 == free.size();
      need.gpus.push_back(
          {{.weights = part * kLayer + (last ? kOutput : 0), .context = part * kContext, .compute = compute}, free[i]});
    }
    return need;
  }
  Result<Placement> place() {
    return choose_placement("Model", {kLayers, kLayer}, [this](int layers) { return measure(layers); });
  }
};

TEST(Placement, EverythingOnAGpuThatIsLargeEnough) {
  Machine machine{.free = {24 * kGiB}};
  const auto placement = machine.place();
  ASSERT_TRUE(placement);
  EXPECT_EQ(placement->gpu_layers, 33);
  EXPECT_EQ(placement->host.context, 0U);
  EXPECT_TRUE(placement->note.contains("Model runs on the GPU")) << placement->note;
  EXPECT_EQ(machine.asked, std::vector<int>{33}) << "one measurement will do";
}

TEST(Placement, FewerLayersWhereNotAllFit) {
  Machine machine{.free = {4 * kGiB}};
  const auto placement = machine.place();
  ASSERT_TRUE(placement);
  // (4096 - 1024 of margin - 400 - 300) MiB / 216 MiB
  EXPECT_EQ(placement->gpu_layers, 1 + 10);
  EXPECT_TRUE(placement->note.starts_with("10 of 32 layers of Model run on the GPU")) << placement->note;
  EXPECT_EQ(placement->note.find('\n'), std::string::npos);
  EXPECT_EQ(placement->host.weights, 22 * Machine::kLayer + Machine::kOutput);
}

TEST(Placement, WhatIsChosenFitsAndOneMoreWouldNot) {
  for (std::uint64_t free = 0; free < 12 * kGiB; free += 37 * kMiB) {
    Machine machine{.free = {free}};
    const auto placement = machine.place();
    ASSERT_TRUE(placement);
    const auto takes = [&](int layers) { return machine.measure(layers)->gpus.front().need.total() + kGpuMargin; };
    if (placement->gpu_layers > 0) EXPECT_LE(takes(placement->gpu_layers), free);
    if (placement->gpu_layers > 0 && placement->gpu_layers < 33) EXPECT_GT(takes(placement->gpu_layers + 1), free);
    if (placement->gpu_layers == 0) EXPECT_GT(takes(2), free);
  }
}

TEST(Placement, TheProcessorsWhereNotALayerFits) {
  Machine machine{.free = {kGiB + 500 * kMiB}};
  const auto placement = machine.place();
  ASSERT_TRUE(placement);
  EXPECT_EQ(placement->gpu_layers, 0);
  EXPECT_EQ(placement->host.context, 32 * Machine::kContext);
  EXPECT_TRUE(placement->note.contains("runs on the processors")) << placement->note;
}

TEST(Placement, SeveralGpusShare) {
  Machine two{.free = {6 * kGiB, 6 * kGiB}};
  EXPECT_EQ(two.place()->gpu_layers, 33);
  // Together they would have room for all, the second alone for a fraction of its half.
  Machine uneven{.free = {9 * kGiB, 2 * kGiB}};
  const auto placement = uneven.place();
  ASSERT_TRUE(placement);
  EXPECT_LT(placement->gpu_layers, 33);
}

TEST(Placement, NoGpuNoNote) {
  Machine machine;
  const auto placement = machine.place();
  ASSERT_TRUE(placement);
  EXPECT_EQ(placement->gpu_layers, 0);
  EXPECT_EQ(placement->note, "");
}

TEST(Placement, WhatCannotBeMeasuredIsNotPlaced) {
  const auto placement =
      choose_placement("Model", {2, 10}, [](int) { return Result<MeasuredNeed>(fail(ErrorCode::corrupt, "unknown")); });
  ASSERT_FALSE(placement);
  EXPECT_EQ(placement.error().message, "unknown");
}

}  // namespace
}  // namespace gibsey::provider
