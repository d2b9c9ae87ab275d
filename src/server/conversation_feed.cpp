#include "server/conversation_feed.hpp"

#include "net/sse.hpp"
#include "server/json_response.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <memory>

namespace gibsey::server {

namespace asio = boost::asio;

std::string conversation_turn_json(const model::Turn& turn) {
  return dump({{"user_id", turn.user_id},
               {"character_id", turn.character_id},
               {"user_message", turn.question},
               {"ai_response", turn.reply},
               {"timestamp", static_cast<double>(turn.updated) / 1000},
               {"turn_id", turn.id},
               {"conversation_id", turn.conversation_id}});
}

void ConversationFeed::publish(const model::Turn& turn) {
  auto json = conversation_turn_json(turn);
  std::vector<std::function<void()>> wakes;
  {
    const std::lock_guard lock(mutex_);
    items_.push_back({++last_, std::move(json)});
    if (items_.size() > kMostKept) items_.pop_front();
    for (const auto& [number, wake] : subscribers_) wakes.push_back(wake);
  }
  for (const auto& wake : wakes) wake();
}

std::vector<ConversationFeed::Item> ConversationFeed::after(std::int64_t number) const {
  const std::lock_guard lock(mutex_);
  std::vector<Item> items;
  for (const auto& item : items_) {
    if (item.number > number) items.push_back(item);
  }
  return items;
}

std::int64_t ConversationFeed::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

std::int64_t ConversationFeed::subscribe(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  subscribers_[next_subscription_] = std::move(wake);
  return next_subscription_++;
}

void ConversationFeed::unsubscribe(std::int64_t subscription) {
  const std::lock_guard lock(mutex_);
  subscribers_.erase(subscription);
}

namespace {

struct Watch {
  explicit Watch(const asio::any_io_executor& executor) : timer(executor) {}
  asio::steady_timer timer;
  bool left = false;
};

std::int64_t start_of(const ConversationFeed& feed, const RouteRequest& request) {
  const auto last = feed.last();
  const auto header = request.http.headers.find("Last-Event-ID");
  if (!header) return last;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), number);
  // A number from before a restart is above all there are: such a client hears what is new.
  return error == std::errc() && end == header->data() + header->size() && number <= last ? number : last;
}

}  // namespace

asio::awaitable<void> follow_conversations(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  auto& feed = services.conversations;
  const auto executor = co_await asio::this_coro::executor;
  const auto watch = std::make_shared<Watch>(executor);
  auto number = start_of(feed, request);
  co_await exchange.begin_stream(
      200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}});
  exchange.on_client_left([watch] {
    watch->left = true;
    watch->timer.cancel();
  });
  // Posted, so that it runs when this coroutine waits: a wake is never lost.
  const auto subscription = feed.subscribe([watch, executor] { asio::post(executor, [watch] { watch->timer.cancel(); }); });
  std::string out;
  net::append_sse_comment(out, "ok");
  while (!watch->left && co_await exchange.write(out)) {
    out.clear();
    for (const auto& item : feed.after(number)) {
      number = item.number;
      net::append_sse(out, "conversation_turn", item.json, std::to_string(item.number));
    }
    if (!out.empty()) continue;
    boost::system::error_code woken;
    watch->timer.expires_after(services.keep_alive);
    co_await watch->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (!woken) net::append_sse_comment(out, "");
  }
  feed.unsubscribe(subscription);
}

}  // namespace gibsey::server
