#pragma once
#include "provider/chat_model.hpp"
#include "provider/openai/chat_body.hpp"
#include "provider/openai/openai_server.hpp"
#include "provider/token_estimate.hpp"
#include "provider/upstream_reply.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

namespace gibsey::provider {

/// A model at a server and what is known of it; shared by all its replies, which may outlive the OpenAiModel. Thread-safe.
class ServedModel {
 public:
  explicit ServedModel(OpenAiServer server) : server_(std::move(server)) {}

  [[nodiscard]] const OpenAiServer& server() const { return server_; }
  [[nodiscard]] const UpstreamOptions& options() const { return server_.options(); }
  [[nodiscard]] TokenEstimate& tokens() { return tokens_; }
  [[nodiscard]] ModelHabits habits() const {
    const std::lock_guard lock(mutex_);
    return habits_;
  }
  /// `change(ModelHabits&)`, which must be short.
  template <typename Change>
  void learn(Change change) {
    const std::lock_guard lock(mutex_);
    change(habits_);
  }

 private:
  const OpenAiServer server_;
  TokenEstimate tokens_;
  mutable std::mutex mutex_;
  ModelHabits habits_;
};

/// One reply that is asked for.
struct ChatCall {
  std::shared_ptr<ServedModel> model;
  ChatRequest request;
  Deadline deadline = Deadline::never();  ///< of the whole reply
  ModelHabits habits;                     ///< by which it was sent
  std::stop_source unwanted = {};         ///< closes the connection while the head is waited for
};

/// Asks for the reply and waits for the head of the answer, which is 200. Where the server refuses a parameter that can be left
/// out, asks again without it, and keeps that in mind once it is taken. Errors: as OpenAiServer::refusal, unavailable, deadline.
boost::asio::awaitable<Result<std::unique_ptr<UpstreamReply>>> ask(std::shared_ptr<ChatCall> call);

}  // namespace gibsey::provider
