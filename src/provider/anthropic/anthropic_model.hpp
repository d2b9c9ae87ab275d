#pragma once
#include "net/http_message.hpp"
#include "provider/chat_model.hpp"
#include "provider/upstream.hpp"

#include <memory>
#include <string>

namespace gibsey::provider {

struct ClaudeLearned;
struct MessagesForm;
class UpstreamReply;

/// Anthropic's POST /v1/messages. Thinking is left out and counted. ChatRequest::quotes are sent as a document that can be cited;
/// where the reply cites one, its number follows as [[q3]]. What a model refuses to take (a temperature, to be kept from
/// thinking, citations) is left out of the next request to it, and the call is made again. Safe to call from any executor.
class AnthropicModel : public ChatModel {
 public:
  /// The base may end in "/v1". Errors: invalid_argument (the address cannot be read).
  static Result<std::unique_ptr<AnthropicModel>> create(UpstreamOptions options);

  /// Connects and sends. Errors besides those of ChatModel: deadline, forbidden (the key is refused), not_found (no such model),
  /// unavailable with an opening the model does not take, after which supports_opening() is false.
  Async<std::unique_ptr<TokenStream>> start(ChatRequest request) override;
  [[nodiscard]] std::string provider() const override { return options_.name; }
  [[nodiscard]] std::string model() const override { return options_.model; }
  /// By the model's name, until the server refuses one. Whitespace at an opening's end is not sent, nor given twice.
  [[nodiscard]] bool supports_opening() const override;
  [[nodiscard]] int context_tokens() const override { return options_.context_tokens; }
  [[nodiscard]] bool is_small() const override { return options_.is_small; }
  /// An estimate that learns from the server's counts.
  [[nodiscard]] int count_tokens(const std::string& text) const override;
  /// Asks for the list of models; where it lacks this one, for the model itself, which may be an alias.
  Async<void> check() override;

 private:
  explicit AnthropicModel(UpstreamOptions options);
  Async<std::string> get(std::string path) const;
  [[nodiscard]] MessagesForm form() const;
  [[nodiscard]] net::HttpHeaders headers() const;
  [[nodiscard]] Error refused(const UpstreamReply& reply, const std::string& body) const;

  UpstreamOptions options_;
  std::string who_;  ///< as messages name the server
  std::shared_ptr<ClaudeLearned> learned_;
};

}  // namespace gibsey::provider
