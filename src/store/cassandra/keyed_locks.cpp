#include "store/cassandra/keyed_locks.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gibsey::store::cassandra {

namespace asio = boost::asio;

struct Enter {
  KeyedLocks* locks;
  const std::string* key;

  template <typename Handler>
  void operator()(Handler handler) const {
    auto work =
        asio::prefer(asio::any_io_executor(asio::get_associated_executor(handler)), asio::execution::outstanding_work.tracked);
    locks->enter(*key, [handler = std::move(handler), work = std::move(work)]() mutable {
      const auto until_posted = std::move(work);
      asio::post(std::move(handler));
    });
  }
};

asio::awaitable<KeyedLocks::Held> KeyedLocks::take(std::string key) {
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(Enter{this, &key}, asio::use_awaitable);
  co_return Held(this, std::move(key));
}

void KeyedLocks::enter(const std::string& key, std::move_only_function<void()> go) {
  {
    const std::lock_guard lock(mutex_);
    const auto [found, free] = waiting_.try_emplace(key);
    if (!free) {
      found->second.push_back(std::move(go));
      return;
    }
  }
  go();
}

void KeyedLocks::give(const std::string& key) {
  std::move_only_function<void()> next;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(key);
    if (found->second.empty()) {
      waiting_.erase(found);
      return;
    }
    next = std::move(found->second.front());
    found->second.pop_front();
  }
  next();
}

}  // namespace gibsey::store::cassandra
