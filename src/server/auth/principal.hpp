#pragma once
#include "server/request_fields.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace gibsey::server {

inline constexpr const char* kAdminScope = "admin";  ///< may act as any user and change what belongs to all
inline constexpr const char* kServiceScope =
    "service";  ///< another role of Gibsey: may act as any user. Only the configuration gives it, no JWT

/// Who sends a request. Made by Authenticator::identify; one that was not may do nothing.
struct Principal {
  std::string user_id;  ///< "" for a service, and where auth is off
  bool open = false;    ///< auth is off: the body's user id is believed
  bool authenticated = false;
  bool admin = false;
  bool service = false;
  std::set<std::string> scopes;
  std::string key_id;                   ///< of the API key that spoke or that opened the session; may be logged
  std::optional<std::int64_t> expires;  ///< Unix seconds, when the credential ends
};

/// The user to act as: `wanted` (of a body, a path or a query) where the principal may, its own user where `wanted` is empty.
/// Where auth is off it is `wanted`, empty or not. 403 for another user's id, 422 naming user_id for a service that names nobody.
[[nodiscard]] Field<std::string> authorize_user(const Principal& principal, const std::string& wanted);

/// Whether a turn, conversation or session of `owner` may be read and steered. A route answers "no" as it answers an id that does
/// not exist.
[[nodiscard]] bool may_access(const Principal& principal, std::string_view owner);

/// nullopt for an admin or a service, and where auth is off; else the 403.
[[nodiscard]] std::optional<net::HttpResponse> refuse_unless_admin(const Principal& principal);

}  // namespace gibsey::server
