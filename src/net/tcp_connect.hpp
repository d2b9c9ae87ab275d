#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <expected>
#include <string>
#include <vector>

namespace gibsey::net {

/// Both run on the caller's executor, which must be a strand, and end at `until` with asio::error::timed_out: a name whose lookup
/// is under way then is left to the system, which cannot break it off.
using TcpConnectEnd = std::chrono::steady_clock::time_point;

/// The addresses of a name, or the one that it is, in the order to try them: the system's, families by turns. Errors: the
/// resolver's.
boost::asio::awaitable<std::expected<std::vector<boost::asio::ip::tcp::endpoint>, boost::system::error_code>> look_up(
    std::string host, std::string port, TcpConnectEnd until);

/// A connection to whichever of the addresses takes one first (after RFC 8305): the next is tried as soon as one has failed, or
/// beside it when it has not answered within `patience`. The connection has no Nagle delay. Errors: the last address's.
boost::asio::awaitable<std::expected<boost::asio::ip::tcp::socket, boost::system::error_code>> connect_any(
    std::vector<boost::asio::ip::tcp::endpoint> addresses, TcpConnectEnd until,
    std::chrono::milliseconds patience = std::chrono::milliseconds(250));

}  // namespace gibsey::net
