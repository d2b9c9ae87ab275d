#pragma once
#include "chat/event_saver.hpp"
#include "chat/turn_log.hpp"
#include "chat/turn_service.hpp"
#include "model/character.hpp"
#include "model/ledger.hpp"
#include "model/world.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace gibsey::chat {

/// A turn that was admitted: its credits are held and it is recorded as running.
struct AdmittedTurn {
  Question question;
  model::World world;
  model::Character character;
  model::CreditHold hold;
  model::Turn record;
  provider::ChatModel* model = nullptr;  ///< that answers, or will be asked first
  std::shared_ptr<TurnLog> log;
  std::shared_ptr<EventSaver> saver;
  Deadline deadline = Deadline::never();
  std::chrono::milliseconds closing_patience{0};
  Deadline::Clock::time_point started;
  int context_tokens = 6000;
  bool passages_required = false;
  bool tell_faults = true;
  bool debug = false;  ///< what models are sent is kept in the record
  ToneSteps tone_steps;

  [[nodiscard]] double milliseconds() const {
    return std::chrono::duration<double, std::milli>(Deadline::Clock::now() - started).count();
  }
};

/// answer -> close_turn (store the text, settle or release, record) -> tell the readers. Every way out closes the log, and where
/// the stores answer before the program stops, ends the hold once and leaves a finished record.
boost::asio::awaitable<void> run_turn(std::shared_ptr<AdmittedTurn> turn, TurnParts parts);

}  // namespace gibsey::chat
