#pragma once
#include "net/http_message.hpp"
#include "server/auth/authenticator.hpp"

#include <string>

namespace gibsey::server {

/// POST /v1/session {user_id?}: who the principal is, 200 {auth, user_id, admin, expires}, and a session cookie by which a
/// browser stays that. An admin or a service may open one for another user, without scopes. Where auth is off there is no cookie.
[[nodiscard]] net::HttpResponse create_session(const Authenticator& authenticator, const Principal& principal,
                                               const std::string& body);

/// GET /v1/session: the same without a cookie.
[[nodiscard]] net::HttpResponse get_session(const Principal& principal);

/// DELETE /v1/session: 204; the browser forgets the cookie. Needs no identify, so that an expired session can be left. The token
/// in the cookie stays good until it expires.
[[nodiscard]] net::HttpResponse delete_session(const Authenticator& authenticator);

/// POST /v1/session/token {session_id?, user_id?}: 201 {token, resource, expires_in} for `?token=` of the socket
/// /ws/{session_id}, or of /ws/chat without one.
[[nodiscard]] net::HttpResponse create_socket_token(const Authenticator& authenticator, const Principal& principal,
                                                    const std::string& body);

}  // namespace gibsey::server
