#pragma once
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/websocket/stream_base.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <string>
#include <utility>

namespace gibsey::net {

/// A TCP socket of which some bytes have been read already: it gives those first. What Beast's WebSocket stream stands on.
class WebSocketWire : public boost::asio::ip::tcp::socket {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  WebSocketWire(Socket socket, std::string early) : Socket(std::move(socket)), early_(std::move(early)) {}

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& into) {
          if (early_.empty()) {
            Socket::async_read_some(into, std::forward<decltype(handler)>(handler));
            return;
          }
          const auto read = boost::asio::buffer_copy(into, boost::asio::buffer(early_));
          early_.erase(0, read);
          if (early_.empty()) early_.shrink_to_fit();
          boost::asio::post(get_executor(), boost::beast::bind_front_handler(std::forward<decltype(handler)>(handler),
                                                                             boost::system::error_code(), read));
        },
        token, buffers);
  }

 private:
  std::string early_;
};

/// Beast calls it when the close frames are exchanged or a breach of the protocol has been answered. Its own waits for the client
/// to close, for ever; ours leaves that to WebSocketConnection, which watches the time.
template <typename Handler>
void async_teardown(boost::beast::role_type, WebSocketWire& wire, Handler&& handler) {
  boost::system::error_code error;
  wire.shutdown(WebSocketWire::shutdown_send, error);
  boost::asio::post(wire.get_executor(), boost::beast::bind_front_handler(std::forward<Handler>(handler), error));
}

}  // namespace gibsey::net
