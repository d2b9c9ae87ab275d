#include "provider/llama/llama_embedder.hpp"

namespace gibsey::provider {

boost::asio::awaitable<Result<std::vector<std::vector<float>>>> LlamaEmbedder::embed(std::vector<std::string> texts) {
  return engine_.embed(std::move(texts));
}

boost::asio::awaitable<Result<std::vector<std::vector<float>>>> LlamaEmbedder::embed_questions(std::vector<std::string> texts) {
  return engine_.embed_questions(std::move(texts));
}

}  // namespace gibsey::provider
