#pragma once
#include "base/result.hpp"
#include "server/auth/authenticator.hpp"

#include <functional>
#include <string>

namespace gibsey::app {

/// Looks a setting up by its environment name; "" when it is not set.
using Lookup = std::function<std::string(const char*)>;

/// GIBSEY_AUTH (off, on), GIBSEY_JWT_ALGORITHM with GIBSEY_JWT_KEY (a secret, or a PEM file's path), GIBSEY_JWT_AUDIENCE,
/// GIBSEY_JWT_ISSUER, GIBSEY_API_KEYS ("KEY@USER" or "KEY@USER:scope+scope", with commas between), GIBSEY_SERVICE_TOKEN,
/// STARGATE_AUTH_TOKEN (also what X-Cassandra-Token must be), GIBSEY_SESSION_SECRET, GIBSEY_COOKIE_SECURE and
/// GIBSEY_COOKIE_CROSS_SITE (yes, no). Errors: invalid_argument; no message holds a secret.
[[nodiscard]] Result<server::AuthSettings> read_auth_settings(const Lookup& find);

}  // namespace gibsey::app
