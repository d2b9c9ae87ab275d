#pragma once
#include "provider/chat_model.hpp"
#include "provider/reply_text.hpp"
#include "provider/token_estimate.hpp"
#include "provider/upstream_reply.hpp"

#include "net/sse.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::provider {

/// What the replies of one model teach about it; shared with the streams, which may outlive it.
struct ClaudeLearned {
  TokenEstimate tokens;
  std::atomic<bool> refuses_opening = false;
  std::atomic<bool> refuses_temperature = false;
  std::atomic<bool> thinks = false;  ///< although it was told not to, or it cannot be told
};

struct MessagesStreamInputs {
  std::string who;  ///< as messages name the server
  std::string secret;
  std::vector<std::string> stop;
  std::size_t prompt_bytes = 0;
  bool trim_start = false;  ///< the opening lost its last whitespace: the reader has it already
};

/// A Messages event stream. Errors of next() besides those of TokenStream: busy, forbidden, deadline.
class MessagesStream final : public TokenStream {
 public:
  MessagesStream(std::unique_ptr<UpstreamReply> reply, std::shared_ptr<ClaudeLearned> learned, MessagesStreamInputs inputs);

  Async<std::optional<std::string>> next() override;
  [[nodiscard]] Generated generated() const override { return generated_; }
  void stop() override;

 private:
  Result<std::string> read_event(const net::SseEvent& event);
  std::string read_delta(const nlohmann::json& delta);
  std::string text_of(std::string text);
  Result<std::string> end_message();
  void read_usage(const nlohmann::json& usage);
  void read_citation(const nlohmann::json& citation);
  Error error_of(const nlohmann::json& error) const;
  std::optional<std::string> last_piece();

  std::unique_ptr<UpstreamReply> reply_;
  std::shared_ptr<ClaudeLearned> learned_;
  const MessagesStreamInputs inputs_;
  net::SseReader reader_;
  ReplyText text_;
  std::vector<net::SseEvent> events_;
  std::size_t event_ = 0;
  std::string stop_reason_;
  std::size_t reply_bytes_ = 0;  ///< text and thoughts
  bool trim_start_;
  bool said_ = false;
  bool counted_ = false;  ///< the server has told what the whole reply took
  bool ended_ = false;
  std::atomic<bool> stop_asked_ = false;
  Generated generated_;
};

}  // namespace gibsey::provider
