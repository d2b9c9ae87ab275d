#pragma once
#include "provider/embedder.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace gibsey::app {

/// An embedder that keeps its vectors in a file between runs: embedding an evaluation set takes minutes, everything else
/// seconds. For one thread. The file is this machine's and this embedder's alone; one by another embedder is written anew.
class VectorCache final : public provider::Embedder {
 public:
  /// `file` "": kept in memory only. `embedder` outlives it.
  VectorCache(provider::Embedder& embedder, std::filesystem::path file);

  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) override;
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed_questions(std::vector<std::string> texts) override;
  [[nodiscard]] std::string model() const override { return embedder_.model(); }
  [[nodiscard]] int dimension() const override { return embedder_.dimension(); }
  /// Errors: unavailable (the file cannot be written).
  [[nodiscard]] Result<void> write() const;

 private:
  using Vectors = std::vector<std::vector<float>>;
  boost::asio::awaitable<Result<Vectors>> look_up(std::vector<std::string> texts, bool questions);
  void read();

  provider::Embedder& embedder_;
  std::filesystem::path file_;
  std::unordered_map<std::uint64_t, std::vector<float>> known_;  ///< by hash of the text and of what it is
};

}  // namespace gibsey::app
