#pragma once
#include "provider/anthropic/messages_reader.hpp"
#include "provider/chat_model.hpp"
#include "provider/upstream_reply.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace gibsey::provider {

/// The answer of a Messages server as it comes. Errors of next() besides those of TokenStream: busy, forbidden, not_found,
/// deadline.
class MessagesStream final : public TokenStream {
 public:
  MessagesStream(std::unique_ptr<UpstreamReply> reply, std::shared_ptr<ClaudeLearned> learned, MessagesStreamInputs inputs);

  Async<std::optional<std::string>> next() override;
  [[nodiscard]] Generated generated() const override { return reader_.generated(); }
  void stop() override;

 private:
  std::unique_ptr<UpstreamReply> reply_;
  MessagesReader reader_;
  std::size_t heard_ = 0;
  std::atomic<bool> stop_asked_ = false;
};

}  // namespace gibsey::provider
