#pragma once
#include "app/config.hpp"
#include "base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace gibsey::app {

/// What became of asking one server that the configuration names. The error is one sentence: what is wrong, and what to do.
struct ServerCheck {
  std::string what;  ///< "redis at 127.0.0.1:6379"
  Result<void> outcome;
};

/// Asks every server that the configuration names whether it does what it is needed for, one after the other, each for at most
/// five seconds. Nothing is changed anywhere. `executor` must run.
boost::asio::awaitable<std::vector<ServerCheck>> check_servers(const Config& config, boost::asio::any_io_executor executor);

}  // namespace gibsey::app
