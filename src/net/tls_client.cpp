#include "net/tls_client.hpp"

#include <openssl/x509v3.h>
#include <boost/asio/ip/address.hpp>

#include <array>

namespace gibsey::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostSessions = 256;

/// Where a connection keeps the address of its place.
int place_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

/// Where a context keeps the address of its TlsClient.
int client_slot() {
  static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

}  // namespace

TlsClient::TlsClient() : context_(asio::ssl::context::tls_client) {
  boost::system::error_code ignored;  // without certificates to trust, none is
  context_.set_default_verify_paths(ignored);
  auto* native = context_.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(native, &TlsClient::remember);
  SSL_CTX_set_ex_data(native, client_slot(), this);
}

TlsClient::~TlsClient() = default;

void TlsClient::prepare(SSL* connection, const std::string& host, const std::string& place) {
  static constexpr std::array<unsigned char, 9> kProtocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  const auto name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
  auto* wanted = SSL_get0_param(connection);
  boost::system::error_code not_an_address;
  asio::ip::make_address(name, not_an_address);
  if (not_an_address) {
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size());
    SSL_set_tlsext_host_name(connection, name.c_str());  // addresses are not told: RFC 6066 section 3
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str());
  }
  SSL_set_alpn_protos(connection, kProtocols.data(), kProtocols.size());
  SSL_set_ex_data(connection, place_slot(), const_cast<std::string*>(&place));
  const std::lock_guard lock(mutex_);
  const auto known = sessions_.find(place);
  if (known == sessions_.end()) return;
  const Session copy(SSL_SESSION_dup(known->second.get()));
  SSL_set_session(connection, copy.get());
}

void TlsClient::forget(const std::string& place) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(place);
}

/// OpenSSL calls this only for a server whose certificate was taken. It spoils the session of a connection that ends without a
/// farewell, which is how most end: what is kept, and what is taken up again, are copies. 0: theirs stays theirs.
int TlsClient::remember(SSL* connection, SSL_SESSION* session) {
  auto* self = static_cast<TlsClient*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), client_slot()));
  const auto* place = static_cast<const std::string*>(SSL_get_ex_data(connection, place_slot()));
  if (place == nullptr) return 0;
  const std::lock_guard lock(self->mutex_);
  if (self->sessions_.size() >= kMostSessions) self->sessions_.erase(self->sessions_.begin());
  self->sessions_[*place].reset(SSL_SESSION_dup(session));
  return 0;
}

std::string certificate_trouble(const SSL* connection) {
  const auto result = SSL_get_verify_result(connection);
  return result == X509_V_OK ? std::string() : std::string(X509_verify_cert_error_string(result));
}

}  // namespace gibsey::net
