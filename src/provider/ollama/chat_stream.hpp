#pragma once
#include "provider/chat_model.hpp"
#include "provider/ollama/chat_reader.hpp"
#include "provider/upstream_reply.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace gibsey::provider {

/// The answer of an Ollama server as it comes. Errors of next(): those of TokenStream.
class ChatStream final : public TokenStream {
 public:
  ChatStream(std::unique_ptr<UpstreamReply> reply, std::shared_ptr<OllamaLearned> learned, ChatStreamInputs inputs);

  Async<std::optional<std::string>> next() override;
  [[nodiscard]] Generated generated() const override { return reader_.generated(); }
  void stop() override;

 private:
  std::unique_ptr<UpstreamReply> reply_;
  ChatReader reader_;
  std::size_t heard_ = 0;
  std::atomic<bool> stop_asked_ = false;
};

}  // namespace gibsey::provider
