#include "app/eval/vector_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace gibsey::app {

namespace asio = boost::asio;

namespace {

std::uint64_t key_of(const std::string& text, bool question) {
  std::uint64_t hash = question ? 1099511628211ULL : 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

template <typename T>
void put(std::ofstream& out, const T& value) {
  out.write(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename T>
bool take(std::ifstream& in, T& value) {
  return static_cast<bool>(in.read(reinterpret_cast<char*>(&value), sizeof value));
}

}  // namespace

VectorCache::VectorCache(provider::Embedder& embedder, std::filesystem::path file) : embedder_(embedder), file_(std::move(file)) {
  read();
}

asio::awaitable<Result<std::vector<std::vector<float>>>> VectorCache::embed(std::vector<std::string> texts) {
  co_return co_await look_up(std::move(texts), false);
}

asio::awaitable<Result<std::vector<std::vector<float>>>> VectorCache::embed_questions(std::vector<std::string> texts) {
  co_return co_await look_up(std::move(texts), true);
}

asio::awaitable<Result<VectorCache::Vectors>> VectorCache::look_up(std::vector<std::string> texts, bool questions) {
  std::vector<std::string> unknown;
  for (const std::string& text : texts) {
    if (!known_.contains(key_of(text, questions))) unknown.push_back(text);
  }
  if (!unknown.empty()) {
    auto asked = unknown;
    GIBSEY_CO_TRY(auto vectors,
                  questions ? co_await embedder_.embed_questions(std::move(asked)) : co_await embedder_.embed(std::move(asked)));
    if (vectors.size() != unknown.size()) co_return fail(ErrorCode::unavailable, "the embedder left out some of the texts");
    for (std::size_t i = 0; i < unknown.size(); ++i) known_[key_of(unknown[i], questions)] = std::move(vectors[i]);
  }
  Vectors found;
  for (const std::string& text : texts) found.push_back(known_.at(key_of(text, questions)));
  co_return found;
}

Result<void> VectorCache::write() const {
  if (file_.empty()) return {};
  std::ofstream out(file_, std::ios::binary | std::ios::trunc);
  const std::string name = embedder_.model();
  put(out, name.size());
  out.write(name.data(), static_cast<std::streamsize>(name.size()));
  for (const auto& [key, vector] : known_) {
    put(out, key);
    put(out, vector.size());
    out.write(reinterpret_cast<const char*>(vector.data()), static_cast<std::streamsize>(vector.size() * sizeof(float)));
  }
  out.flush();
  if (!out) return fail(ErrorCode::unavailable, fmt::format("{} cannot be written", file_.string()));
  return {};
}

void VectorCache::read() {
  constexpr std::size_t kMost = 1 << 16;  // what no name and no vector is longer than: the file may be anything
  std::ifstream in(file_, std::ios::binary);
  std::size_t size = 0;
  if (!take(in, size) || size > kMost) return;
  std::string name(size, '\0');
  if (!in.read(name.data(), static_cast<std::streamsize>(size)) || name != embedder_.model()) return;
  std::uint64_t key = 0;
  while (take(in, key) && take(in, size) && size <= kMost) {
    std::vector<float> vector(size);
    if (!in.read(reinterpret_cast<char*>(vector.data()), static_cast<std::streamsize>(size * sizeof(float)))) return;
    known_[key] = std::move(vector);
  }
}

}  // namespace gibsey::app
