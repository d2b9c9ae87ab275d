#pragma once
#include "net/http_handler.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace gibsey::net::testing {

/// How a session's reading ended: nullopt for an orderly close by the client.
using Ending = std::optional<ErrorCode>;

inline bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds time = std::chrono::seconds(5)) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

/// Opens a session for every request and deals with it by its path.
class SessionHandler : public HttpHandler {
 public:
  explicit SessionHandler(WebSocketSettings with = {}) : settings(with) {}

  Admission admit(const HttpRequest&) override { return {1024, std::nullopt}; }
  HttpResponse refusal(const HttpRequest&, int status, std::string_view detail) override {
    return {status, {{"Content-Type", "text/plain"}}, std::string(detail)};
  }

  boost::asio::awaitable<void> answer(HttpRequest request, HttpExchange& exchange) override {
    exchange.add_header("X-Extra", "yes");
    if (request.path() == "/late") co_await wait_until_told();
    auto accepted = co_await exchange.accept_websocket(request, settings);
    answered_with = exchange.status();
    if (!accepted) {
      refused = accepted.error().code;
      co_return;
    }
    const std::shared_ptr<WebSocketSession> session = std::move(*accepted);
    const auto path = std::string(request.path());
    request = {};
    share(path, session);
    if (path == "/return") co_return;
    if (path == "/throw") throw std::runtime_error("a bug");
    if (path == "/flood") co_await flood(*session);
    if (path == "/deaf") co_await wait_until_told();
    co_await echo(*session, path);
  }

  boost::asio::awaitable<void> echo(WebSocketSession& session, const std::string& path) {
    while (true) {
      auto message = co_await session.read();
      if (!message || !*message) {
        finish(message ? Ending() : Ending(message.error().code));
        co_return;
      }
      if (path == "/measure") {
        session.send(std::to_string((*message)->size()) + (*message)->substr(0, 1));
      } else if (path != "/quiet" && path != "/flood") {
        session.send(**message);
      }
    }
  }
  /// Sends without waiting until told that the client is slow.
  boost::asio::awaitable<void> flood(WebSocketSession& session) {
    const std::string part(8 * 1024, 'f');
    auto sent = session.send(part);
    while (sent) {
      most_queued = std::max<std::size_t>(most_queued, session.queued_bytes());
      ++flood_parts;
      sent = session.send(part);
      if (flood_parts % 16 == 0) co_await pause(std::chrono::milliseconds(1));
    }
    flood_end = sent.error().code;
    sent_after_end = session.send("more").error().code;
  }
  boost::asio::awaitable<void> wait_until_told() {
    while (!told) co_await pause(std::chrono::milliseconds(2));
  }
  static boost::asio::awaitable<void> pause(std::chrono::milliseconds time) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }

  void share(const std::string& path, const std::shared_ptr<WebSocketSession>& session) {
    const std::lock_guard lock(mutex_);
    sessions_[path] = session;
    changed_.notify_all();
  }
  void finish(Ending ending) {
    const std::lock_guard lock(mutex_);
    endings_.push_back(ending);
    changed_.notify_all();
  }
  /// The session of that path; null when none was opened.
  std::shared_ptr<WebSocketSession> session(const std::string& path) {
    std::unique_lock lock(mutex_);
    std::shared_ptr<WebSocketSession> found;
    changed_.wait_for(lock, std::chrono::seconds(5), [&] { return (found = sessions_[path].lock()) != nullptr; });
    return found;
  }
  /// The next ending; ErrorCode::internal when none came.
  Ending ending(std::chrono::milliseconds time = std::chrono::seconds(5)) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, time, [this] { return !endings_.empty(); })) return ErrorCode::internal;
    const auto first = endings_.front();
    endings_.pop_front();
    return first;
  }

  const WebSocketSettings settings;
  std::atomic<int> answered_with = 0;
  std::atomic<ErrorCode> refused = ErrorCode::internal;
  std::atomic<bool> told = false;
  std::atomic<std::size_t> most_queued = 0;
  std::atomic<int> flood_parts = 0;
  std::atomic<ErrorCode> flood_end = ErrorCode::internal;
  std::atomic<ErrorCode> sent_after_end = ErrorCode::internal;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::weak_ptr<WebSocketSession>> sessions_;
  std::deque<Ending> endings_;
};

}  // namespace gibsey::net::testing
