#include "net/redis_client.hpp"

#include "base/log.hpp"
#include "net/timeout.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
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
using Stream = asio::generic::stream_protocol;
using Replies = std::vector<RedisReply>;

constexpr std::size_t kReadBytes = 64 * 1024;
/// Small commands are gathered up to here into one write.
constexpr std::size_t kWriteBytes = 256 * 1024;
/// A connection that ends sooner counts as a failed attempt: a server that takes and drops connections is not tried in a tight loop.
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

/// One connection. Each attempt has its own, so that what a closed one still completes cannot touch the next.
struct Link {
  Link(const Strand& strand, std::function<void()> on_silence) : socket(strand), resolver(strand), limit(strand, std::move(on_silence)) {}

  void close() {
    error_code ignored;
    closed = true;
    limit.stop();
    resolver.cancel();
    socket.close(ignored);
  }

  Stream::socket socket;
  asio::ip::tcp::resolver resolver;
  Timeout limit;
  RedisReplyReader reader;
  std::array<char, kReadBytes> in{};
  std::string out;
  std::deque<WaitingPtr> sent;
  std::optional<Clock::time_point> ready_since;
  const char* doing = "connecting";
  bool writing = false;
  bool closed = false;
};

using LinkPtr = std::shared_ptr<Link>;

}  // namespace

/// Everything but the state runs on the strand.
class RedisClient::Engine : public std::enable_shared_from_this<Engine> {
 public:
  Engine(asio::any_io_executor executor, RedisOptions options)
      : strand_(asio::make_strand(std::move(executor))),
        options_(std::move(options)),
        where_(options_.host.starts_with('/') ? "Redis at " + options_.host : fmt::format("Redis at {}:{}", options_.host, options_.port)),
        pause_(strand_) {
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

  static asio::awaitable<Result<Replies>> exchange(std::shared_ptr<Engine> self, std::string bytes, std::size_t count, Deadline deadline) {
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
    if (link_) link_->close();
    fail_unsent({ErrorCode::cancelled, where_ + " is no longer asked: the program is ending"});
  }

  static asio::awaitable<void> keep_connected(std::shared_ptr<Engine> self) {
    auto backoff = self->options_.first_backoff;
    while (self->phase_ != Phase::stopped) {
      const auto link = self->new_link();
      auto trouble = co_await self->attend(link);
      link->close();
      if (self->phase_ == Phase::stopped) trouble.code = ErrorCode::cancelled;
      self->fail_all(link->sent, trouble);
      if (self->phase_ == Phase::stopped) co_return;
      if (link->ready_since && Clock::now() - *link->ready_since > kStable) {
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

  LinkPtr new_link() {
    link_ = std::make_shared<Link>(strand_, [this] { give_up(*link_); });
    return link_;
  }

  /// Looking up a name cannot be broken off, so the callers are told here and not when the attempt ends.
  void give_up(Link& link) {
    link.close();
    if (phase_ == Phase::connecting) go_away(trouble_of(link, asio::error::timed_out).message);
  }

  /// From the attempt to connect to the end of the connection; answers why it ended.
  asio::awaitable<Error> attend(LinkPtr link) {
    try {
      link->limit.start(options_.connect_limit);
      if (const auto opened = co_await open(*link); !opened) co_return opened.error();
      if (const auto greeted = co_await greet(*link); !greeted) co_return greeted.error();
      link->limit.stop();
      if (link->closed) co_return trouble_of(*link, asio::error::operation_aborted);
      if (!std::exchange(trouble_, {}).empty()) log::info("{} is there again", where_);
      link->ready_since = Clock::now();
      enter(Phase::connected, "");
      flush();
      co_return co_await read_replies(*link);
    } catch (const std::exception& bug) {
      log::error("{}: {}", where_, bug.what());
      co_return Error{ErrorCode::internal, where_ + " cannot be asked: something went wrong inside"};
    }
  }

  [[nodiscard]] Error trouble_of(const Link& link, const error_code& error) const {
    if (link.limit.expired()) return {ErrorCode::unavailable, fmt::format("{} did not answer in time while {}", where_, link.doing)};
    return {ErrorCode::unavailable, fmt::format("{} cannot be reached ({} failed: {})", where_, link.doing, error.message())};
  }

  asio::awaitable<Result<void>> open(Link& link) {
    std::vector<Stream::endpoint> endpoints;
    error_code error;
    if (options_.host.starts_with('/')) {
      if (options_.host.size() >= sizeof(sockaddr_un::sun_path)) co_return fail(ErrorCode::unavailable, where_ + ": the path is too long for a socket");
      endpoints.emplace_back(asio::local::stream_protocol::endpoint(options_.host));
    } else {
      link.doing = "looking up its name";
      const auto found = co_await link.resolver.async_resolve(options_.host, std::to_string(options_.port),
                                                              asio::redirect_error(asio::use_awaitable, error));
      if (!error && link.closed) error = asio::error::operation_aborted;
      if (error) co_return std::unexpected(trouble_of(link, error));
      for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
    }
    link.doing = "connecting";
    co_await asio::async_connect(link.socket, endpoints, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::unexpected(trouble_of(link, error));
    error_code no_tcp;
    link.socket.set_option(asio::ip::tcp::no_delay(true), no_tcp);
    co_return Result<void>{};
  }

  asio::awaitable<Result<void>> greet(Link& link) {
    link.doing = "greeting it";
    if (!options_.password.empty()) GIBSEY_CO_CHECK(co_await ask(link, {"AUTH", options_.password}));
    if (options_.db != 0) GIBSEY_CO_CHECK(co_await ask(link, {"SELECT", std::to_string(options_.db)}));
    const auto start = Clock::now();
    GIBSEY_CO_CHECK(co_await ask(link, {"PING"}));
    record_latency(start);
    co_return Result<void>{};
  }

  /// A command of the greeting, which must not be refused.
  asio::awaitable<Result<void>> ask(Link& link, RedisCommand command) {
    GIBSEY_CO_TRY(const auto bytes, encode_redis_command(command));
    error_code error;
    co_await asio::async_write(link.socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    while (!error) {
      GIBSEY_CO_TRY(const auto reply, link.reader.next());
      if (reply && reply->kind == RedisReply::Kind::error) co_return std::unexpected(refusal(command, reply->text));
      if (reply) co_return Result<void>{};
      GIBSEY_CO_CHECK(co_await read_some(link, error));
    }
    co_return std::unexpected(trouble_of(link, error));
  }

  /// An old server repeats the arguments of a command that it does not know: nothing but the code of an answer to AUTH may be shown.
  [[nodiscard]] Error refusal(const RedisCommand& command, const std::string& text) const {
    const auto code = text.substr(0, text.find(' '));
    if (command.front() == "AUTH") return {ErrorCode::unavailable, fmt::format("{} refuses the password ({}); check REDIS_PASSWORD", where_, code)};
    if (code == "NOAUTH") return {ErrorCode::unavailable, where_ + " wants a password; set REDIS_PASSWORD"};
    return {ErrorCode::unavailable, fmt::format("{} refuses {}: {}", where_, fmt::join(command, " "), text)};
  }

  asio::awaitable<Result<void>> read_some(Link& link, error_code& error) {
    const auto read = co_await link.socket.async_read_some(asio::buffer(link.in), asio::redirect_error(asio::use_awaitable, error));
    co_return link.reader.feed({link.in.data(), read});
  }

  asio::awaitable<Error> read_replies(Link& link) {
    link.doing = "waiting for its answer";
    for (;;) {
      error_code error;
      const auto fed = co_await read_some(link, error);
      if (error) co_return trouble_of(link, error);
      if (!fed) co_return fed.error();
      if (auto delivered = deliver_all(link); !delivered) co_return delivered.error();
      if (link.sent.empty()) {
        link.limit.stop();
      } else {
        link.limit.start(options_.answer_limit);
      }
    }
  }

  Result<void> deliver_all(Link& link) {
    for (;;) {
      GIBSEY_TRY(auto reply, link.reader.next());
      if (!reply) return {};
      if (link.sent.empty()) return fail(ErrorCode::corrupt, where_ + " sent an answer that nobody asked for");
      deliver(link, *std::move(reply));
    }
  }

  void deliver(Link& link, RedisReply reply) {
    auto& waiting = *link.sent.front();
    if (!waiting.outcome) waiting.replies.push_back(std::move(reply));
    if (++waiting.answered < waiting.count) return;
    record_latency(waiting.written);
    finish(waiting, std::move(waiting.replies));
    link.sent.pop_front();
  }

  void record_latency(Clock::time_point start) {
    const std::lock_guard lock(mutex_);
    state_.latency_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  }

  void flush() {
    if (link_->writing || unsent_.empty()) return;
    link_->writing = true;
    asio::co_spawn(strand_, write_unsent(shared_from_this(), link_), asio::detached);
  }

  static asio::awaitable<void> write_unsent(std::shared_ptr<Engine> self, LinkPtr link) {
    while (!link->closed && self->link_ == link && !self->unsent_.empty()) {
      self->gather(*link);
      error_code error;
      co_await asio::async_write(link->socket, asio::buffer(link->out), asio::redirect_error(asio::use_awaitable, error));
      if (error) link->close();  // the reading side then ends and tells everyone
    }
    link->writing = false;
  }

  void gather(Link& link) {
    if (link.sent.empty()) link.limit.start(options_.answer_limit);
    link.out.clear();
    const auto now = Clock::now();
    while (!unsent_.empty() && (link.out.empty() || link.out.size() + unsent_.front()->bytes.size() <= kWriteBytes)) {
      auto waiting = std::move(unsent_.front());
      unsent_.pop_front();
      auto bytes = std::exchange(waiting->bytes, {});
      bytes_ -= bytes.size();
      waiting->written = now;
      if (link.out.empty()) {
        link.out = std::move(bytes);
      } else {
        link.out += bytes;
      }
      link.sent.push_back(std::move(waiting));
    }
  }

  Strand strand_;
  const RedisOptions options_;
  const std::string where_;
  Phase phase_ = Phase::unused;
  std::string trouble_;  ///< why the last attempt failed
  LinkPtr link_;
  std::deque<WaitingPtr> unsent_;
  std::size_t commands_ = 0;  ///< unsent and unanswered
  std::size_t bytes_ = 0;     ///< unsent
  asio::steady_timer pause_;
  mutable std::mutex mutex_;
  RedisState state_;
};

RedisClient::RedisClient(asio::any_io_executor executor, RedisOptions options)
    : engine_(std::make_shared<Engine>(std::move(executor), std::move(options))) {}

RedisClient::~RedisClient() { stop(); }

RedisState RedisClient::state() const { return engine_->state(); }

void RedisClient::stop() { engine_->stop(); }

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
    if (bytes.size() > engine->options().most_bytes) co_return fail(ErrorCode::too_large, "these commands are too large to be sent to Redis");
  }
  if (commands.size() > engine->options().most_commands) co_return fail(ErrorCode::too_large, "these are too many commands to be sent to Redis at once");
  co_return co_await asio::co_spawn(engine->strand(), Engine::exchange(engine, std::move(bytes), commands.size(), deadline), asio::use_awaitable);
}

}  // namespace gibsey::net
