#pragma once
#include "chat/recall.hpp"
#include "net/service_client.hpp"

#include <memory>
#include <string>

namespace gibsey::chat {

struct RemoteRecallSettings {
  std::string url;               ///< MEMORY_SUBSYSTEM_URL: the base of POST /retrieve-context
  net::ServiceSettings service;  ///< name and address are filled in
};

/// A persona's memory that is another service (seed 001): `POST {base}/retrieve-context {message, user_id, character_id,
/// max_facts, max_snippets}` -> {context, relevant_facts, conversation_snippets}. It learns of turns by itself, from Redis.
class RemoteRecall final : public Recall {
 public:
  /// invalid_argument: no address.
  static Result<std::unique_ptr<RemoteRecall>> create(RemoteRecallSettings settings);

  /// `context` is the service's own; where it gives none, recall_text() of its lists. unavailable: no answer, or one that cannot
  /// be understood; at once while the breaker is open.
  boost::asio::awaitable<Result<Recalled>> retrieve_context(RecallQuery query) override;
  /// Does nothing.
  boost::asio::awaitable<Result<void>> remember(const model::Turn& turn) override;

  /// For /health.
  [[nodiscard]] net::ServiceState state() const { return client_.state(); }

 private:
  explicit RemoteRecall(RemoteRecallSettings settings);

  const std::string url_;
  net::ServiceClient client_;
};

}  // namespace gibsey::chat
