#include "ingest/content_hash.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace gibsey::ingest {

std::string content_hash(const model::Page& page) {
  std::string bytes;
  for (const std::string* field : {&page.title, &page.text, &page.source, &page.voice}) {
    bytes += fmt::format("{}:", field->size());
    bytes += *field;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL cannot compute SHA-256");
  }
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace gibsey::ingest
