#pragma once
#include "server/auth/principal.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace gibsey::server {

/// How long a token of POST /v1/auth lasts, as Stargate has it.
inline constexpr std::chrono::seconds kCassandraTokenLifetime{1800};

/// The tokens that POST /v1/auth gave, in this process alone. At most `kMost` at a time: then the oldest goes. Used from any
/// thread.
class CassandraTokens {
 public:
  static constexpr std::size_t kMost = 10'000;

  /// A random UUID that stands for `principal` from `now` (Unix seconds) on.
  std::string issue(Principal principal, std::int64_t now);
  [[nodiscard]] std::optional<Principal> find(const std::string& token, std::int64_t now) const;

 private:
  struct Issued {
    Principal principal;
    std::int64_t expires = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Issued> tokens_;
};

}  // namespace gibsey::server
