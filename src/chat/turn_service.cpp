#include "chat/turn_service.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"
#include "chat/recovery.hpp"
#include "chat/stored_turn.hpp"
#include "chat/turn.hpp"
#include "chat/turn_closing.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// An Idempotency-Key is good for 24 hours (contracts section 0).
constexpr UnixMillis kClaimLife = 24LL * 60 * 60 * 1000;
/// A request that finds its key being admitted waits for so long.
constexpr auto kClaimWait = std::chrono::seconds(10);
/// A claim without a turn that nobody admits is one that a crash left. Between its writing and its being known here lies less.
constexpr UnixMillis kClaimYoung = 100;
constexpr int kMostEvents = 1'000'000;
constexpr const char* kNotStarted = "not started: released in full";
/// Between two looks whether a ledger that was away is back.
constexpr auto kLedgerPause = std::chrono::milliseconds(500);
constexpr std::size_t kMostLostHolds = 1'000;

class Turns final : public TurnService {
 public:
  Turns(asio::any_io_executor executor, TurnParts parts, TurnSettings settings, std::map<std::string, TurnParts> special)
      : executor_(std::move(executor)),
        parts_(parts),
        settings_(std::move(settings)),
        special_(std::move(special)),
        saver_(std::make_shared<EventSaver>(executor_)) {}

  asio::awaitable<Result<StartOutcome>> start(Question question) override {
    if (!question.idempotency) co_return co_await admit(std::move(question), random_id());
    GIBSEY_CO_TRY(auto claimed, co_await claim(question));
    if (claimed.earlier) co_return StartOutcome(std::move(claimed.earlier));
    const auto turn_id = claimed.turn_id;
    auto outcome = co_await admit(std::move(question), turn_id);
    const bool begun = outcome && std::holds_alternative<std::shared_ptr<RunningTurn>>(*outcome);
    if (!begun) {
      // What was refused left nothing behind: the next request with the key is a new one.
      if (const auto dropped = co_await parts_.turns.drop_claim(turn_id); !dropped) {
        log::warn("the claim of turn {} stays: {}", turn_id, dropped.error().message);
      }
    }
    const std::lock_guard lock(mutex_);
    starting_.erase(turn_id);
    co_return outcome;
  }

  asio::awaitable<Result<std::shared_ptr<RunningTurn>>> open(std::string turn_id, std::optional<std::string> user_id) override {
    GIBSEY_CO_TRY(auto turn, co_await load(turn_id, std::move(user_id)));
    if (auto live = find_live(turn_id)) co_return std::shared_ptr<RunningTurn>(std::move(live));
    // It may have ended between the two looks.
    if (turn.status == model::TurnStatus::running) {
      GIBSEY_CO_TRY(turn, co_await load(turn_id, std::nullopt));
    }
    GIBSEY_CO_TRY(auto events, co_await parts_.turns.events(turn_id, 0, kMostEvents));
    co_return make_stored_turn(turn, std::move(events));
  }

  asio::awaitable<Result<StartOutcome>> regenerate(std::string turn_id, std::optional<std::string> user_id, Dialect dialect,
                                                   std::optional<IdempotencyKey> idempotency) override {
    GIBSEY_CO_TRY(auto turn, co_await load(std::move(turn_id), std::move(user_id)));
    GIBSEY_CO_TRY(const auto conversation, co_await parts_.turns.list_turns(turn.conversation_id));
    const auto is_sibling = [&turn](const model::Turn& other) {
      return other.parent_id == turn.parent_id && other.question == turn.question;
    };
    const auto siblings = std::ranges::count_if(conversation, is_sibling);
    Question question{.user_id = turn.user_id,
                      .world = turn.world,
                      .character_id = turn.character_id,
                      .text = turn.question,
                      .conversation_id = turn.conversation_id,
                      .dialect = std::move(dialect),
                      .idempotency = std::move(idempotency),
                      .personality_weight = turn.personality_weight,
                      .parent_id = turn.parent_id,
                      .sibling = static_cast<int>(siblings)};
    co_return co_await start(std::move(question));
  }

  [[nodiscard]] int running() const override { return running_.load(); }

  asio::awaitable<bool> drain(std::chrono::milliseconds grace) override {
    draining_ = true;
    const auto deadline = Deadline::after(grace);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (is_busy() && !deadline.passed()) co_await pause(timer);
    stop_all();
    // A stopped turn still has its record to write: a second is plenty for that.
    const auto last = Deadline::after(std::chrono::seconds(2));
    while (is_busy() && !last.passed()) co_await pause(timer);
    co_return !is_busy();
  }

 private:
  struct Cast {
    model::World world;
    model::Character character;
  };

  /// One of the `max_turns` places; given back unless kept.
  class Place {
   public:
    explicit Place(Turns& turns) : turns_(turns) {
      auto now = turns_.running_.load();
      while (now < turns_.settings_.max_turns && !turns_.draining_) {
        if (turns_.running_.compare_exchange_weak(now, now + 1)) {
          taken_ = true;
          return;
        }
      }
    }
    ~Place() {
      if (taken_) --turns_.running_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    [[nodiscard]] bool taken() const { return taken_; }
    void keep() { taken_ = false; }

   private:
    Turns& turns_;
    bool taken_ = false;
  };

  [[nodiscard]] bool is_busy() const { return running_ > 0 || looking_for_holds_; }

  static asio::awaitable<void> pause(asio::steady_timer& timer) {
    timer.expires_after(std::chrono::milliseconds(20));
    co_await timer.async_wait(asio::use_awaitable);
  }

  /// A key's earlier turn, or the id under which a new one may start.
  struct Claimed {
    std::string turn_id;
    std::shared_ptr<RunningTurn> earlier;
  };

  /// Claims the key. While another request with it is still being admitted, waits to see what comes of that one.
  asio::awaitable<Result<Claimed>> claim(const Question& question) {
    const auto& key = *question.idempotency;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto deadline = Deadline::after(kClaimWait);
    while (true) {
      const auto now = unix_millis_now();
      const auto turn_id = random_id();
      GIBSEY_CO_TRY(const auto standing, co_await parts_.turns.claim({.user_id = question.user_id,
                                                                      .route = key.route,
                                                                      .key = key.key,
                                                                      .body_hash = key.body_hash,
                                                                      .turn_id = turn_id,
                                                                      .made = now},
                                                                     now - kClaimLife));
      if (standing.turn_id == turn_id) {
        const std::lock_guard lock(mutex_);
        starting_.insert(turn_id);
        co_return Claimed{.turn_id = turn_id};
      }
      if (standing.body_hash != key.body_hash) {
        co_return fail(ErrorCode::conflict, "This Idempotency-Key was used for another request; give this one a new key.");
      }
      GIBSEY_CO_TRY(auto earlier, co_await find_earlier(standing.turn_id, now - standing.made));
      if (earlier) co_return Claimed{.turn_id = standing.turn_id, .earlier = std::move(earlier)};
      if (deadline.passed())
        co_return fail(ErrorCode::busy, "The first request with this Idempotency-Key is still being admitted; try again.");
      co_await pause(timer);
    }
  }

  /// The turn of a claim; null while it is being admitted, or after a claim was given up that a crash had left without a turn.
  asio::awaitable<Result<std::shared_ptr<RunningTurn>>> find_earlier(std::string turn_id, UnixMillis age) {
    if (auto live = find_live(turn_id)) co_return std::shared_ptr<RunningTurn>(std::move(live));
    GIBSEY_CO_TRY(const auto stored, co_await parts_.turns.find(turn_id));
    if (stored) co_return co_await open(turn_id, std::nullopt);
    if (!is_starting(turn_id) && age > kClaimYoung) GIBSEY_CO_CHECK(co_await parts_.turns.drop_claim(turn_id));
    co_return std::shared_ptr<RunningTurn>();
  }

  [[nodiscard]] const TurnParts& parts_of(const Dialect& dialect) const {
    const auto own = special_.find(dialect.name);
    return own == special_.end() ? parts_ : own->second;
  }

  asio::awaitable<Result<StartOutcome>> admit(Question question, std::string turn_id) {
    const auto started = Deadline::Clock::now();
    const auto& parts = parts_of(question.dialect);
    if (settings_.passages_required) {
      if (auto refusal = parts.passages.refusal()) co_return std::unexpected(*std::move(refusal));
    }
    // The place is taken before anything waits, so that a crowd cannot pass the check together.
    Place place(*this);
    if (!place.taken()) co_return Busy{.wait_seconds = expected_wait_seconds()};
    GIBSEY_CO_TRY(auto cast, co_await find_cast(question));
    if (!parts_.models.has(question.provider, question.model))
      co_return fail(ErrorCode::invalid_argument, "this server has no such provider or model; see GET /v1/providers");
    GIBSEY_CO_CHECK(co_await choose_parent(question));

    model::CreditHold hold;
    if (const int cost = cost_of(settings_.costs, question.dialect, cast.world, cast.character.id.empty()); cost > 0) {
      auto outcome = co_await parts.ledger.hold(question.user_id, turn_id, cost, settings_.opening_grant);
      if (!outcome) {
        if (is_away(outcome.error())) look_for_hold(std::move(turn_id), parts.ledger);
        co_return std::unexpected(std::move(outcome).error());
      }
      if (const auto* refused = std::get_if<model::InsufficientCredits>(&*outcome)) {
        co_return CreditsRefused{.needed = refused->needed, .available = refused->available};
      }
      hold = std::get<model::CreditHold>(*std::move(outcome));
    }
    const auto hold_seconds = std::chrono::duration<double>(Deadline::Clock::now() - started).count();
    parts_.observer.phase("hold", hold_seconds);

    for (const int preset : {question.dialect.max_tokens, cast.world.max_tokens, settings_.max_tokens}) {
      if (question.max_tokens <= 0) question.max_tokens = preset;
    }
    auto turn = std::make_shared<AdmittedTurn>();
    turn->record = new_record(question, cast, hold, turn_id);
    turn->record.phases.push_back({"hold", 1000 * hold_seconds});
    turn->question = std::move(question);
    turn->world = std::move(cast.world);
    turn->character = std::move(cast.character);
    turn->hold = std::move(hold);
    turn->model = &parts_.models.preferred();
    turn->log = std::make_shared<TurnLog>(turn_id);
    turn->saver = saver_;
    turn->deadline = Deadline::after(settings_.time_limit);
    turn->closing_patience = settings_.closing_patience;
    turn->started = started;
    turn->context_tokens = settings_.context_tokens;
    turn->passages_required = settings_.passages_required;
    turn->tell_faults = settings_.tell_faults;
    turn->debug = settings_.debug;
    turn->tone_steps = settings_.tone_steps;
    co_return co_await begin(std::move(turn), place);
  }

  /// Records the turn and sets it going.
  asio::awaitable<Result<StartOutcome>> begin(std::shared_ptr<AdmittedTurn> turn, Place& place) {
    turn->log->append(model::TurnStarted{
        .turn_id = turn->record.id, .conversation_id = turn->record.conversation_id, .hold = turn->hold.amount});
    // Known before it is stored, so that who finds it in the store finds it here too.
    remember(turn->log);
    if (const auto begun = co_await parts_.turns.begin(turn->record); !begun) {
      place.keep();
      asio::co_spawn(executor_, take_back(std::move(turn), begun.error()), asio::detached);
      co_return std::unexpected(begun.error());
    }
    StartOutcome running = std::shared_ptr<RunningTurn>(turn->log);
    place.keep();
    asio::co_spawn(executor_, run_and_leave(std::move(turn)), asio::detached);
    co_return running;
  }

  using LostHolds = std::map<store::LedgerStore*, std::set<std::string>>;

  /// A ledger that was away may hold the credits of a turn all the same. What is not given back here is swept.
  void look_for_hold(std::string turn_id, store::LedgerStore& ledger) {
    {
      const std::lock_guard lock(mutex_);
      auto& lost = lost_holds_[&ledger];
      if (lost.size() < kMostLostHolds) lost.insert(std::move(turn_id));
      if (looking_for_holds_.exchange(true)) return;
    }
    asio::co_spawn(executor_, release_lost_holds(), asio::detached);
  }

  asio::awaitable<void> release_lost_holds() {
    asio::steady_timer timer(executor_);
    for (auto lost = take_lost_holds(); !lost.empty(); lost = take_lost_holds()) {
      for (auto& [ledger, turns] : lost) {
        if (!co_await is_released(turns, *ledger)) keep_lost(*ledger, std::move(turns));
      }
      timer.expires_after(kLedgerPause);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  /// False where the ledger is still away.
  static asio::awaitable<bool> is_released(const std::set<std::string>& turns, store::LedgerStore& ledger) {
    try {
      const auto released = co_await release_holds_of(turns, kNotStarted, ledger);
      if (!released && is_away(released.error())) co_return false;
      if (!released)
        log::error("holds of questions that were refused stay open until they are swept: {}", released.error().message);
    } catch (const std::exception& bug) {
      log::error("holds of questions that were refused stay open until they are swept: {}", bug.what());
    }
    co_return true;
  }

  void keep_lost(store::LedgerStore& ledger, std::set<std::string> turns) {
    const std::lock_guard lock(mutex_);
    auto& lost = lost_holds_[&ledger];
    lost.merge(turns);
    while (lost.size() > kMostLostHolds) lost.erase(lost.begin());
  }

  /// None when there is nothing to look for, or no time: the next start gives back what is held.
  LostHolds take_lost_holds() {
    const std::lock_guard lock(mutex_);
    if (draining_) lost_holds_.clear();
    if (lost_holds_.empty()) looking_for_holds_ = false;
    return std::exchange(lost_holds_, {});
  }

  /// Gives back what a turn holds that has not begun. A store that was away may have its record all the same, which ends then;
  /// and whoever has met the turn meanwhile, by its key, hears the end.
  asio::awaitable<void> take_back(std::shared_ptr<AdmittedTurn> turn, Error why) {
    const auto id = turn->record.id;
    auto parts = parts_of(turn->question.dialect);
    const bool may_have_begun = is_away(why);
    if (may_have_begun) {
      (void)co_await close_turn(*turn, parts, std::unexpected(why), [] {});
    } else {
      if (!turn->hold.id.empty()) (void)co_await is_released({id}, parts.ledger);
      turn->record.status = model::TurnStatus::failed;
      turn->record.error = why.message;
      turn->record.error_code = to_string(why.code);
      end_log(*turn);
    }
    // start() could not give up the claim of a store that was away.
    if (may_have_begun && turn->question.idempotency) (void)co_await parts.turns.drop_claim(id);
    forget(id);
    --running_;
  }

  /// The turn that this one follows. A conversation that is somebody else's is not there for this reader.
  asio::awaitable<Result<void>> choose_parent(Question& question) {
    if (question.conversation_id.empty()) {
      question.parent_id.emplace();
      co_return Result<void>{};
    }
    GIBSEY_CO_TRY(const auto conversation, co_await parts_.turns.find_conversation(question.conversation_id));
    if (conversation && conversation->user_id != question.user_id) {
      co_return fail(ErrorCode::not_found, fmt::format("there is no conversation '{}'", question.conversation_id));
    }
    if (!question.parent_id) question.parent_id = conversation ? conversation->last_turn_id : "";
    co_return Result<void>{};
  }

  asio::awaitable<Result<model::Turn>> load(std::string turn_id, std::optional<std::string> user_id) {
    GIBSEY_CO_TRY(auto turn, co_await parts_.turns.find(turn_id));
    if (!turn || (user_id && turn->user_id != *user_id))
      co_return fail(ErrorCode::not_found, fmt::format("there is no turn '{}'", turn_id));
    co_return *std::move(turn);
  }

  [[nodiscard]] std::shared_ptr<TurnLog> find_live(const std::string& turn_id) const {
    const std::lock_guard lock(mutex_);
    const auto live = logs_.find(turn_id);
    return live == logs_.end() ? nullptr : live->second;
  }

  [[nodiscard]] bool is_starting(const std::string& turn_id) const {
    const std::lock_guard lock(mutex_);
    return starting_.contains(turn_id);
  }

  void forget(const std::string& turn_id) {
    const std::lock_guard lock(mutex_);
    logs_.erase(turn_id);
  }

  asio::awaitable<void> run_and_leave(std::shared_ptr<AdmittedTurn> turn) {
    auto parts = parts_of(turn->question.dialect);
    co_await run_turn(turn, parts);
    {
      const std::lock_guard lock(mutex_);
      logs_.erase(turn->record.id);
      const auto seconds = turn->record.total_ms / 1000.0;
      // A moving mean over about ten turns.
      mean_seconds_ = mean_seconds_ == 0 ? seconds : 0.9 * mean_seconds_ + 0.1 * seconds;
    }
    --running_;
  }

  /// "": the first that there is.
  asio::awaitable<Result<std::optional<model::World>>> find_world(std::string name) {
    if (!name.empty()) co_return co_await parts_.pages.find_world(std::move(name));
    GIBSEY_CO_TRY(auto worlds, co_await parts_.pages.list_worlds());
    if (worlds.empty()) co_return std::optional<model::World>();
    co_return std::optional(std::move(worlds.front()));
  }

  asio::awaitable<Result<Cast>> find_cast(const Question& question) {
    Cast cast;
    auto world_name = question.world;
    if (!question.character_id.empty()) {
      GIBSEY_CO_TRY(auto character, co_await parts_of(question.dialect)
                                        .characters.find_character_for(question.user_id, question.world, question.character_id));
      if (!character) co_return fail(ErrorCode::not_found, "char not found");
      world_name = character->world;
      cast.character = std::move(*character);
    }
    GIBSEY_CO_TRY(auto world, co_await find_world(world_name));
    if (!world) {
      co_return fail(ErrorCode::not_found, world_name.empty() ? std::string("no world is loaded yet: ingest one first")
                                                              : fmt::format("there is no world '{}'", world_name));
    }
    cast.world = *std::move(world);
    if (question.character_id.empty()) cast.character = cast.world.narrator;
    co_return cast;
  }

  model::Turn new_record(const Question& question, const Cast& cast, const model::CreditHold& hold, const std::string& id) const {
    const auto now = unix_millis_now();
    return {.id = id,
            .conversation_id = question.conversation_id.empty() ? random_id() : question.conversation_id,
            .parent_id = question.parent_id.value_or(""),
            .dialect = question.dialect.name,
            .user_id = question.user_id,
            .world = cast.world.name,
            .character_id = cast.character.id,
            .question = question.text,
            .hold_id = hold.id,
            .provider = parts_.models.preferred().provider(),
            .model = parts_.models.preferred().model(),
            .personality_weight = question.personality_weight,
            .created = now,
            .updated = now};
  }

  int expected_wait_seconds() const {
    const std::lock_guard lock(mutex_);
    return std::clamp(static_cast<int>(mean_seconds_ + 0.999), 1, 60);
  }

  void remember(std::shared_ptr<TurnLog> log) {
    const std::lock_guard lock(mutex_);
    const auto id = log->turn_id();
    logs_.emplace(id, std::move(log));
  }

  void stop_all() {
    std::vector<std::shared_ptr<TurnLog>> logs;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [id, log] : logs_) logs.push_back(log);
    }
    for (const auto& log : logs) log->interrupt();
  }

  asio::any_io_executor executor_;
  TurnParts parts_;
  TurnSettings settings_;
  const std::map<std::string, TurnParts> special_;
  const std::shared_ptr<EventSaver> saver_;
  std::atomic<int> running_ = 0;
  std::atomic<bool> draining_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<TurnLog>> logs_;
  std::set<std::string> starting_;  ///< turns with a key that are being admitted
  double mean_seconds_ = 0;
  LostHolds lost_holds_;  ///< turn ids
  std::atomic<bool> looking_for_holds_ = false;
};

}  // namespace

std::unique_ptr<TurnService> make_turn_service(asio::any_io_executor executor, TurnParts parts, TurnSettings settings,
                                               std::map<std::string, TurnParts> special) {
  return std::make_unique<Turns>(std::move(executor), parts, std::move(settings), std::move(special));
}

}  // namespace gibsey::chat
