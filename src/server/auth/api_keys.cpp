#include "server/auth/api_keys.hpp"

#include "base/utf8.hpp"
#include "server/auth/base64url.hpp"
#include "server/request_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace gibsey::server {
namespace {

constexpr std::string_view kPrefix = "gbs_";
constexpr std::string_view kHashPrefix = "sha256:";
constexpr std::size_t kShortestKey = 24;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kIdLength = 16;

std::optional<Digest> hash_of(std::string_view configured) {
  if (configured.starts_with(kHashPrefix)) return digest_from_hex(configured.substr(kHashPrefix.size()));
  if (!configured.starts_with(kPrefix) || configured.size() < kShortestKey) return std::nullopt;
  return sha256(configured);
}

}  // namespace

std::string new_api_key() {
  return std::string(kPrefix) + base64url(random_bytes(kKeyBytes));
}

std::string api_key_hash(std::string_view key) {
  return std::string(kHashPrefix) + to_hex(sha256(key));
}

Result<ApiKeys> ApiKeys::make(const std::vector<ApiKeySettings>& settings) {
  ApiKeys keys;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const auto wrong = [i](std::string_view what) {
      return fail(ErrorCode::invalid_argument, fmt::format("API key number {} {}", i + 1, what));
    };
    const auto hash = hash_of(settings[i].key);
    if (!hash) return wrong("must be 'gbs_' and at least 20 characters more, or 'sha256:' and 64 hexadecimal digits.");
    if (!utf8::is_valid(settings[i].user_id) || !checked_text(settings[i].user_id, "user_id", kUserId)) {
      return wrong("needs a user_id of 1 to 128 printable characters.");
    }
    auto id = to_hex(*hash).substr(0, kIdLength);
    if (keys.find_by_id(id) != nullptr) return wrong("is there twice.");
    keys.entries_.push_back({*hash, std::move(id), settings[i].user_id, settings[i].scopes});
  }
  return keys;
}

const ApiKeys::Entry* ApiKeys::find(std::string_view key) const {
  const auto hash = sha256(key);
  const Entry* found = nullptr;
  for (const auto& entry : entries_) {
    if (equal(entry.hash, hash)) found = &entry;
  }
  return found;
}

const ApiKeys::Entry* ApiKeys::find_by_id(std::string_view id) const {
  const auto at = std::ranges::find(entries_, id, &Entry::id);
  return at == entries_.end() ? nullptr : &*at;
}

}  // namespace gibsey::server
