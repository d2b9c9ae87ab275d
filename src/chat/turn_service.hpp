#pragma once
#include "base/result.hpp"
#include "chat/costs.hpp"
#include "chat/dialect.hpp"
#include "chat/running_turn.hpp"
#include "chat/tone.hpp"
#include "chat/turn_observer.hpp"
#include "model/turn.hpp"
#include "provider/providers.hpp"
#include "retrieval/passage_finder.hpp"
#include "store/character_store.hpp"
#include "store/history_window.hpp"
#include "store/ledger_store.hpp"
#include "store/page_store.hpp"
#include "store/turn_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gibsey::chat {

class NotesLayer;
class Recall;
class Sentiments;

/// The key that a client gave a request, so that a repetition is not run or charged again.
struct IdempotencyKey {
  std::string route;
  std::string key;
  std::string body_hash;
};

/// A finished pair of an earlier question and its reply.
struct PastExchange {
  std::string question;
  std::string reply;
};

/// What a reader asks. `world` "" means the character's own; `character_id` "" is the narrator of the first (or named) world.
struct Question {
  std::string user_id;
  std::string world;
  std::string character_id;
  std::string text;
  std::string conversation_id;  ///< "" begins a new one
  std::string page_id;          ///< the page the reader has open, may be empty
  int max_tokens = 0;           ///< 0: the dialect's, else the world's, else the default, 120
  Dialect dialect = ask_dialect();
  std::optional<IdempotencyKey> idempotency;
  double personality_weight = 0;
  /// The turn of `conversation_id` that this one follows in the conversation's tree, "": none; absent: its newest.
  std::optional<std::string> parent_id;
  /// What a client of a facade sent along: its own system message, which joins the mandate, the talk so far (absent: the
  /// conversation's record counts) and strings before which the reply ends.
  std::string client_system;
  std::optional<std::vector<PastExchange>> history;
  std::vector<std::string> stop;
  std::string provider;  ///< the only provider that may answer, and its model; "" any
  std::string model;
  int sibling = 0;  ///< how many times the same question was answered before: another quote and other words are chosen
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

using StartOutcome = std::variant<std::shared_ptr<RunningTurn>, CreditsRefused, Busy>;

struct TurnSettings {
  int max_tokens = 120;                  ///< where neither question, dialect nor world says
  int max_turns = 64;                    ///< running and waiting turns; one more is Busy
  int opening_grant = 100;               ///< credits of a new user (contracts section 0)
  std::chrono::seconds time_limit{300};  ///< of a whole turn
  /// So long readers who have all the text wait for its end while the store that is to keep it is away; looked at after each
  /// attempt to store it, and one to a store that does not answer may take half a minute.
  std::chrono::milliseconds closing_patience{10'000};
  int context_tokens = 6000;  ///< of a prompt with its reply; the model's own limit counts too
  /// Where the passages cannot be looked up: fail the turn, or let the character answer without quotes and say so.
  bool passages_required = false;
  /// Whether a reader is told why the models failed, their addresses included: where the reader is the operator too.
  bool tell_faults = true;
  ToneSteps tone_steps;
  Costs costs;         ///< besides those of the worlds
  bool debug = false;  ///< what models are sent is kept in the turn's record
};

/// The parts that a turn is made of. All must outlive the service and every running turn.
struct TurnParts {
  store::PageStore& pages;
  store::CharacterStore& characters;
  store::TurnStore& turns;
  store::LedgerStore& ledger;
  retrieval::PassageFinder& passages;
  provider::Providers& models;
  TurnObserver& observer;
  const Sentiments* sentiments = nullptr;  ///< null: no tone follows the reader
  Recall* recall = nullptr;                ///< null: nobody is remembered
  store::HistoryWindow* window = nullptr;  ///< of the cited chat, shared with other programs; null: the record alone
  NotesLayer* notes = nullptr;             ///< null: the book has written none about itself
};

/// Starts turns and keeps count of them.
class TurnService {
 public:
  virtual ~TurnService() = default;
  /// Claims the idempotency key, admits, holds the credits and records the turn; the reply is then made in the background. With a
  /// key that was used before the answer is the turn of then, running or ended. Errors: not_found (character, world: "char not
  /// found"; a conversation that is another reader's), invalid_argument, conflict (the key came with another body), unavailable
  /// (store or ledger; nothing is served free).
  virtual boost::asio::awaitable<Result<StartOutcome>> start(Question question) = 0;
  /// A turn of any age, to be followed from its start or stopped. not_found: no such turn, or it is not `user_id`'s (nullopt:
  /// anyone's).
  virtual boost::asio::awaitable<Result<std::shared_ptr<RunningTurn>>> open(std::string turn_id,
                                                                            std::optional<std::string> user_id) = 0;
  /// Answers the question of a turn once more, as its sibling. `dialect` and key as in start(). Errors: as start() and open().
  virtual boost::asio::awaitable<Result<StartOutcome>> regenerate(std::string turn_id, std::optional<std::string> user_id,
                                                                  Dialect dialect, std::optional<IdempotencyKey> idempotency) = 0;
  [[nodiscard]] virtual int running() const = 0;
  /// Admits no more, waits until every running turn has ended or `grace` is over; turns still running then are stopped, their
  /// text so far is kept and they are charged nothing. False where one has not ended two seconds later (a store that does not
  /// answer): it uses this service and its parts still.
  virtual boost::asio::awaitable<bool> drain(std::chrono::milliseconds grace) = 0;
};

/// Turns run on `executor` (a thread pool). A dialect named in `special` has parts of its own (contracts section 8: services
/// elsewhere serve
/// `/ask` and `/ws/chat` alone).
[[nodiscard]] std::unique_ptr<TurnService> make_turn_service(boost::asio::any_io_executor executor, TurnParts parts,
                                                             TurnSettings settings,
                                                             std::map<std::string, TurnParts> special = {});

}  // namespace gibsey::chat
