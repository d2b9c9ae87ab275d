#include "retrieval/http/node_client.hpp"

#include "retrieval/sharded/shard_nodes.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace gibsey::retrieval::http {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;

/// Of some thousand passages.
constexpr std::size_t kLongestAnswer = 32 * 1024 * 1024;
constexpr std::size_t kShownOfRefusal = 200;

}  // namespace

NodeClient::NodeClient(sharded::MemoryNode node, net::HttpHeaders headers, net::BreakerSettings breaker,
                       std::shared_ptr<net::HttpPool> pool)
    : node_(std::move(node)), headers_(std::move(headers)), pool_(std::move(pool)), breaker_(std::move(breaker)) {
  state_.name = node_.name;
  state_.address = net::shown_address(node_.url);
}

asio::awaitable<Result<std::string>> NodeClient::call(std::string call, std::string body, Deadline deadline) {
  auto permit = breaker_.enter();
  if (!permit) co_return std::unexpected(refusal().value_or(Error{ErrorCode::unavailable, node_.name + " does not answer"}));
  const auto begun = std::chrono::steady_clock::now();
  // A page is taken in behind loads and other pages: that this takes long says nothing of searches.
  const bool follows = call == sharded::kCallFollow;
  auto answer = co_await exchange(std::move(call), std::move(body), deadline);
  if (follows && !answer) co_return answer;
  answer ? permit->succeeded() : permit->failed();
  const std::lock_guard lock(mutex_);
  state_.tried = true;
  state_.connected = answer.has_value();
  state_.latency_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  state_.detail = answer ? "" : answer.error().message;
  co_return answer;
}

asio::awaitable<Result<std::string>> NodeClient::exchange(std::string call, std::string body, Deadline deadline) {
  const auto failure = [this](std::string why) {
    return fail(ErrorCode::unavailable, fmt::format("the memory node {} at {} {}", node_.name, state_.address, why));
  };
  net::HttpClientRequest request{
      .method = "POST", .url = node_.url + "/v1/shards/" + call, .headers = headers_, .body = std::move(body)};
  request.headers.add("Content-Type", "application/octet-stream");
  const auto left = std::chrono::duration_cast<milliseconds>(deadline.left());
  auto reply = co_await pool_->send(std::move(request), {.connect = left, .first_byte = left, .idle = left}, deadline);
  if (!reply && reply.error().code == ErrorCode::deadline) co_return failure("did not answer in time");
  if (!reply) co_return failure(fmt::format("does not answer; see that it runs ({})", reply.error().message));
  auto read = co_await (*reply)->read_all(kLongestAnswer);
  if (!read) co_return failure(fmt::format("broke off its answer ({})", read.error().message));
  const int status = (*reply)->status();
  if (status != 200) co_return failure(fmt::format("answered {}: {}", status, read->substr(0, kShownOfRefusal)));
  co_return *std::move(read);
}

std::optional<Error> NodeClient::refusal() const {
  if (!breaker_.closed_off()) return std::nullopt;
  return Error{ErrorCode::unavailable,
               fmt::format("the memory node {} at {} has failed several times", node_.name, state_.address)};
}

net::ServiceState NodeClient::state() const {
  const auto breaker = breaker_.state();
  const std::lock_guard lock(mutex_);
  auto state = state_;
  state.breaker = breaker;
  return state;
}

}  // namespace gibsey::retrieval::http
