#include "net/http_client.hpp"
#include "net/http_pool.hpp"
#include "net/testing/canned_server.hpp"
#include "net/testing/certificates.hpp"
#include "net/testing/forward_proxy.hpp"
#include "net/testing/io_threads.hpp"
#include "net/testing/keeping_server.hpp"
#include "net/testing/server_thread.hpp"

#include <gtest/gtest.h>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using testing::CannedServer;
using testing::fine;
using testing::ForwardProxy;
using testing::IoThreads;
using testing::KeepingServer;
using testing::SeenRequest;

/// The body, or "refused: " and the message.
asio::awaitable<std::string> told(asio::awaitable<HttpResult> request) {
  auto reply = co_await std::move(request);
  if (!reply) co_return "refused: " + reply.error().message;
  auto body = co_await (*reply)->read_all();
  co_return body ? *body : "broken: " + body.error().message;
}

class HttpTls : public ::testing::Test {
 protected:
  std::string get(const std::string& url) { return io_.run(told(send_http({.url = url}, {}, Deadline::never()))); }
  std::string get_through(const ForwardProxy& proxy, const std::string& url) {
    const ProxyRules rules{.https = {"https_proxy", "http://" + proxy.place()}};
    return io_.run(told(send_http({.url = url}, {}, Deadline::never(), rules)));
  }

  IoThreads io_;
  testing::CertificateAuthority authority_;
  const KeepingServer::Script answer_fine_ = [](const SeenRequest&) { return KeepingServer::Answer{fine()}; };
};

TEST_F(HttpTls, AnAddressMustStandInTheCertificate) {
  auto right = authority_.server_context("DNS:models.example,IP:127.0.0.1");
  auto other = authority_.server_context("DNS:models.example,DNS:127.0.0.1,IP:127.0.0.2");
  const KeepingServer good(answer_fine_, &right);
  const KeepingServer bad(answer_fine_, &other);
  EXPECT_EQ(get(good.address()), "fine");
  EXPECT_EQ(good.names(), std::vector<std::string>{""}) << "an address is not told by SNI";
  const auto refusal = get(bad.address());
  EXPECT_TRUE(refusal.starts_with("refused: 127.0.0.1:" + bad.port())) << refusal;
  EXPECT_TRUE(refusal.contains("certificate verify failed")) << refusal;
  EXPECT_TRUE(refusal.contains("IP address mismatch")) << refusal;
  EXPECT_TRUE(bad.requests().empty()) << "no key went out";
}

TEST_F(HttpTls, AnIPv6AddressMustStandInTheCertificateToo) {
  auto right = authority_.server_context("IP:::1");
  auto other = authority_.server_context("IP:::2");
  const KeepingServer good(answer_fine_, &right, asio::ip::address_v6::loopback());
  const KeepingServer bad(answer_fine_, &other, asio::ip::address_v6::loopback());
  EXPECT_EQ(get(good.address("[::1]")), "fine");
  EXPECT_TRUE(get(bad.address("[::1]")).contains("IP address mismatch"));
}

TEST_F(HttpTls, ANameMustStandInTheCertificate) {
  struct Case {
    std::string names;
    std::string host;
    bool taken;
  };
  const ForwardProxy proxy;
  for (const auto& [names, host, taken] : std::vector<Case>{
           {"DNS:models.example", "models.example", true},
           {"DNS:other.example,DNS:models.example", "MODELS.example", true},
           {"DNS:models.example", "models.example.", true},
           {"DNS:*.example.org", "models.example.org", true},
           {"DNS:*.example.org", "a.models.example.org", false},
           {"DNS:*.example.org", "example.org", false},
           {"DNS:m*.example.org", "models.example.org", false},
           {"DNS:models.example", "models.example.org", false},
           {"DNS:models.example", "eu.models.example", false},
           {"IP:127.0.0.1", "models.example", false},
       }) {
    auto context = authority_.server_context(names);
    const KeepingServer server(answer_fine_, &context);
    const auto answer = get_through(proxy, server.address(host));
    EXPECT_EQ(answer == "fine", taken) << names << " for " << host << ": " << answer;
    EXPECT_EQ(answer.contains("hostname mismatch"), !taken) << answer;
    EXPECT_EQ(server.requests().size(), taken ? 1U : 0U);
    if (taken && !host.ends_with('.')) EXPECT_EQ(server.names(), std::vector<std::string>{host});
    if (host.ends_with('.')) EXPECT_EQ(server.names(), std::vector<std::string>{"models.example"}) << "RFC 6066 section 3";
  }
}

TEST_F(HttpTls, ACertificateOfAnotherAuthorityIsRefused) {
  auto context = authority_.server_context("DNS:localhost,IP:127.0.0.1");
  const testing::CertificateAuthority other;  // trusted from now on
  const KeepingServer server(answer_fine_, &context);
  for (const auto* host : {"127.0.0.1", "localhost"}) {
    EXPECT_TRUE(get(server.address(host)).contains("certificate verify failed")) << get(server.address(host));
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(HttpTls, ThePoolKeepsConnections) {
  auto context = authority_.server_context("DNS:localhost");
  KeepingServer server(answer_fine_, &context);
  HttpPool pool(io_.executor());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(io_.run(told(pool.send({.url = server.address("localhost")}, {}, Deadline::never()))), "fine");
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.names(), std::vector<std::string>{"localhost"});
  server.close_connections();
  EXPECT_EQ(io_.run(told(pool.send({.url = server.address("localhost")}, {}, Deadline::never()))), "fine");
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpTls, ThePoolTakesUpASessionAgain) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto context = authority_.server_context("DNS:localhost,IP:127.0.0.1");
    SSL_CTX_set_max_proto_version(context.native_handle(), version);
    const KeepingServer server([](const SeenRequest&) { return KeepingServer::Answer{fine(), true}; }, &context);
    HttpPool pool(io_.executor());
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(io_.run(told(pool.send({.url = server.address("localhost")}, {}, Deadline::never()))), "fine");
    }
    EXPECT_EQ(server.connections(), 3);
    EXPECT_EQ(server.resumed(), 2) << std::hex << version;
    EXPECT_EQ(io_.run(told(pool.send({.url = server.address()}, {}, Deadline::never()))), "fine");
    EXPECT_EQ(server.resumed(), 2) << "another host's session is not taken up";
  }
}

/// Answers whatever it gets, as far as it is HTTP.
class PlainHandler final : public HttpHandler {
 public:
  Admission admit(const HttpRequest&) override { return {1024, std::nullopt}; }
  asio::awaitable<void> answer(HttpRequest, HttpExchange& exchange) override { co_await exchange.send({200, {}, "fine"}); }
  HttpResponse refusal(const HttpRequest&, int status, std::string_view detail) override {
    return {status, {}, std::string(detail)};
  }
};

TEST_F(HttpTls, HttpsToAPortThatSpeaksHttpIsNamed) {
  PlainHandler handler;
  const testing::ServerThread server(handler);
  const auto refusal = get("https://127.0.0.1:" + std::to_string(server.port()));
  EXPECT_TRUE(refusal.contains("answers without TLS")) << refusal;
}

TEST_F(HttpTls, HttpToAPortThatSpeaksTlsIsNamed) {
  CannedServer alert({{std::string("\x15\x03\x01\x00\x02\x02\x46", 7)}});
  const auto refusal = get(alert.address());
  EXPECT_TRUE(refusal.contains("answers with TLS")) << refusal;
  auto context = authority_.server_context("IP:127.0.0.1");
  const KeepingServer server(answer_fine_, &context);
  const auto closed = get("http://127.0.0.1:" + server.port());
  EXPECT_TRUE(closed.contains("speaks https only") || closed.contains("answers with TLS")) << closed;
}

}  // namespace
}  // namespace gibsey::net
