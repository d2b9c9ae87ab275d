#include "net/http_client.hpp"
#include "net/http_pool.hpp"
#include "net/testing/canned_server.hpp"
#include "net/testing/certificates.hpp"
#include "net/testing/forward_proxy.hpp"
#include "net/testing/io_threads.hpp"
#include "net/testing/keeping_server.hpp"

#include <gtest/gtest.h>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using testing::CannedServer;
using testing::fine;
using testing::ForwardProxy;
using testing::KeepingServer;
using testing::SeenRequest;

constexpr const char* kAuthorization = "Basic dXNlcjpzM2NyZXQ=";  // user:s3cret

struct Told {
  int status = 0;
  std::string body;
  std::optional<HttpFailure> failure;
};

asio::awaitable<Told> told(asio::awaitable<HttpResult> request) {
  auto reply = co_await std::move(request);
  if (!reply) co_return Told{.failure = reply.error()};
  auto body = co_await (*reply)->read_all();
  co_return Told{.status = (*reply)->status(), .body = body.value_or("broken"), .failure = {}};
}

ProxyRules through(const std::string& proxy, bool loopback = true) {
  return {.http = {"http_proxy", proxy}, .https = {"https_proxy", proxy}, .no_proxy = {}, .loopback = loopback};
}

class HttpProxy : public ::testing::Test {
 protected:
  Told get(const std::string& url, const ProxyRules& rules) {
    return io_.run(told(send_http({.url = url, .headers = {{"Authorization", "Bearer api-key"}}}, {}, Deadline::never(), rules)));
  }

  testing::IoThreads io_;
  const KeepingServer::Script answer_fine_ = [](const SeenRequest&) { return KeepingServer::Answer{fine()}; };
};

TEST_F(HttpProxy, HttpGoesInAbsoluteForm) {
  const KeepingServer server(answer_fine_);
  const ForwardProxy proxy({.authorization = kAuthorization});
  const auto answer = get(server.address("models.example") + "/path?q=1", through("http://user:s3cret@" + proxy.place()));
  EXPECT_EQ(answer.body, "fine");
  ASSERT_EQ(proxy.heads().size(), 1U);
  const auto place = "models.example:" + server.port();
  EXPECT_TRUE(proxy.heads()[0].starts_with("GET http://" + place + "/path?q=1 HTTP/1.1\r\n")) << proxy.heads()[0];
  EXPECT_TRUE(proxy.heads()[0].contains("\r\nHost: " + place + "\r\n")) << proxy.heads()[0];
  EXPECT_TRUE(server.requests().at(0).head.starts_with("GET /path?q=1 "));
}

TEST_F(HttpProxy, HttpsGoesThroughATunnelThatKnowsNeitherKeyNorPath) {
  const testing::CertificateAuthority authority;
  auto context = authority.server_context("DNS:models.example");
  const KeepingServer server(answer_fine_, &context);
  const ForwardProxy proxy({.authorization = kAuthorization});
  const auto answer = get(server.address("models.example") + "/path", through("http://user:s3cret@" + proxy.place()));
  EXPECT_EQ(answer.body, "fine") << answer.failure->message;
  ASSERT_EQ(proxy.heads().size(), 1U);
  const auto place = "models.example:" + server.port();
  EXPECT_EQ(proxy.heads()[0], "CONNECT " + place + " HTTP/1.1\r\nHost: " + place +
                                  "\r\nUser-Agent: gibsey\r\nProxy-Authorization: " + kAuthorization + "\r\n\r\n");
  const auto head = server.requests().at(0).head;
  EXPECT_TRUE(head.starts_with("GET /path HTTP/1.1\r\n")) << head;
  EXPECT_TRUE(head.contains("Authorization: Bearer api-key\r\n")) << head;
  EXPECT_FALSE(head.contains("Proxy-Authorization")) << head;
  EXPECT_EQ(server.names(), std::vector<std::string>{"models.example"});
}

TEST_F(HttpProxy, AProxyThatRefusesIsNamedWithoutItsPassword) {
  const ForwardProxy proxy({.authorization = kAuthorization});
  const auto answer = get("https://models.example", through("http://user:s3cret-wrong@" + proxy.place()));
  ASSERT_TRUE(answer.failure);
  EXPECT_EQ(answer.failure->code, ErrorCode::unavailable);
  EXPECT_FALSE(answer.failure->sent);
  EXPECT_TRUE(answer.failure->message.starts_with("models.example:443 through the proxy " + proxy.place()))
      << answer.failure->message;
  EXPECT_TRUE(answer.failure->message.contains("status 407; it wants a name and password")) << answer.failure->message;
  EXPECT_FALSE(answer.failure->message.contains("s3cret")) << answer.failure->message;
  EXPECT_FALSE(answer.failure->message.contains("user")) << answer.failure->message;
  const ForwardProxy strict({.refuse_with = 403});
  EXPECT_TRUE(get("https://models.example", through(strict.place())).failure->message.contains("status 403"));
  EXPECT_EQ(get("http://models.example", through(strict.place())).status, 403) << "of http it is an answer as any";
}

TEST_F(HttpProxy, AProxyThatIsNotThereOrIsNoneIsAFailure) {
  const auto dead = CannedServer({}).address();
  CannedServer other({{"SSH-2.0-OpenSSH_9.2\r\n\r\n"}});
  for (const auto& proxy : {dead, other.address()}) {
    const auto answer = get("https://models.example", through(proxy.substr(0, 7) + "user:s3cret@" + proxy.substr(7)));
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->code, ErrorCode::unavailable);
    EXPECT_FALSE(answer.failure->sent);
    EXPECT_FALSE(answer.failure->message.contains("s3cret")) << answer.failure->message;
  }
  const auto wrong = get("https://models.example", through("socks5://user:s3cret@host:1080"));
  ASSERT_TRUE(wrong.failure);
  EXPECT_EQ(wrong.failure->code, ErrorCode::invalid_argument);
  EXPECT_FALSE(wrong.failure->sent);
}

TEST_F(HttpProxy, LoopbackGoesDirectly) {
  const KeepingServer server(answer_fine_);
  const ForwardProxy proxy;
  EXPECT_EQ(get(server.address(), through(proxy.place(), false)).body, "fine");
  EXPECT_TRUE(proxy.heads().empty());
  EXPECT_EQ(get(server.address(), through(proxy.place(), true)).body, "fine");
  EXPECT_EQ(proxy.heads().size(), 1U);
}

TEST_F(HttpProxy, TheDefaultIsWhatWasSet) {
  const auto before = default_proxies();
  const KeepingServer server(answer_fine_);
  const ForwardProxy proxy;
  set_default_proxies(through(proxy.place()));
  const auto answer = io_.run(told(send_http({.url = server.address("models.example")}, {}, Deadline::never())));
  HttpPool pool(io_.executor());
  set_default_proxies(before);
  EXPECT_EQ(answer.body, "fine");
  EXPECT_EQ(io_.run(told(pool.send({.url = server.address("models.example")}, {}, Deadline::never()))).body, "fine");
  EXPECT_EQ(proxy.heads().size(), 2U);
}

TEST_F(HttpProxy, ThePoolKeepsATunnel) {
  const testing::CertificateAuthority authority;
  auto context = authority.server_context("DNS:models.example,DNS:other.example");
  const KeepingServer server(answer_fine_, &context);
  const ForwardProxy proxy;
  HttpPool pool(io_.executor(), {.proxies = through(proxy.place())});
  for (int i = 0; i < 3; ++i) {
    const auto url = server.address("models.example");
    EXPECT_EQ(io_.run(told(pool.send({.method = "POST", .url = url, .body = "{}"}, {}, Deadline::never()))).body, "fine");
  }
  EXPECT_EQ(proxy.heads().size(), 1U);
  EXPECT_EQ(io_.run(told(pool.send({.url = server.address("other.example")}, {}, Deadline::never()))).body, "fine");
  EXPECT_EQ(proxy.heads().size(), 2U) << "a tunnel leads to one host";
}

TEST_F(HttpProxy, ThePoolTellsTheProxyInEveryRequestWhoItIs) {
  const KeepingServer server(answer_fine_);
  const ForwardProxy proxy({.authorization = kAuthorization});
  HttpPool pool(io_.executor(), {.proxies = through("http://user:s3cret@" + proxy.place())});
  for (int i = 0; i < 3; ++i) {
    const auto url = server.address("models.example");
    EXPECT_EQ(io_.run(told(pool.send({.method = "POST", .url = url, .body = "{}"}, {}, Deadline::never()))).body, "fine");
  }
  EXPECT_EQ(server.requests().size(), 3U);
  for (const auto& head : proxy.heads()) EXPECT_TRUE(head.contains("Proxy-Authorization")) << head;
}

}  // namespace
}  // namespace gibsey::net
