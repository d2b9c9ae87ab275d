#pragma once
#include "base/result.hpp"
#include "server/auth/digest.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::server {

struct ApiKeySettings {
  std::string key;  ///< "gbs_..." of at least 24 characters, or "sha256:" and 64 hexadecimal digits
  std::string user_id;
  std::set<std::string> scopes;  ///< "admin", "service"
};

/// A new key with 256 random bits: "gbs_" and 43 characters.
[[nodiscard]] std::string new_api_key();
/// What to write into the configuration in place of the key: "sha256:...". A plain hash is enough for a key that nobody can
/// guess.
[[nodiscard]] std::string api_key_hash(std::string_view key);

/// The keys of the configuration, kept as hashes.
class ApiKeys {
 public:
  struct Entry {
    Digest hash;
    std::string id;  ///< 16 hexadecimal digits that tell keys apart without telling the key
    std::string user_id;
    std::set<std::string> scopes;
  };

  /// Errors: invalid_argument, naming the key by its place in the list: a malformed or short key, a missing user, the same key
  /// twice.
  static Result<ApiKeys> make(const std::vector<ApiKeySettings>& settings);

  /// nullptr for an unknown key. Looks at every key, whichever fits. The entry lives as long as this.
  [[nodiscard]] const Entry* find(std::string_view key) const;
  [[nodiscard]] const Entry* find_by_id(std::string_view id) const;
  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace gibsey::server
