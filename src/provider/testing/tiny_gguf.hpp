#pragma once
#include <ggml.h>
#include <gguf.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace gibsey::provider::testing {

struct TinyTensor {
  std::string name;
  std::vector<std::int64_t> shape;
};

/// Writes a GGUF of 16-bit tensors with all its bytes, which are zero. `describe` sets the keys.
inline void write_tiny_gguf(const std::filesystem::path& file, const std::vector<TinyTensor>& tensors,
                            const std::function<void(gguf_context*)>& describe) {
  auto* head = gguf_init_empty();
  describe(head);
  auto* place = ggml_init({.mem_size = (tensors.size() + 1) * ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true});
  std::uint64_t bytes = 0;
  for (const auto& tensor : tensors) {
    auto* made = ggml_new_tensor(place, GGML_TYPE_F16, static_cast<int>(tensor.shape.size()), tensor.shape.data());
    ggml_set_name(made, tensor.name.c_str());
    gguf_add_tensor(head, made);
    bytes += GGML_PAD(ggml_nbytes(made), gguf_get_alignment(head));
  }
  const bool written = gguf_write_to_file(head, file.c_str(), true);
  gguf_free(head);
  ggml_free(place);
  if (!written) throw std::runtime_error("cannot write " + file.string());
  std::filesystem::resize_file(file, std::filesystem::file_size(file) + bytes);
}

inline std::string bytes_of(const std::filesystem::path& file, std::size_t most = SIZE_MAX) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes;
  std::vector<char> piece(std::size_t{1} << 16U);
  while (bytes.size() < most && (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)) {
    bytes.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (bytes.size() > most) bytes.resize(most);
  return bytes;
}

/// The head of a model's file with nothing but holes after it: as long as the whole, and next to nothing on the disk.
inline void write_with_holes(const std::filesystem::path& file, const std::string& head, std::uint64_t length) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << head;
  std::filesystem::resize_file(file, length);
}

}  // namespace gibsey::provider::testing
