#include "net/redis_client.hpp"

#include "base/log.hpp"
#include "net/redis_link.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>

namespace gibsey::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using Clock = std::chrono::steady_clock;
using Strand = asio::strand<asio::any_io_executor>;
using Replies = std::vector<RedisReply>;

/// Small commands are gathered up to here into one write.
constexpr std::size_t kWriteBytes = 256 * 1024;
/// A connection that ends sooner counts as a failed attempt: a server that takes and drops connections is not tried in a tight
/// loop.
constexpr auto kStable = std::chrono::seconds(1);

/// Commands written together, and who waits for their answers.
struct Waiting {
  Waiting(const Strand& strand, std::string encoded, std::size_t commands, Deadline deadline)
      : bytes(std::move(encoded)), count(commands), wake(strand, deadline.at()) {}

  std::string bytes;
  std::size_t count;
  std::size_t answered = 0;
  Replies replies;
  std::optional<Result<Replies>> outcome;  ///< set once; by the one who waits, when he has given up
  Clock::time_point written;
  asio::steady_timer wake;
};

using WaitingPtr = std::shared_ptr<Waiting>;

/// Each attempt has its own, so that what a closed one still completes cannot touch the next.
struct Connection {
  Connection(const Strand& strand, const RedisOptions& options, std::function<void()> on_silence)
      : link(strand, options, std::move(on_silence)) {}

  RedisLink link;
  std::deque<WaitingPtr> sent;
  std::string out;
  std::optional<Clock::time_point> ready_since;
  bool writing = false;
};

using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace

/// Everything but the state runs on the strand.
class RedisClient::Engine : public std::enable_shared_from_this<Engine> {
 public:
  Engine(const asio::any_io_executor& executor, RedisOptions options)
      : strand_(asio::make_strand(executor)), options_(std::move(options)), where_(place_of(options_)), pause_(strand_) {
    state_.detail = "nothing was asked yet";
  }

  [[nodiscard]] const Strand& strand() const { return strand_; }
  [[nodiscard]] const RedisOptions& options() const { return options_; }

  [[nodiscard]] RedisState state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

  void stop() {
    asio::post(strand_, [self = shared_from_this()] { self->end(); });
  }

  static asio::awaitable<Result<Replies>> exchange(std::shared_ptr<Engine> self, std::string bytes, std::size_t count,
                                                   Deadline deadline) {
    GIBSEY_CO_CHECK(self->admit(bytes.size(), count, deadline));
    const auto waiting = std::make_shared<Waiting>(self->strand_, std::move(bytes), count, deadline);
    self->enqueue(waiting);
    error_code woken;
    if (!waiting->outcome) co_await waiting->wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (!waiting->outcome) self->abandon(waiting, woken.failed());
    co_return *std::move(waiting->outcome);
  }

 private:
  enum class Phase { unused, connecting, connected, away, stopped };

  [[nodiscard]] Result<void> admit(std::size_t bytes, std::size_t count, Deadline deadline) const {
    if (phase_ == Phase::stopped) return fail(ErrorCode::cancelled, where_ + " is no longer asked: the program is ending");
    if (deadline.passed()) return fail(ErrorCode::deadline, "no time was left to ask " + where_);
    if (phase_ == Phase::away) return fail(ErrorCode::unavailable, trouble_);
    if (commands_ + count > options_.most_commands || bytes_ + bytes > options_.most_bytes) {
      return fail(ErrorCode::busy, fmt::format("{} has {} commands to answer; try again later", where_, commands_));
    }
    return {};
  }

  void enqueue(const WaitingPtr& waiting) {
    unsent_.push_back(waiting);
    commands_ += waiting->count;
    bytes_ += waiting->bytes.size();
    if (phase_ == Phase::connected) flush();
    if (phase_ != Phase::unused) return;
    enter(Phase::connecting, "not connected yet");
    asio::co_spawn(strand_, keep_connected(shared_from_this()), asio::detached);
  }

  /// What was written stays in its place in the queue, since its answer will come.
  void abandon(const WaitingPtr& waiting, bool cancelled) {
    if (std::erase(unsent_, waiting) > 0) {
      bytes_ -= waiting->bytes.size();
      commands_ -= waiting->count;
    }
    waiting->outcome = cancelled ? fail(ErrorCode::cancelled, "the question to " + where_ + " was cancelled")
                                 : fail(ErrorCode::deadline, where_ + " did not answer in time");
  }

  void finish(Waiting& waiting, Result<Replies> outcome) {
    commands_ -= waiting.count;
    if (waiting.outcome) return;
    waiting.outcome = std::move(outcome);
    waiting.wake.cancel();
  }

  void fail_all(std::deque<WaitingPtr>& queue, const Error& error) {
    for (const auto& waiting : std::exchange(queue, {})) finish(*waiting, std::unexpected(error));
  }

  void fail_unsent(const Error& error) {
    bytes_ = 0;
    fail_all(unsent_, error);
  }

  void enter(Phase phase, std::string detail) {
    phase_ = phase;
    const std::lock_guard lock(mutex_);
    state_.connected = phase == Phase::connected;
    state_.detail = std::move(detail);
  }

  void go_away(const std::string& trouble) {
    if (phase_ == Phase::stopped) return;
    if (std::exchange(trouble_, trouble) != trouble) log::warn("{}", trouble);
    enter(Phase::away, trouble);
    fail_unsent({ErrorCode::unavailable, trouble});
  }

  void end() {
    enter(Phase::stopped, "stopped");
    pause_.cancel();
    if (connection_) connection_->link.close();
    fail_unsent({ErrorCode::cancelled, where_ + " is no longer asked: the program is ending"});
  }

  static asio::awaitable<void> keep_connected(std::shared_ptr<Engine> self) {
    auto backoff = self->options_.first_backoff;
    while (self->phase_ != Phase::stopped) {
      const auto connection = self->new_connection();
      auto trouble = co_await self->attend(connection);
      connection->link.close();
      if (self->phase_ == Phase::stopped) trouble.code = ErrorCode::cancelled;
      self->fail_all(connection->sent, trouble);
      if (self->phase_ == Phase::stopped) co_return;
      if (connection->ready_since && Clock::now() - *connection->ready_since > kStable) {
        backoff = self->options_.first_backoff;
        self->enter(Phase::connecting, trouble.message);
        continue;
      }
      self->go_away(trouble.message);
      error_code ignored;
      self->pause_.expires_after(backoff);
      co_await self->pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      backoff = std::min(backoff * 2, self->options_.longest_backoff);
    }
  }

  ConnectionPtr new_connection() {
    connection_ = std::make_shared<Connection>(strand_, options_, [this] { give_up(); });
    return connection_;
  }

  /// Those who wait for a connection are told here and not at the end of the attempt, which a name server may hold up.
  void give_up() {
    if (phase_ == Phase::connecting) go_away(connection_->link.trouble(asio::error::timed_out).message);
  }

  /// From the attempt to connect to the end of the connection; answers why it ended.
  asio::awaitable<Error> attend(ConnectionPtr connection) {
    try {
      const auto opened = co_await connection->link.open();
      if (!opened) co_return opened.error();
      if (!std::exchange(trouble_, {}).empty()) log::info("{} is there again", where_);
      record_latency(*opened);
      connection->ready_since = Clock::now();
      enter(Phase::connected, "");
      flush();
      co_return co_await read_replies(*connection);
    } catch (const std::exception& bug) {
      log::error("{}: {}", where_, bug.what());
      co_return Error{ErrorCode::internal, where_ + " cannot be asked: something went wrong inside"};
    }
  }

  asio::awaitable<Error> read_replies(Connection& connection) {
    for (;;) {
      if (const auto read = co_await connection.link.read(); !read) co_return read.error();
      if (auto delivered = deliver_all(connection); !delivered) co_return delivered.error();
      if (connection.sent.empty()) {
        connection.link.expect_nothing();
      } else {
        connection.link.expect_answer();
      }
    }
  }

  Result<void> deliver_all(Connection& connection) {
    for (;;) {
      GIBSEY_TRY(auto reply, connection.link.next());
      if (!reply) return {};
      if (connection.sent.empty()) return fail(ErrorCode::corrupt, where_ + " sent an answer that nobody asked for");
      deliver(connection.sent, *std::move(reply));
    }
  }

  void deliver(std::deque<WaitingPtr>& sent, RedisReply reply) {
    auto& waiting = *sent.front();
    if (!waiting.outcome) waiting.replies.push_back(std::move(reply));
    if (++waiting.answered < waiting.count) return;
    record_latency(Clock::now() - waiting.written);
    finish(waiting, std::move(waiting.replies));
    sent.pop_front();
  }

  void record_latency(Clock::duration time) {
    const std::lock_guard lock(mutex_);
    state_.latency_ms = std::chrono::duration<double, std::milli>(time).count();
  }

  void flush() {
    if (connection_->writing || unsent_.empty()) return;
    connection_->writing = true;
    asio::co_spawn(strand_, write_unsent(shared_from_this(), connection_), asio::detached);
  }

  static asio::awaitable<void> write_unsent(std::shared_ptr<Engine> self, ConnectionPtr connection) {
    while (!connection->link.closed() && self->connection_ == connection && !self->unsent_.empty()) {
      self->gather(*connection);
      co_await connection->link.write(connection->out);
    }
    connection->writing = false;
  }

  void gather(Connection& connection) {
    if (connection.sent.empty()) connection.link.expect_answer();
    auto& out = connection.out;
    out.clear();
    const auto now = Clock::now();
    while (!unsent_.empty() && (out.empty() || out.size() + unsent_.front()->bytes.size() <= kWriteBytes)) {
      auto waiting = std::move(unsent_.front());
      unsent_.pop_front();
      auto bytes = std::exchange(waiting->bytes, {});
      bytes_ -= bytes.size();
      waiting->written = now;
      if (out.empty()) {
        out = std::move(bytes);
      } else {
        out += bytes;
      }
      connection.sent.push_back(std::move(waiting));
    }
  }

  Strand strand_;
  const RedisOptions options_;
  const std::string where_;
  Phase phase_ = Phase::unused;
  std::string trouble_;  ///< why the last attempt failed
  ConnectionPtr connection_;
  std::deque<WaitingPtr> unsent_;
  std::size_t commands_ = 0;  ///< unsent and unanswered
  std::size_t bytes_ = 0;     ///< unsent
  asio::steady_timer pause_;
  mutable std::mutex mutex_;
  RedisState state_;
};

RedisClient::RedisClient(const asio::any_io_executor& executor, RedisOptions options)
    : engine_(std::make_shared<Engine>(executor, std::move(options))) {}

RedisClient::~RedisClient() {
  stop();
}

RedisState RedisClient::state() const {
  return engine_->state();
}

void RedisClient::stop() {
  engine_->stop();
}

asio::awaitable<Result<RedisReply>> RedisClient::call(RedisCommand command, Deadline deadline) {
  std::vector<RedisCommand> commands;
  commands.push_back(std::move(command));
  GIBSEY_CO_TRY(auto replies, co_await pipeline(std::move(commands), deadline));
  co_return std::move(replies.front());
}

asio::awaitable<Result<std::vector<RedisReply>>> RedisClient::pipeline(std::vector<RedisCommand> commands, Deadline deadline) {
  const auto engine = engine_;
  if (commands.empty()) co_return Replies{};
  std::string bytes;
  for (const auto& command : commands) {
    GIBSEY_CO_TRY(const auto encoded, encode_redis_command(command));
    bytes += encoded;
    if (bytes.size() > engine->options().most_bytes)
      co_return fail(ErrorCode::too_large, "these commands are too large to be sent to Redis");
  }
  if (commands.size() > engine->options().most_commands)
    co_return fail(ErrorCode::too_large, "these are too many commands to be sent to Redis at once");
  co_return co_await asio::co_spawn(engine->strand(), Engine::exchange(engine, std::move(bytes), commands.size(), deadline),
                                    asio::use_awaitable);
}

}  // namespace gibsey::net
