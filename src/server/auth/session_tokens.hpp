#pragma once
#include "server/auth/jwt.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace gibsey::server {

/// What a session cookie says.
struct SessionClaims {
  std::string user_id;
  std::set<std::string> scopes;
  std::string key_id;        ///< of the API key that opened it, "" for none
  std::int64_t expires = 0;  ///< Unix seconds
};

/// What a signed link lets its bearer do: read one thing as one user, for a short time.
struct LinkClaims {
  std::string user_id;
  std::string resource;      ///< turn_resource(), session_resource() or kChatSocket
  std::int64_t expires = 0;  ///< Unix seconds
};

// The kind stands before the id: session ids are chosen by clients and could be a turn's.
[[nodiscard]] std::string turn_resource(std::string_view turn_id);
[[nodiscard]] std::string session_resource(std::string_view session_id);
inline constexpr std::string_view kChatSocket = "socket:chat";

/// Signs and reads our own tokens, with a key of its own for each kind. Used from any thread.
class SessionTokens {
 public:
  /// `secret`: at least 32 bytes.
  explicit SessionTokens(std::string_view secret);

  [[nodiscard]] std::string sign(const SessionClaims& session) const;
  [[nodiscard]] Checked<SessionClaims> read_session(std::string_view token, std::int64_t now) const;

  [[nodiscard]] std::string sign(const LinkClaims& link) const;
  /// Refused as well when it is a link to anything but `resource`.
  [[nodiscard]] Checked<LinkClaims> read_link(std::string_view token, std::string_view resource, std::int64_t now) const;

 private:
  std::string session_secret_;
  std::string link_secret_;
  JwsKey session_key_;
  JwsKey link_key_;
};

}  // namespace gibsey::server
