#pragma once
#include <boost/asio/awaitable.hpp>

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

namespace gibsey::store::cassandra {

/// Callers of one key go one after the other, in their order; those of other keys do not wait for them. It spares the cluster
/// this process's own races for a partition; those of other processes are settled by conditional writes. Thread-safe.
class KeyedLocks {
 public:
  /// Lets the next one go on.
  class Held {
   public:
    Held(KeyedLocks* locks, std::string key) : locks_(locks), key_(std::move(key)) {}
    Held(Held&& other) noexcept : locks_(std::exchange(other.locks_, nullptr)), key_(std::move(other.key_)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (locks_ != nullptr) locks_->give(key_);
    }

   private:
    KeyedLocks* locks_;
    std::string key_;
  };

  [[nodiscard]] boost::asio::awaitable<Held> take(std::string key);

 private:
  friend struct Enter;
  /// `go` is called when the key is the caller's.
  void enter(const std::string& key, std::move_only_function<void()> go);
  void give(const std::string& key);

  std::mutex mutex_;
  std::unordered_map<std::string, std::deque<std::move_only_function<void()>>> waiting_;  ///< by key that is taken
};

}  // namespace gibsey::store::cassandra
