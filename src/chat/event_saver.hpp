#pragma once
#include "base/result.hpp"
#include "chat/turn_log.hpp"
#include "provider/wakeup.hpp"
#include "store/turn_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace gibsey::chat {

/// How old the newest stored text of a running reply may be: what a crash can take.
inline constexpr std::chrono::milliseconds kSaveEvery{250};

/// Stores what replies say while they run: that of all replies together, kSaveEvery after the first of it, so that a store whose
/// every commit waits for the disk has few of them to make, and no reply waits for one. Thread-safe.
class EventSaver : public std::enable_shared_from_this<EventSaver> {
 public:
  /// Stores on `executor`.
  explicit EventSaver(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// `log` has events that `turns` does not have. A failure is told and made good with the next event, or at the end. `turns`
  /// must live until finish() has returned.
  void owe(std::shared_ptr<TurnLog> log, store::TurnStore& turns);
  /// Stores what is left of `log`; nothing of it is stored here afterwards. May be called again where that failed.
  boost::asio::awaitable<Result<void>> finish(std::shared_ptr<TurnLog> log, store::TurnStore& turns);

 private:
  using Due = std::pair<std::shared_ptr<TurnLog>, store::TurnStore*>;

  static boost::asio::awaitable<void> run(std::shared_ptr<EventSaver> self);
  static boost::asio::awaitable<void> serve_due(std::shared_ptr<EventSaver> self);
  static boost::asio::awaitable<void> save(std::shared_ptr<EventSaver> self, std::shared_ptr<TurnLog> log,
                                           store::TurnStore& turns);
  std::optional<std::size_t> make_due();
  std::optional<Due> next_due();

  boost::asio::any_io_executor executor_;
  provider::Wakeup wake_;  ///< guards what follows
  std::map<std::shared_ptr<TurnLog>, store::TurnStore*> owed_;
  std::deque<Due> due_;    ///< to be stored now
  std::size_t lanes_ = 0;  ///< coroutines that store what is due
  bool running_ = false;
};

}  // namespace gibsey::chat
