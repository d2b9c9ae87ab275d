#pragma once
#include "store/outbox.hpp"

#include <map>
#include <mutex>
#include <optional>

namespace gibsey::store {

/// An outbox in memory, gone with the object: for tests and for trying things out. Never suspends.
class MemoryOutboxStore final : public OutboxStore {
 public:
  Async<void> begin_hold(model::CreditHold hold) override;
  Async<void> confirm_hold(std::string hold_id, std::string entry_id, std::optional<std::int64_t> balance) override;
  Async<void> drop_hold(std::string hold_id) override;
  Async<model::LedgerEntry> end_hold(std::string hold_id, int charged, std::string kind, std::string rule) override;
  Async<std::vector<model::CreditHold>> open_holds() override;
  Async<std::vector<GiveBack>> due_give_backs(UnixMillis now, int limit) override;
  Async<std::optional<UnixMillis>> next_due() override;
  Async<void> put_off(std::int64_t number, UnixMillis due) override;
  Async<void> close_give_back(std::int64_t number, Delivery delivery) override;
  Async<std::int64_t> count_waiting() override;
  Async<std::int64_t> count_refused() override;
  Async<void> verify() override;

 private:
  struct Ending {
    std::string hold_id;
    model::LedgerEntry receipt;
    int charged = 0;
    bool waiting = false;
    bool refused = false;
    int attempts = 0;
    UnixMillis due = 0;
  };
  struct State {
    RemoteHold held;
    std::int64_t order = 0;
    std::int64_t ending = 0;  ///< number of its ending; 0 while it is open
  };

  std::mutex mutex_;
  std::map<std::string, State> holds_;
  std::map<std::int64_t, Ending> endings_;  ///< by number
  std::int64_t begun_ = 0;
};

}  // namespace gibsey::store
