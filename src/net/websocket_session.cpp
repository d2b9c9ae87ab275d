#include "net/websocket_session.hpp"

#include "net/websocket_connection.hpp"

#include <exception>
#include <utility>

namespace gibsey::net {

WebSocketSession::WebSocketSession(std::shared_ptr<WebSocketConnection> connection) : connection_(std::move(connection)) {}

WebSocketSession::~WebSocketSession() {
  connection_->close(std::uncaught_exceptions() > 0 ? WebSocketClose::internal_error : WebSocketClose::normal, {});
}

WebSocketSession::Awaitable<Result<std::optional<std::string>>> WebSocketSession::read() {
  return WebSocketConnection::read(connection_);
}

Result<void> WebSocketSession::send(std::string text) {
  return connection_->send(std::move(text));
}

WebSocketSession::Awaitable<Result<void>> WebSocketSession::drained() {
  return WebSocketConnection::drained(connection_);
}

void WebSocketSession::close(WebSocketClose code, std::string reason) {
  connection_->close(code, std::move(reason));
}

void WebSocketSession::cancel() {
  connection_->cancel("The session was cancelled.");
}

std::size_t WebSocketSession::queued_bytes() const {
  return connection_->queued_bytes();
}

}  // namespace gibsey::net
