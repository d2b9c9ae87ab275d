#pragma once
#include "chat/event_list.hpp"
#include "chat/running_turn.hpp"
#include "provider/wakeup.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace gibsey::chat {

/// The events of one running turn: written by the turn, followed by any number of readers, stored in batches. Thread-safe.
class TurnLog final : public RunningTurn {
 public:
  explicit TurnLog(std::string turn_id) : turn_id_(std::move(turn_id)) {}

  [[nodiscard]] const std::string& turn_id() const override { return turn_id_; }
  [[nodiscard]] std::vector<model::NumberedEvent> events_after(std::int64_t seq, std::size_t most) const override;
  void when_after(std::int64_t seq, std::move_only_function<void()> then) override;
  [[nodiscard]] std::optional<std::int64_t> last_seq() const override;
  void stop() override;

  void append(model::TurnEvent event);
  /// No event follows; readers that wait get nullopt.
  void close();
  [[nodiscard]] bool stop_requested() const;
  /// The program is stopping: ends the reply as stop() does, but the reader did not wish it.
  void interrupt();
  [[nodiscard]] bool interrupted() const;
  /// `stop` is called once when the reader asks to stop, at once if that has happened; nullptr clears it. Must not block.
  void when_stopped(std::function<void()> stop);

  /// What the store does not have yet, and the number of its first event.
  struct Unsaved {
    std::int64_t first_seq = 1;
    std::vector<model::TurnEvent> events;
  };
  [[nodiscard]] Unsaved unsaved() const;
  /// The store has all up to number `last_seq`.
  void mark_saved(std::int64_t last_seq);
  /// unsaved(), for the caller to store before end_save(); nothing where there is nothing, while another does so, and after
  /// end_saves().
  [[nodiscard]] std::optional<Unsaved> begin_save();
  /// Whether there is more to store by now.
  bool end_save();
  /// From now on begin_save() gives nothing; waits until what it gave has been stored.
  boost::asio::awaitable<void> end_saves();

 private:
  static void wake(std::vector<std::move_only_function<void()>> waiters);

  const std::string turn_id_;
  mutable std::mutex mutex_;
  EventList events_;
  std::size_t saved_ = 0;  ///< how many of them the store has
  std::vector<std::move_only_function<void()>> waiters_;
  provider::Wakeup saves_;  ///< guards the next two
  bool saving_ = false;     ///< between begin_save() and end_save()
  bool saves_ended_ = false;
  bool closed_ = false;
  bool stop_requested_ = false;
  bool interrupted_ = false;
  std::function<void()> stop_;
};

}  // namespace gibsey::chat
