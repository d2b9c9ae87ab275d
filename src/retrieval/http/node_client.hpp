#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "net/circuit_breaker.hpp"
#include "net/http_pool.hpp"
#include "net/service_client.hpp"
#include "retrieval/sharded/shard_map.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace gibsey::retrieval::http {

/// Calls one memory node, over connections that are kept, behind a breaker. Safe to use from any executor.
class NodeClient {
 public:
  /// `headers` go with every call.
  NodeClient(sharded::MemoryNode node, net::HttpHeaders headers, net::BreakerSettings breaker,
             std::shared_ptr<net::HttpPool> pool);

  /// The body of the answer. unavailable: none by the deadline, another status than 200; at once while the breaker is open.
  boost::asio::awaitable<Result<std::string>> call(std::string call, std::string body, Deadline deadline);
  /// What a call would give at once; nullopt when it would be made.
  [[nodiscard]] std::optional<Error> refusal() const;
  [[nodiscard]] net::ServiceState state() const;
  [[nodiscard]] const std::string& name() const { return node_.name; }

 private:
  boost::asio::awaitable<Result<std::string>> exchange(std::string call, std::string body, Deadline deadline);

  const sharded::MemoryNode node_;
  const net::HttpHeaders headers_;
  const std::shared_ptr<net::HttpPool> pool_;
  net::CircuitBreaker breaker_;
  mutable std::mutex mutex_;
  net::ServiceState state_;
};

}  // namespace gibsey::retrieval::http
