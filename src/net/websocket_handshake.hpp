#pragma once
#include "net/http_parser.hpp"

#include <string>

namespace gibsey::net {

/// What the answer to a WebSocket handshake is made from (RFC 6455 section 4.2.1).
struct WebSocketHandshake {
  std::string host;
  std::string key;         ///< Sec-WebSocket-Key
  std::string extensions;  ///< what the client offers; may be empty
};

/// Checks a request that asks for a WebSocket. Refused with 400 (not a GET of HTTP/1.1, a body, no proper key) or 426 (no upgrade
/// to websocket asked for, another version than 13).
[[nodiscard]] Parsed<WebSocketHandshake> check_websocket_handshake(const HttpRequest& request);

}  // namespace gibsey::net
