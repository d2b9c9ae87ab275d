#include "net/tcp_connect.hpp"

#include "net/testing/io_threads.hpp"

#include <gtest/gtest.h>
#include <boost/asio/strand.hpp>

#include <memory>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using Addresses = std::expected<std::vector<tcp::endpoint>, boost::system::error_code>;

const tcp::endpoint kAnyPort{asio::ip::address_v4::loopback(), 0};

/// A socket has no value to begin with, which co_spawn asks for.
struct Connection {
  std::unique_ptr<tcp::socket> socket;
  boost::system::error_code error;
};

asio::awaitable<Connection> connection_of(std::vector<tcp::endpoint> addresses, Clock::time_point until,
                                          std::chrono::milliseconds patience) {
  auto socket = co_await connect_any(std::move(addresses), until, patience);
  if (!socket) co_return Connection{.socket = nullptr, .error = socket.error()};
  co_return Connection{.socket = std::make_unique<tcp::socket>(*std::move(socket)), .error = {}};
}

class TcpConnect : public ::testing::Test {
 protected:
  Connection connect(std::vector<tcp::endpoint> addresses, Clock::duration time, std::chrono::milliseconds patience = 20ms) {
    auto connection = connection_of(std::move(addresses), Clock::now() + time, patience);
    return asio::co_spawn(strand(), std::move(connection), asio::use_future).get();
  }
  Addresses find(const std::string& host, Clock::duration time) {
    return asio::co_spawn(strand(), look_up(host, "8080", Clock::now() + time), asio::use_future).get();
  }
  asio::strand<asio::any_io_executor> strand() { return asio::make_strand(io_.executor()); }
  tcp::endpoint dead() {
    const tcp::acceptor once(io_.executor(), kAnyPort);
    return once.local_endpoint();
  }

  testing::IoThreads io_;
};

/// Takes no connection: those that fill its queue are never accepted.
class BlackHole {
 public:
  explicit BlackHole(const asio::any_io_executor& executor) : acceptor_(executor, tcp::v4()) {
    acceptor_.bind(kAnyPort);
    acceptor_.listen(0);
    auto place = acceptor_.local_endpoint();
    for (int i = 0; i < 3; ++i) {
      auto& socket = waiting_.emplace_back(executor);
      socket.open(tcp::v4());
      socket.native_non_blocking(true);
      ::connect(socket.native_handle(), place.data(), static_cast<socklen_t>(place.size()));  // Asio's would wait
    }
  }
  [[nodiscard]] tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  tcp::acceptor acceptor_;
  std::vector<tcp::socket> waiting_;
};

TEST_F(TcpConnect, TriesTheNextAddressWhenOneRefuses) {
  const tcp::acceptor live(io_.executor(), kAnyPort);
  const auto begun = Clock::now();
  const auto connection = connect({dead(), dead(), live.local_endpoint()}, 30s, 20s);
  ASSERT_TRUE(connection.socket) << connection.error.message();
  EXPECT_EQ(connection.socket->remote_endpoint(), live.local_endpoint());
  EXPECT_LT(Clock::now() - begun, 15s) << "it does not wait for its turn";
}

TEST_F(TcpConnect, DoesNotWaitLongForAnAddressThatIsSilent) {
  const tcp::acceptor live(io_.executor(), kAnyPort);
  const BlackHole silent(io_.executor());
  const auto connection = connect({silent.endpoint(), live.local_endpoint()}, 30s);
  ASSERT_TRUE(connection.socket) << connection.error.message();
  EXPECT_EQ(connection.socket->remote_endpoint(), live.local_endpoint());
}

TEST_F(TcpConnect, ASilentAddressCostsTheTimeThatWasAllowed) {
  const BlackHole silent(io_.executor());
  const auto begun = Clock::now();
  const auto connection = connect({silent.endpoint(), dead()}, 150ms);
  ASSERT_FALSE(connection.socket);
  EXPECT_EQ(connection.error, asio::error::timed_out);
  EXPECT_GE(Clock::now() - begun, 149ms);
  EXPECT_LT(Clock::now() - begun, 10s);
}

TEST_F(TcpConnect, TellsWhyTheLastAddressFailed) {
  const auto connection = connect({dead(), dead()}, 30s);
  ASSERT_FALSE(connection.socket);
  EXPECT_EQ(connection.error, asio::error::connection_refused);
  EXPECT_FALSE(connect({}, 30s).socket) << "no address at all";
}

TEST_F(TcpConnect, AnAddressNeedsNoLookup) {
  for (const auto* address : {"127.0.0.1", "::1", "10.1.2.3"}) {
    const auto found = find(address, 0ms);
    ASSERT_TRUE(found) << address;
    EXPECT_EQ(*found, std::vector{tcp::endpoint(asio::ip::make_address(address), 8080)});
  }
}

TEST_F(TcpConnect, ANameIsLookedUp) {
  const auto found = find("localhost", 10s);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_FALSE(found->empty());
  EXPECT_TRUE(found->front().address().is_loopback());
  EXPECT_EQ(found->front().port(), 8080);
}

TEST_F(TcpConnect, ALookupHoldsNobodyLongerThanAllowed) {
  const auto begun = Clock::now();
  EXPECT_FALSE(find("nobody.invalid", 50ms));
  EXPECT_LT(Clock::now() - begun, 4s);
}

}  // namespace
}  // namespace gibsey::net
