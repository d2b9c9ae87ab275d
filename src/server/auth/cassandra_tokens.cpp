#include "server/auth/cassandra_tokens.hpp"

#include "base/ids.hpp"

#include <algorithm>

namespace gibsey::server {
namespace {

/// RFC 9562, version 4.
std::string random_uuid() {
  auto hex = random_id();
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<std::size_t>(hex[16]) % 4];
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

}  // namespace

std::string CassandraTokens::issue(Principal principal, std::int64_t now) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(tokens_, [now](const auto& entry) { return entry.second.expires <= now; });
  if (tokens_.size() >= kMost) {
    tokens_.erase(std::ranges::min_element(tokens_, {}, [](const auto& entry) { return entry.second.expires; }));
  }
  auto token = random_uuid();
  tokens_[token] = {std::move(principal), now + kCassandraTokenLifetime.count()};
  return token;
}

std::optional<Principal> CassandraTokens::find(const std::string& token, std::int64_t now) const {
  const std::scoped_lock lock(mutex_);
  const auto at = tokens_.find(token);
  return at == tokens_.end() || at->second.expires <= now ? std::nullopt : std::optional(at->second.principal);
}

}  // namespace gibsey::server
