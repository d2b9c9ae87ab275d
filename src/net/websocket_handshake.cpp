#include "net/websocket_handshake.hpp"

#include <algorithm>

namespace gibsey::net {
namespace {

bool is_base64_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
}

/// 16 bytes in base64.
bool is_key(std::string_view text) {
  return text.size() == 24 && text.ends_with("==") && std::all_of(text.begin(), text.end() - 2, is_base64_digit);
}

std::unexpected<ParseFailure> refuse(int status, std::string detail) {
  return std::unexpected(ParseFailure{status, std::move(detail)});
}

}  // namespace

Parsed<WebSocketHandshake> check_websocket_handshake(const HttpRequest& request) {
  const auto& headers = request.headers;
  if (request.method != "GET") return refuse(400, "A WebSocket begins with a GET.");
  if (request.minor_version == 0) return refuse(400, "A WebSocket needs HTTP/1.1.");
  if (!headers.has_token("Upgrade", "websocket") || !headers.has_token("Connection", "upgrade")) {
    return refuse(426, "A WebSocket is spoken here: send 'Upgrade: websocket' and 'Connection: Upgrade'.");
  }
  if (headers.count("Sec-WebSocket-Version") != 1 || *headers.find("Sec-WebSocket-Version") != "13") {
    return refuse(426, "The WebSocket protocol spoken here is version 13: send one 'Sec-WebSocket-Version: 13'.");
  }
  if (headers.count("Sec-WebSocket-Key") != 1 || !is_key(*headers.find("Sec-WebSocket-Key"))) {
    return refuse(400, "Send one Sec-WebSocket-Key of 16 bytes in base64.");
  }
  if (!request.body.empty()) return refuse(400, "A WebSocket handshake has no body.");

  WebSocketHandshake handshake{request.host, std::string(*headers.find("Sec-WebSocket-Key")), {}};
  for (const auto& [name, value] : headers.fields()) {
    if (!equal_ignoring_case(name, "Sec-WebSocket-Extensions")) continue;
    if (!handshake.extensions.empty()) handshake.extensions += ", ";
    handshake.extensions += value;
  }
  return handshake;
}

}  // namespace gibsey::net
