#include "provider/llama/model_file.hpp"

#include "base/byte_size.hpp"
#include "provider/llama/backend.hpp"
#include "provider/llama/machine_memory.hpp"

#include <fit.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>

namespace gibsey::provider {
namespace {

/// No device at all: a GPU that is full must not be touched either.
std::array<ggml_backend_dev_t, 1> no_devices{nullptr};

llama_model_params model_params(int gpu_layers) {
  auto params = llama_model_default_params();
  params.n_gpu_layers = gpu_layers;
  if (gpu_layers == 0) params.devices = no_devices.data();
  return params;
}

std::unexpected<Error> unreadable(const std::filesystem::path& file, const Complaints& complaints) {
  return fail(
      ErrorCode::corrupt,
      fmt::format("the model {} cannot be read: {}; it is damaged, or of a kind that this version of llama.cpp does not know",
                  file.string(), complaints.first().empty() ? "no reason is given" : complaints.first()));
}

}  // namespace

Result<ModelHandle> load_model(const std::filesystem::path& file, int gpu_layers) {
  initialise_llama();
  GIBSEY_TRY(const auto facts, read_gguf(file));
  if (gpu_layers == 0) GIBSEY_CHECK(check_memory(fmt::format("the model {}", file.string()), facts.weight_bytes));
  const Complaints complaints;
  ModelHandle model(llama_model_load_from_file(file.c_str(), model_params(gpu_layers)));
  if (!model) return unreadable(file, complaints);
  return model;
}

Result<ModelHandle> load_vocabulary(const std::filesystem::path& file) {
  initialise_llama();
  auto params = model_params(0);
  params.vocab_only = true;
  const Complaints complaints;
  ModelHandle model(llama_model_load_from_file(file.c_str(), params));
  if (!model) return unreadable(file, complaints);
  return model;
}

Result<MeasuredNeed> measure_need(const std::filesystem::path& file, const llama_context_params& context, int gpu_layers) {
  initialise_llama();
  const auto params = model_params(gpu_layers);
  std::vector<ggml_backend_dev_t> devices;
  std::uint32_t layers = 0;
  std::uint32_t trained = 0;
  std::uint32_t experts = 0;
  const Complaints complaints;
  try {
    const auto measured =
        common_get_device_memory_data(file.c_str(), &params, &context, devices, layers, trained, experts, GGML_LOG_LEVEL_ERROR);
    const auto need_of = [](const common_device_memory_data& device) {
      return MemoryNeed{.weights = device.model, .context = device.context, .compute = device.compute};
    };
    MeasuredNeed need{.host = need_of(measured.back()), .gpus = {}};  // the processors' memory is the last
    for (std::size_t i = 0; i + 1 < measured.size(); ++i) {
      need.gpus.push_back({.need = need_of(measured[i]), .free = static_cast<std::uint64_t>(measured[i].free)});
    }
    return need;
  } catch (const std::exception&) {
    return unreadable(file, complaints);
  }
}

Result<Placement> place_model(const std::filesystem::path& file, const GgufFacts& facts, const llama_context_params& context) {
  // Before anything else: a file that is far too large may be one that llama.cpp does not know either.
  const auto on_gpus = std::min(facts.weight_bytes, gpu_memory().free);
  GIBSEY_CHECK(check_memory(fmt::format("the model {}", file.string()), facts.weight_bytes - on_gpus));
  const auto measure = [&](int gpu_layers) { return measure_need(file, context, gpu_layers); };
  Placement placement;
  if (llama_supports_gpu_offload()) {
    GIBSEY_TRY(placement, choose_placement(facts.name, {facts.layers, facts.layer_bytes}, measure));
  } else {
    GIBSEY_TRY(const auto measured, measure(0));
    placement.host = measured.host;
  }
  const auto& need = placement.host;
  GIBSEY_CHECK(check_memory(fmt::format("the model {} with a context of {} tokens", file.string(), context.n_ctx), need.total()));
  return placement;
}

std::string model_name(const llama_model& model, const std::filesystem::path& file) {
  std::array<char, 256> name{};
  const int length = llama_model_meta_val_str(&model, "general.name", name.data(), name.size());
  return printable(length > 0 ? std::string(name.data()) : file.stem().string());
}

GpuMemory gpu_memory() {
  initialise_llama();
  GpuMemory memory;
  for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    auto* device = ggml_backend_dev_get(i);
    if (ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_GPU) continue;
    std::size_t free = 0;
    std::size_t total = 0;
    ggml_backend_dev_memory(device, &free, &total);
    memory.free += free;
    memory.total += total;
  }
  return memory;
}

}  // namespace gibsey::provider
