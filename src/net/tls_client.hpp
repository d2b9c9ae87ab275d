#pragma once
#include <openssl/ssl.h>
#include <boost/asio/ssl/context.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace gibsey::net {

/// How this program speaks TLS to servers: certificates are verified against the system's (SSL_CERT_FILE and SSL_CERT_DIR count)
/// and against the name that was asked for, TLS 1.2 is the least, and a session is taken up again where the server gave one.
/// Safe to use from any thread. Must outlive the connections that it has prepared.
class TlsClient {
 public:
  TlsClient();
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] boost::asio::ssl::context& context() { return context_; }
  /// Before the handshake. `host`: a name or an IP address. `place`: connections of one place may take up each other's sessions;
  /// it must stay where it is until the connection is gone.
  void prepare(SSL* connection, const std::string& host, const std::string& place);
  /// After a handshake that failed.
  void forget(const std::string& place);

 private:
  static int remember(SSL* connection, SSL_SESSION* session);

  struct SessionDeleter {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };
  using Session = std::unique_ptr<SSL_SESSION, SessionDeleter>;

  boost::asio::ssl::context context_;
  std::mutex mutex_;
  std::map<std::string, Session> sessions_;
};

/// Why the certificate was not taken: "hostname mismatch". Empty when that was not the trouble.
[[nodiscard]] std::string certificate_trouble(const SSL* connection);

}  // namespace gibsey::net
