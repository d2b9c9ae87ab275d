#pragma once
#include "base/ids.hpp"
#include "chat/turn_log.hpp"
#include "chat/turn_service.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gibsey::server::testing {

/// A turn service whose turns say what the test tells them to. It refuses as a real one does: user "poor" has 2 credits, text
/// "busy" finds the queue full, character "nobody" is not there, text "down" finds no ledger.
class ScriptedTurns : public chat::TurnService {
 public:
  boost::asio::awaitable<Result<chat::StartOutcome>> start(chat::Question question) override {
    if (question.text == "down") co_return fail(ErrorCode::unavailable, "The ledger cannot be reached; try again later.");
    if (question.character_id == "nobody") co_return fail(ErrorCode::not_found, "char not found");
    if (question.text == "busy") co_return chat::Busy{7};
    if (question.user_id == "poor") co_return chat::CreditsRefused{5, 2};
    auto log = std::make_shared<chat::TurnLog>(random_id());
    const std::lock_guard lock(mutex_);
    for (const auto& event : events_) log->append(event);
    if (closes_) log->close();
    questions_.push_back(std::move(question));
    logs_.push_back(log);
    co_return std::shared_ptr<chat::RunningTurn>(log);
  }
  boost::asio::awaitable<Result<std::shared_ptr<chat::RunningTurn>>> open(std::string turn_id,
                                                                          std::optional<std::string>) override {
    const std::lock_guard lock(mutex_);
    for (const auto& log : logs_) {
      if (log->turn_id() == turn_id) co_return std::shared_ptr<chat::RunningTurn>(log);
    }
    co_return fail(ErrorCode::not_found, "there is no such turn");
  }
  boost::asio::awaitable<Result<chat::StartOutcome>> regenerate(std::string, std::optional<std::string>, chat::Dialect dialect,
                                                                std::optional<chat::IdempotencyKey>) override {
    chat::Question question{.user_id = "u", .text = "again"};
    question.dialect = std::move(dialect);
    co_return co_await start(std::move(question));
  }
  [[nodiscard]] int running() const override { return 0; }
  boost::asio::awaitable<bool> drain(std::chrono::milliseconds) override { co_return true; }

  /// Ends every turn, as a service that drains does.
  void close_all() {
    const std::lock_guard lock(mutex_);
    for (const auto& log : logs_) log->close();
  }
  /// What every later turn says at once, and whether it ends then.
  void script(std::vector<model::TurnEvent> events, bool closes) {
    const std::lock_guard lock(mutex_);
    events_ = std::move(events);
    closes_ = closes;
  }
  [[nodiscard]] std::vector<chat::Question> questions() {
    const std::lock_guard lock(mutex_);
    return questions_;
  }
  [[nodiscard]] std::shared_ptr<chat::TurnLog> last() {
    const std::lock_guard lock(mutex_);
    return logs_.back();
  }

 private:
  std::mutex mutex_;
  std::vector<model::TurnEvent> events_;
  bool closes_ = true;
  std::vector<chat::Question> questions_;
  std::vector<std::shared_ptr<chat::TurnLog>> logs_;
};

}  // namespace gibsey::server::testing
