#pragma once
#include "base/result.hpp"
#include "chat/turn_observer.hpp"
#include "model/turn.hpp"
#include "provider/chat_model.hpp"
#include "retrieval/retriever.hpp"
#include "store/character_store.hpp"
#include "store/ledger_store.hpp"
#include "store/page_store.hpp"
#include "store/turn_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace gibsey::chat {

/// What a reader asks. `world` "" means the character's own; `character_id` "" is the narrator of the first (or named) world.
struct Question {
  std::string user_id;
  std::string world;
  std::string character_id;
  std::string text;
  std::string conversation_id;  ///< "" begins a new one
  std::string page_id;          ///< the page the reader has open, may be empty
  int max_tokens = 0;           ///< 0: the default, 120
};

/// The user has too few credits; nothing was charged and no model was called.
struct CreditsRefused {
  int needed = 0;
  std::int64_t available = 0;
};

/// The bounded queue in front of the model is full; nothing was charged.
struct Busy {
  int wait_seconds = 1;
};

/// A turn that goes on by itself, whether or not anyone reads it. Shared by its readers; safe to use from any executor.
class RunningTurn {
 public:
  virtual ~RunningTurn() = default;
  [[nodiscard]] virtual const std::string& turn_id() const = 0;
  /// Event number `seq` (from 1), waiting until it is there; nullopt after the last one. Many readers may follow one turn.
  virtual boost::asio::awaitable<std::optional<model::TurnEvent>> event(std::size_t seq) = 0;
  /// The reader's wish: the reply ends where it is and is kept.
  virtual void stop() = 0;
};

using StartOutcome = std::variant<std::shared_ptr<RunningTurn>, CreditsRefused, Busy>;

struct TurnSettings {
  int max_tokens = 120;
  int max_turns = 64;             ///< running and waiting turns; one more is Busy
  int opening_grant = 100;        ///< credits of a new user (contracts section 0)
  std::chrono::seconds time_limit{300};  ///< of a whole turn
};

/// The parts that a turn is made of. All must outlive the service and every running turn.
struct TurnParts {
  store::PageStore& pages;
  store::CharacterStore& characters;
  store::TurnStore& turns;
  store::LedgerStore& ledger;
  retrieval::Retriever& retriever;
  provider::ChatModel& model;
  TurnObserver& observer;
};

/// Starts turns and keeps count of them.
class TurnService {
 public:
  virtual ~TurnService() = default;
  /// Admits, holds the credits and records the turn; the reply is then made in the background. Errors: not_found (character,
  /// world; "char not found"), invalid_argument, unavailable (store or ledger; nothing is served free).
  virtual boost::asio::awaitable<Result<StartOutcome>> start(Question question) = 0;
  [[nodiscard]] virtual int running() const = 0;
  /// Admits no more, waits until every running turn has ended or `grace` is over; turns still running then are stopped, their text so far is
  /// kept and they are charged nothing.
  virtual boost::asio::awaitable<void> drain(std::chrono::milliseconds grace) = 0;
};

/// Turns run on `executor` (a thread pool).
[[nodiscard]] std::unique_ptr<TurnService> make_turn_service(boost::asio::any_io_executor executor, TurnParts parts,
                                                             TurnSettings settings);

/// After a start: turns that a crash left running are marked interrupted and what they held is given back; a hold whose turn had
/// been completed is settled. Answers how many turns were found.
boost::asio::awaitable<Result<int>> recover_turns(store::TurnStore& turns, store::LedgerStore& ledger);

}  // namespace gibsey::chat
