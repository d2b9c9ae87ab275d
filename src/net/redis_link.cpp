#include "net/redis_link.hpp"

#include <fmt/format.h>
#include <sys/un.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <utility>
#include <vector>

namespace gibsey::net {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Endpoint = asio::generic::stream_protocol::endpoint;

namespace {

bool is_path(const RedisOptions& options) {
  return options.host.starts_with('/');
}

}  // namespace

std::string place_of(const RedisOptions& options) {
  return is_path(options) ? "Redis at " + options.host : fmt::format("Redis at {}:{}", options.host, options.port);
}

RedisLink::RedisLink(const asio::any_io_executor& executor, const RedisOptions& options, std::function<void()> on_silence)
    : options_(options), socket_(executor), resolver_(executor), limit_(executor, [this, tell = std::move(on_silence)] {
        close();
        tell();
      }) {}

asio::awaitable<Result<Clock::duration>> RedisLink::open() {
  limit_.start(options_.connect_limit);
  GIBSEY_CO_CHECK(co_await connect());
  doing_ = "greeting it";
  if (!options_.password.empty()) GIBSEY_CO_CHECK(co_await ask({"AUTH", options_.password}));
  if (options_.db != 0) GIBSEY_CO_CHECK(co_await ask({"SELECT", std::to_string(options_.db)}));
  const auto start = Clock::now();
  GIBSEY_CO_CHECK(co_await ask({"PING"}));
  if (closed_) co_return std::unexpected(trouble(asio::error::operation_aborted));
  limit_.stop();
  doing_ = "waiting for its answer";
  co_return Clock::now() - start;
}

asio::awaitable<Result<void>> RedisLink::connect() {
  std::vector<Endpoint> endpoints;
  error_code error;
  if (is_path(options_)) {
    if (options_.host.size() >= sizeof(sockaddr_un::sun_path)) {
      co_return fail(ErrorCode::unavailable, place_of(options_) + ": the path is too long for a socket");
    }
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(options_.host));
  } else {
    doing_ = "looking up its name";
    const auto found = co_await resolver_.async_resolve(options_.host, std::to_string(options_.port),
                                                        asio::redirect_error(asio::use_awaitable, error));
    if (!error && closed_) error = asio::error::operation_aborted;
    if (error) co_return std::unexpected(trouble(error));
    for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
  }
  doing_ = "connecting";
  co_await asio::async_connect(socket_, endpoints, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(trouble(error));
  error_code not_tcp;
  socket_.set_option(asio::ip::tcp::no_delay(true), not_tcp);
  co_return Result<void>{};
}

/// A command of the greeting, which must not be refused.
asio::awaitable<Result<void>> RedisLink::ask(RedisCommand command) {
  GIBSEY_CO_TRY(const auto bytes, encode_redis_command(command));
  co_await write(bytes);
  for (;;) {
    GIBSEY_CO_TRY(const auto reply, next());
    if (reply && reply->kind == RedisReply::Kind::error) co_return std::unexpected(refusal(command, reply->text));
    if (reply) co_return Result<void>{};
    GIBSEY_CO_CHECK(co_await read());
  }
}

/// An old server repeats the arguments of a command that it does not know: of an answer to AUTH nothing but the code may be
/// shown.
Error RedisLink::refusal(const RedisCommand& command, const std::string& text) const {
  const auto code = text.substr(0, text.find(' '));
  const auto place = place_of(options_);
  if (command.front() == "AUTH") {
    return {ErrorCode::unavailable, fmt::format("{} refuses the password ({}); check REDIS_PASSWORD", place, code)};
  }
  if (code == "NOAUTH") return {ErrorCode::unavailable, place + " wants a password; set REDIS_PASSWORD"};
  return {ErrorCode::unavailable, fmt::format("{} refuses {}: {}", place, fmt::join(command, " "), text)};
}

asio::awaitable<Result<void>> RedisLink::read() {
  error_code error;
  const auto read = co_await socket_.async_read_some(asio::buffer(in_), asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(trouble(error));
  co_return reader_.feed({in_.data(), read});
}

asio::awaitable<void> RedisLink::write(std::string_view bytes) {
  error_code error;
  co_await asio::async_write(socket_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
  if (error) close();
}

void RedisLink::expect_answer() {
  limit_.start(options_.answer_limit);
}

void RedisLink::expect_nothing() {
  limit_.stop();
}

void RedisLink::close() {
  error_code ignored;
  closed_ = true;
  limit_.stop();
  resolver_.cancel();
  socket_.close(ignored);
}

Error RedisLink::trouble(const error_code& error) const {
  const auto place = place_of(options_);
  if (limit_.expired()) return {ErrorCode::unavailable, fmt::format("{} did not answer in time while {}", place, doing_)};
  return {ErrorCode::unavailable, fmt::format("{} cannot be reached ({} failed: {})", place, doing_, error.message())};
}

}  // namespace gibsey::net
