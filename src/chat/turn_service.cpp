#include "chat/turn_service.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"
#include "chat/prompt.hpp"
#include "chat/turn.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

class Turns final : public TurnService {
 public:
  Turns(asio::any_io_executor executor, TurnParts parts, TurnSettings settings)
      : executor_(std::move(executor)), parts_(parts), settings_(settings) {}

  asio::awaitable<Result<StartOutcome>> start(Question question) override {
    const auto started = Deadline::Clock::now();
    // The place is taken before anything waits, so that a crowd cannot pass the check together.
    Place place(*this);
    if (!place.taken()) co_return Busy{.wait_seconds = expected_wait_seconds()};
    GIBSEY_CO_TRY(auto cast, co_await find_cast(question));
    GIBSEY_CO_TRY(auto prompt_template, parse_template(cast.world));

    const auto turn_id = random_id();
    const int cost = cast.character.id.empty() ? cast.world.narrator_cost : cast.world.character_cost;
    GIBSEY_CO_TRY(auto outcome, co_await parts_.ledger.hold(question.user_id, turn_id, cost, settings_.opening_grant));
    if (const auto* refused = std::get_if<model::InsufficientCredits>(&outcome)) {
      co_return CreditsRefused{.needed = refused->needed, .available = refused->available};
    }
    parts_.observer.phase("hold", std::chrono::duration<double>(Deadline::Clock::now() - started).count());

    auto& hold = std::get<model::CreditHold>(outcome);
    if (question.max_tokens <= 0) question.max_tokens = settings_.max_tokens;
    auto record = new_record(question, cast, hold, turn_id);
    if (const auto begun = co_await parts_.turns.begin(record); !begun) {
      (void)co_await parts_.ledger.release(hold.id, "not started: released in full");
      co_return std::unexpected(begun.error());
    }
    auto turn = std::make_shared<AdmittedTurn>(AdmittedTurn{.question = std::move(question),
                                                            .world = std::move(cast.world),
                                                            .character = std::move(cast.character),
                                                            .speaker_names = std::move(cast.speaker_names),
                                                            .hold = std::move(hold),
                                                            .record = std::move(record),
                                                            .prompt_template = std::move(prompt_template),
                                                            .log = std::make_shared<TurnLog>(turn_id),
                                                            .deadline = Deadline::after(settings_.time_limit),
                                                            .started = started});
    turn->log->append(model::TurnStarted{.turn_id = turn_id,
                                         .conversation_id = turn->record.conversation_id,
                                         .hold = turn->hold.amount});
    StartOutcome running = std::shared_ptr<RunningTurn>(turn->log);
    place.keep();
    remember(turn->log);
    asio::co_spawn(executor_, run_and_leave(std::move(turn)), asio::detached);
    co_return running;
  }

  [[nodiscard]] int running() const override { return running_.load(); }

  asio::awaitable<void> drain(std::chrono::milliseconds grace) override {
    draining_ = true;
    const auto deadline = Deadline::after(grace);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (running_ > 0 && !deadline.passed()) co_await pause(timer);
    stop_all();
    // A stopped turn still has its record to write: a second is plenty for that.
    const auto last = Deadline::after(std::chrono::seconds(2));
    while (running_ > 0 && !last.passed()) co_await pause(timer);
  }

 private:
  struct Cast {
    model::World world;
    model::Character character;
    std::vector<std::string> speaker_names;
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

  static asio::awaitable<void> pause(asio::steady_timer& timer) {
    timer.expires_after(std::chrono::milliseconds(20));
    co_await timer.async_wait(asio::use_awaitable);
  }

  asio::awaitable<void> run_and_leave(std::shared_ptr<AdmittedTurn> turn) {
    const auto started = turn->started;
    const auto id = turn->record.id;
    co_await run_turn(std::move(turn), parts_);
    {
      const std::lock_guard lock(mutex_);
      logs_.erase(id);
      const auto seconds = std::chrono::duration<double>(Deadline::Clock::now() - started).count();
      // A moving mean over about ten turns.
      mean_seconds_ = mean_seconds_ == 0 ? seconds : 0.9 * mean_seconds_ + 0.1 * seconds;
    }
    --running_;
  }

  asio::awaitable<Result<Cast>> find_cast(const Question& question) {
    Cast cast;
    auto world_name = question.world;
    if (!question.character_id.empty()) {
      GIBSEY_CO_TRY(auto character, co_await parts_.characters.find_character(question.world, question.character_id));
      if (!character) co_return fail(ErrorCode::not_found, "char not found");
      world_name = character->world;
      cast.character = std::move(*character);
    }
    GIBSEY_CO_TRY(auto worlds, co_await parts_.pages.list_worlds());
    const auto world = world_name.empty() ? worlds.begin() : std::ranges::find(worlds, world_name, &model::World::name);
    if (world == worlds.end()) {
      co_return fail(ErrorCode::not_found, world_name.empty() ? std::string("no world is loaded yet: ingest one first")
                                                              : fmt::format("there is no world '{}'", world_name));
    }
    cast.world = std::move(*world);
    if (question.character_id.empty()) cast.character = cast.world.narrator;
    GIBSEY_CO_TRY(const auto characters, co_await parts_.characters.list_characters(cast.world.name));
    for (const auto& character : characters) cast.speaker_names.push_back(character.display_name);
    co_return cast;
  }

  Result<PromptTemplate> parse_template(const model::World& world) const {
    const bool small = parts_.model.is_small();
    const auto& own = small ? world.small_prompt_template : world.prompt_template;
    return PromptTemplate::parse(own.empty() ? std::string(default_prompt_template(small)) : own);
  }

  model::Turn new_record(const Question& question, const Cast& cast, const model::CreditHold& hold, const std::string& id) const {
    const auto now = unix_millis_now();
    return {.id = id,
            .conversation_id = question.conversation_id.empty() ? random_id() : question.conversation_id,
            .user_id = question.user_id,
            .world = cast.world.name,
            .character_id = cast.character.id,
            .question = question.text,
            .hold_id = hold.id,
            .provider = parts_.model.provider(),
            .model = parts_.model.model(),
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
  std::atomic<int> running_ = 0;
  std::atomic<bool> draining_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<TurnLog>> logs_;
  double mean_seconds_ = 0;
};

}  // namespace

std::unique_ptr<TurnService> make_turn_service(asio::any_io_executor executor, TurnParts parts, TurnSettings settings) {
  return std::make_unique<Turns>(std::move(executor), parts, settings);
}

asio::awaitable<Result<int>> recover_turns(store::TurnStore& turns, store::LedgerStore& ledger) {
  GIBSEY_CO_TRY(auto interrupted, co_await turns.list_running());
  for (auto& turn : interrupted) {
    log::warn("turn {} was interrupted by a stop of the program", turn.id);
    turn.status = model::TurnStatus::interrupted;
    turn.finish_reason = model::to_string(model::FinishReason::error);
    turn.error = "the program stopped while the reply was written";
    turn.updated = unix_millis_now();
    GIBSEY_CO_CHECK(co_await turns.finish(turn));
  }
  GIBSEY_CO_TRY(const auto holds, co_await ledger.open_holds());
  for (const auto& hold : holds) {
    GIBSEY_CO_TRY(auto turn, co_await turns.find(hold.turn_id));
    const bool served = turn && (turn->status == model::TurnStatus::complete || turn->status == model::TurnStatus::stopped);
    const std::string rule = served ? "complete: charged in full" : "interrupted: released in full";
    const auto entry = served ? co_await ledger.settle(hold.id, hold.amount, rule) : co_await ledger.release(hold.id, rule);
    if (!entry) co_return std::unexpected(entry.error());
    if (!turn) continue;
    const int charged = served ? hold.amount : 0;
    turn->receipt = model::Receipt{.held = hold.amount,
                                   .charged = charged,
                                   .released = hold.amount - charged,
                                   .balance = entry->balance,
                                   .rule = rule};
    GIBSEY_CO_CHECK(co_await turns.finish(*turn));
  }
  co_return static_cast<int>(interrupted.size());
}

}  // namespace gibsey::chat
