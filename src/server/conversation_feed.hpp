#pragma once
#include "model/turn.hpp"
#include "server/router.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace gibsey::server {

/// The turns that have ended, as others want to hear of them (seed 001, `conversation_turns`). The newest kMostKept are kept.
/// Thread-safe.
class ConversationFeed {
 public:
  static constexpr std::size_t kMostKept = 1000;

  struct Item {
    std::int64_t number = 0;  ///< from 1 since the program started
    std::string json;         ///< {user_id, character_id, user_message, ai_response, timestamp}
  };

  void publish(const model::Turn& turn);
  /// Those after `number`, oldest first.
  [[nodiscard]] std::vector<Item> after(std::int64_t number) const;
  [[nodiscard]] std::int64_t last() const;

  /// `wake` is called, from any thread, after each item; it must not block. Answers the subscription's number.
  std::int64_t subscribe(std::function<void()> wake);
  void unsubscribe(std::int64_t subscription);

 private:
  mutable std::mutex mutex_;
  std::deque<Item> items_;
  std::int64_t last_ = 0;
  std::int64_t next_subscription_ = 1;
  std::map<std::int64_t, std::function<void()>> subscribers_;
};

/// {user_id, character_id, user_message, ai_response, timestamp}; the time in seconds.
[[nodiscard]] std::string conversation_turn_json(const model::Turn& turn);

/// GET /v1/feed/conversation_turns: an event stream of the turns as they end, from now on, or after Last-Event-ID.
boost::asio::awaitable<void> follow_conversations(const Services& services, RouteRequest& request, net::HttpExchange& exchange);

}  // namespace gibsey::server
