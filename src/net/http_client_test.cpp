#include "net/http_client.hpp"

#include "net/testing/canned_server.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
using testing::byte_by_byte;
using testing::CannedServer;
using testing::chunked;

struct Answer {
  int status = 0;
  std::string body;
  std::optional<Error> error;
};

asio::awaitable<void> fetch(HttpClientRequest request, HttpClientTimeouts timeouts, Deadline deadline, Answer& answer) {
  auto exchange = co_await send_http(std::move(request), timeouts, deadline);
  if (!exchange) {
    answer.error = exchange.error();
    co_return;
  }
  answer.status = (*exchange)->status();
  for (;;) {
    auto piece = co_await (*exchange)->read();
    if (!piece) answer.error = piece.error();
    if (!piece || !*piece) co_return;
    answer.body += **piece;
  }
}

Answer get(const std::string& url, HttpClientTimeouts timeouts = {}, Deadline deadline = Deadline::never(),
           std::string body = {}) {
  asio::io_context io;
  Answer answer;
  const std::string method = body.empty() ? "GET" : "POST";
  asio::co_spawn(io, fetch({.method = method, .url = url, .headers = {}, .body = std::move(body)}, timeouts, deadline, answer),
                 asio::detached);
  io.run();
  return answer;
}

TEST(HttpUrl, IsTakenApart) {
  const auto url = parse_http_url("https://models.example:8443/base/path?x=1");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "models.example");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->target, "/base/path?x=1");
  EXPECT_EQ(parse_http_url("http://localhost")->port, "80");
  EXPECT_EQ(parse_http_url("http://localhost")->target, "/");
}

TEST(HttpUrl, RefusesWhatItCannotSpeakTo) {
  for (const auto* address : {"", "localhost:11434", "ftp://host/", "http://", "http://name:word@host/", "http://ho st/"}) {
    const auto url = parse_http_url(address);
    ASSERT_FALSE(url) << address;
    EXPECT_EQ(url.error().code, ErrorCode::invalid_argument);
  }
}

TEST(HttpClient, ReadsAnAnswerCutAtEveryByte) {
  CannedServer server(
      byte_by_byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked("one\n") + chunked("two\n") + "0\r\n\r\n"));
  const auto answer = get(server.address() + "/stream");
  EXPECT_FALSE(answer.error);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "one\ntwo\n");
  EXPECT_TRUE(server.request().starts_with("GET /stream HTTP/1.1\r\n"));
  EXPECT_NE(server.request().find("Host: 127.0.0.1:" + std::to_string(server.port())), std::string::npos);
}

TEST(HttpClient, SendsTheBody) {
  CannedServer server({{"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"}});
  const auto answer = get(server.address(), {}, Deadline::never(), "{\"q\":1}");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "no");
  EXPECT_TRUE(server.request().ends_with("\r\n\r\n{\"q\":1}"));
}

TEST(HttpClient, NamesAnAddressThatNobodyListensTo) {
  std::string address;
  {
    address = CannedServer({}).address();
  }
  const auto answer = get(address);
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code, ErrorCode::unavailable);
  EXPECT_NE(answer.error->message.find("127.0.0.1:"), std::string::npos);
}

TEST(HttpClient, AnAnswerThatBreaksOffIsAnError) {
  CannedServer server({{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked("half")}});
  const auto answer = get(server.address());
  EXPECT_EQ(answer.body, "half");
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code, ErrorCode::unavailable);
}

TEST(HttpClient, GarbageIsAnError) {
  CannedServer server({{"SSH-2.0-OpenSSH_9.2\r\n\r\n"}});
  EXPECT_EQ(get(server.address()).error->code, ErrorCode::unavailable);
}

TEST(HttpClient, EachWaitHasALimit) {
  using std::chrono::milliseconds;
  CannedServer silent({{"HTTP/1.1 200 OK\r\n\r\n", milliseconds(10'000)}});
  EXPECT_EQ(get(silent.address(), {.first_byte = milliseconds(50)}).error->code, ErrorCode::deadline);
  CannedServer stalling({{"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf"}, {"half", milliseconds(10'000)}});
  const auto answer = get(stalling.address(), {.idle = milliseconds(50)});
  EXPECT_EQ(answer.body, "half");
  EXPECT_EQ(answer.error->code, ErrorCode::deadline);
  EXPECT_EQ(get(stalling.address(), {}, Deadline::after(milliseconds(50))).error->code, ErrorCode::deadline);
}

asio::awaitable<void> read_until_cancelled(std::string url, std::unique_ptr<HttpReply>& exchange, std::optional<Error>& error) {
  auto opened = co_await send_http({.url = std::move(url)}, {}, Deadline::never());
  if (!opened) co_return;
  exchange = std::move(*opened);
  const auto piece = co_await exchange->read();
  if (!piece) error = piece.error();
}

TEST(HttpClient, AReadCanBeCancelledFromAnotherThread) {
  CannedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"}, {"late", std::chrono::milliseconds(10'000)}});
  asio::io_context io;
  std::unique_ptr<HttpReply> exchange;
  std::optional<Error> error;
  asio::co_spawn(io, read_until_cancelled(server.address(), exchange, error), asio::detached);
  while (!exchange) io.run_one();
  io.poll();
  std::thread([&exchange] { exchange->cancel(); }).join();
  io.run();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::cancelled);
}

/// A TLS server with a certificate that nobody has signed; it takes one connection.
class SelfSignedServer {
 public:
  SelfSignedServer() : tls_(asio::ssl::context::tls_server), acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(tls_.native_handle(), certificate);
    SSL_CTX_use_PrivateKey(tls_.native_handle(), key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    thread_ = std::thread([this] {
      boost::system::error_code error;
      asio::ssl::stream<asio::ip::tcp::socket> stream(acceptor_.accept(error), tls_);
      stream.handshake(asio::ssl::stream_base::server, error);
    });
  }
  ~SelfSignedServer() { thread_.join(); }
  SelfSignedServer(const SelfSignedServer&) = delete;
  SelfSignedServer& operator=(const SelfSignedServer&) = delete;

  [[nodiscard]] std::string address() const { return "https://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  asio::io_context context_;
  asio::ssl::context tls_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

TEST(HttpClient, ACertificateThatNobodySignedIsRefused) {
  const SelfSignedServer server;
  const auto answer = get(server.address());
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code, ErrorCode::unavailable);
  EXPECT_NE(answer.error->message.find("certificate verify failed"), std::string::npos) << answer.error->message;
}

}  // namespace
}  // namespace gibsey::net
