#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>
#include <boost/asio/ssl/context.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace gibsey::net::testing {

/// Signs certificates of servers for an hour. While it lives, TLS clients that are made in this process trust it and nobody else.
class CertificateAuthority {
 public:
  CertificateAuthority() : key_(EVP_EC_gen("P-256")), certificate_(blank("Test Authority", key_.get())) {
    extend(NID_basic_constraints, "critical,CA:TRUE", certificate_.get());
    sign(certificate_.get(), certificate_.get());
    std::ofstream(file_) << pem(certificate_.get());
    setenv("SSL_CERT_FILE", file_.c_str(), 1);
    setenv("SSL_CERT_DIR", "/nonexistent", 1);
  }
  ~CertificateAuthority() {
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    std::filesystem::remove(file_);
  }
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  /// A server's side of TLS for these names: "DNS:models.example,IP:127.0.0.1".
  [[nodiscard]] boost::asio::ssl::context server_context(const std::string& names) const {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = blank("Test Server", key.get());
    extend(NID_subject_alt_name, names.c_str(), certificate.get());
    sign(certificate.get(), certificate_.get());
    boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
    SSL_CTX_use_certificate(context.native_handle(), certificate.get());
    SSL_CTX_use_PrivateKey(context.native_handle(), key.get());
    SSL_CTX_set_session_id_context(context.native_handle(), std::begin(kContextId), sizeof kContextId);
    return context;
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    void operator()(BIO* bio) const { BIO_free(bio); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Certificate = std::unique_ptr<X509, Free>;

  static Certificate blank(const std::string& name, EVP_PKEY* key) {
    static long serial = 0;
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key);
    const auto unlike_others = name + " " + std::to_string(serial);
    const std::basic_string<unsigned char> bytes(unlike_others.begin(), unlike_others.end());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8, bytes.data(), -1, -1, 0);
    return certificate;
  }
  static void extend(int kind, const char* value, X509* certificate) {
    const std::unique_ptr<X509_EXTENSION, Free> extension(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value));
    if (!extension) throw std::runtime_error("no such extension");
    X509_add_ext(certificate, extension.get(), -1);
  }
  void sign(X509* certificate, X509* by) const {
    X509_set_issuer_name(certificate, X509_get_subject_name(by));
    if (X509_sign(certificate, key_.get(), EVP_sha256()) == 0) throw std::runtime_error("cannot sign");
  }
  static std::string pem(X509* certificate) {
    const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    std::string text(BIO_ctrl_pending(bio.get()), '\0');
    BIO_read(bio.get(), text.data(), static_cast<int>(text.size()));
    return text;
  }

  static constexpr unsigned char kContextId[] = {'t', 'e', 's', 't'};
  static inline int authorities_ = 0;
  const std::string file_ = (std::filesystem::temp_directory_path() / ("gibsey_test_authority_" + std::to_string(getpid()) + "_" +
                                                                       std::to_string(++authorities_) + ".pem"))
                                .string();
  Key key_;
  Certificate certificate_;
};

}  // namespace gibsey::net::testing
