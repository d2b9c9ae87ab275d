#include "retrieval/real_vectors.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>

namespace gibsey::bench {
namespace {

namespace fs = std::filesystem;
constexpr std::ptrdiff_t kLeastSpaces = 29;

void add_paragraphs(const fs::path& path, std::vector<std::string>& paragraphs) {
  const auto add = [&paragraphs](std::string text) {
    if (std::ranges::count(text, ' ') >= kLeastSpaces) paragraphs.push_back(std::move(text));
  };
  std::ifstream file(path);
  std::string paragraph;
  for (std::string line; std::getline(file, line);) {
    if (path.extension() == ".jsonl") {
      const auto row = nlohmann::json::parse(line, nullptr, false);
      if (row.is_object()) add(row.value("text", ""));
    } else if (line.find_first_not_of(" \t\r") == std::string::npos) {
      add(std::exchange(paragraph, {}));
    } else {
      paragraph += line + ' ';
    }
  }
  add(paragraph);
}

std::vector<std::vector<float>> read_vectors(const fs::path& path, std::size_t dimension) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::vector<float>> vectors;
  std::vector<float> vector(dimension);
  while (file.read(reinterpret_cast<char*>(vector.data()), static_cast<std::streamsize>(dimension * sizeof(float)))) {
    vectors.push_back(vector);
  }
  return vectors;
}

}  // namespace

std::vector<std::vector<float>> real_vectors(provider::Embedder& embedder, const std::vector<fs::path>& folders, std::size_t most,
                                             const fs::path& kept) {
  const auto dimension = static_cast<std::size_t>(embedder.dimension());
  if (auto vectors = read_vectors(kept, dimension); vectors.size() >= most / 2) return vectors;
  std::vector<std::string> paragraphs;
  for (const fs::path& folder : folders) {
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const auto form = entry.path().extension();
      if (form == ".md" || form == ".txt" || entry.path().filename() == "corpus.jsonl") add_paragraphs(entry.path(), paragraphs);
    }
  }
  if (paragraphs.empty()) throw std::runtime_error("no text to take vectors from");
  std::ranges::shuffle(paragraphs, std::mt19937_64(1));
  paragraphs.resize(std::min(paragraphs.size(), most));
  boost::asio::io_context io;
  auto embedded = boost::asio::co_spawn(io, embedder.embed(std::move(paragraphs)), boost::asio::use_future);
  io.run();
  auto vectors = embedded.get();
  if (!vectors) throw std::runtime_error(vectors.error().message);
  std::ofstream file(kept, std::ios::binary);
  for (const auto& vector : *vectors) {
    file.write(reinterpret_cast<const char*>(vector.data()), static_cast<std::streamsize>(vector.size() * sizeof(float)));
  }
  return std::move(*vectors);
}

}  // namespace gibsey::bench
