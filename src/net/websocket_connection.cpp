#include "net/websocket_connection.hpp"

#include "base/utf8.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace gibsey::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kFirstRead = 256;  // of a message: most clients' messages are short, and most sessions idle
constexpr std::size_t kNextRead = 16 * 1024;
constexpr std::size_t kDrainRead = 4 * 1024;
constexpr std::size_t kKeptCapacity = 1024;
constexpr int kUnsentBytes = 128 * 1024;     // in the kernel, of a client that does not read
constexpr std::size_t kLongestReason = 123;  // RFC 6455 section 5.5

Error cancelled(std::string why) {
  return {ErrorCode::cancelled, std::move(why)};
}

websocket::close_reason close_reason_of(WebSocketClose code, std::string_view reason) {
  reason = reason.substr(0, kLongestReason);
  reason.remove_suffix(utf8::incomplete_tail(reason));
  websocket::close_reason out(static_cast<websocket::close_code>(code));
  out.reason.assign(reason.data(), reason.size());
  return out;
}

/// Of the socket, and not of the protocol nor of an operation that Beast has aborted: those do not know why the stream ended.
bool is_lost(const boost::system::error_code& error) {
  static const auto& protocol = websocket::make_error_code(websocket::error::closed).category();
  return error && error != asio::error::operation_aborted && error.category() != protocol;
}

WebSocketConnection::Message outcome_of(const boost::system::error_code& error) {
  if (error == websocket::error::closed) return std::nullopt;
  if (error == websocket::error::message_too_big) return fail(ErrorCode::too_large, "A message was larger than is allowed.");
  if (error == websocket::error::bad_frame_payload) return fail(ErrorCode::invalid_argument, "A text message was not UTF-8.");
  if (error == websocket::condition::protocol_violation) {
    return fail(ErrorCode::invalid_argument, "The client broke the WebSocket protocol: " + error.message() + ".");
  }
  return std::unexpected(cancelled("The client left."));
}

http::request<http::empty_body> upgrade_request(const WebSocketHandshake& handshake) {
  http::request<http::empty_body> request(http::verb::get, "/", 11);
  request.set(http::field::host, handshake.host);
  request.set(http::field::connection, "upgrade");
  request.set(http::field::upgrade, "websocket");
  request.set(http::field::sec_websocket_version, "13");
  request.set(http::field::sec_websocket_key, handshake.key);
  if (!handshake.extensions.empty()) request.set(http::field::sec_websocket_extensions, handshake.extensions);
  return request;
}

void set_response_fields(websocket::response_type& response, const HttpHeaders& headers) {
  response.set(http::field::date, http_date());
  response.set(http::field::server, "gibsey");
  for (const auto& [name, value] : headers.fields()) response.insert(name, value);
}

}  // namespace

WebSocketConnection::WebSocketConnection(WebSocketWire::Socket socket, std::string early, WebSocketSettings settings)
    : settings_(settings),
      strand_(socket.get_executor()),
      stream_(std::in_place, std::move(socket), std::move(early)),
      queue_(settings.queue_bytes, settings.queue_messages),
      timeout_(std::in_place, strand_, [this] { on_time(); }),
      wake_(strand_, asio::steady_timer::time_point::max()) {
  // What waits in the kernel for a slow client is memory too, and a ping stands in line behind it.
  setsockopt(stream_->next_layer().native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes, sizeof kUnsentBytes);
  websocket::permessage_deflate deflate;
  deflate.server_enable = settings.deflate;
  stream_->set_option(deflate);
  stream_->read_message_max(settings.message_limit);
  stream_->auto_fragment(false);
  stream_->text(true);
  stream_->control_callback([this](websocket::frame_type, boost::beast::string_view) { heard_ = true; });
}

WebSocketConnection::Awaitable<Result<void>> WebSocketConnection::accept(Ptr self, WebSocketHandshake handshake,
                                                                         const HttpHeaders& headers) {
  self->stream_->set_option(websocket::stream_base::decorator(
      [&headers](websocket::response_type& response) { set_response_fields(response, headers); }));
  self->timeout_->start(self->settings_.close_timeout);
  const auto [error] = co_await self->stream_->async_accept(upgrade_request(handshake), kTuple);
  if (error) self->lose_connection(cancelled("The client left."));
  if (!self->stream_) co_return std::unexpected(self->outcome_->error());
  self->stream_->set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
  self->timeout_->stop();
  self->open_ = true;
  self->read_some();
  if (self->closing_) {
    self->timeout_->start(self->settings_.close_timeout);
    self->send_close_frame();
  } else if (self->settings_.ping_interval.count() > 0) {
    self->timeout_->start(self->settings_.ping_interval);
  }
  co_return Result<void>{};
}

WebSocketConnection::Awaitable<void> WebSocketConnection::gone(Ptr self) {
  if (!self->open_) self->lose_connection(cancelled("The session was not opened."));
  while (self->stream_) co_await self->wake_.async_wait(kTuple);
}

WebSocketConnection::Awaitable<WebSocketConnection::Message> WebSocketConnection::read(Ptr self) {
  while (self->incoming_.empty() && !self->outcome_) co_await self->wake_.async_wait(kTuple);
  if (self->incoming_.empty()) co_return *self->outcome_;
  auto text = std::move(self->incoming_.front());
  self->incoming_.pop_front();
  self->incoming_bytes_ -= text.size();
  if (!self->reading_ && !self->outcome_ && self->has_room()) self->read_some();
  co_return text;
}

WebSocketConnection::Awaitable<Result<void>> WebSocketConnection::drained(Ptr self) {
  co_return co_await asio::co_spawn(self->strand_, drained_on_strand(self), asio::use_awaitable);
}

WebSocketConnection::Awaitable<Result<void>> WebSocketConnection::drained_on_strand(Ptr self) {
  while (self->queue_.writing() && self->stream_) co_await self->wake_.async_wait(kTuple);
  if (self->outcome_) co_return std::unexpected(cancelled("The session ended before all was sent."));
  co_return Result<void>{};
}

Result<void> WebSocketConnection::send(std::string text) {
  if (!utf8::is_valid(text)) return fail(ErrorCode::invalid_argument, "A text message must be UTF-8.");
  switch (queue_.push(std::move(text))) {
    case OutgoingQueue::Push::queued: return {};
    case OutgoingQueue::Push::first: asio::post(strand_, [self = shared_from_this()] { self->write_next(); }); return {};
    case OutgoingQueue::Push::full:
      asio::post(strand_, [self = shared_from_this()] {
        self->close_on_strand(WebSocketClose::try_again_later, "too slow",
                              cancelled("The client did not read what was sent and was cut."));
      });
      return fail(ErrorCode::busy, "The client does not read what is sent and is cut.");
    case OutgoingQueue::Push::too_large: return fail(ErrorCode::too_large, "The message is larger than may wait for a client.");
    case OutgoingQueue::Push::closed: break;
  }
  return fail(ErrorCode::cancelled, "The session is over.");
}

void WebSocketConnection::close(WebSocketClose code, std::string reason) {
  queue_.close();
  asio::post(strand_, [self = shared_from_this(), code, reason = std::move(reason)]() mutable {
    self->close_on_strand(code, std::move(reason), cancelled("The session was closed from here."));
  });
}

void WebSocketConnection::cancel(std::string why) {
  queue_.cut();
  asio::post(strand_, [self = shared_from_this(), why = std::move(why)] { self->lose_connection(cancelled(why)); });
}

void WebSocketConnection::read_some() {
  const auto known = message_.size();
  auto wanted = std::min(stream_->read_size_hint(kFirstRead), kNextRead);
  // Beast 1.81 fails on a compressed message that fills a buffer (boostorg/beast issue 3028): none can fill this one.
  if (settings_.deflate) wanted = settings_.message_limit + 1 - known;
  message_.resize(known + wanted);
  reading_ = true;
  stream_->async_read_some(asio::buffer(&message_[known], wanted),
                           [self = shared_from_this(), known](IoError error, std::size_t bytes) {
                             self->message_.resize(known + bytes);
                             self->on_read(error);
                           });
}

void WebSocketConnection::on_read(IoError error) {
  reading_ = false;
  if (!stream_) return;
  if (error) return on_reading_ended(error);
  heard_ = true;
  if (stream_->got_binary()) {
    close_on_strand(WebSocketClose::unsupported_message, "text only", {ErrorCode::invalid_argument, "A message was binary."});
  } else if (stream_->is_message_done()) {
    take_message();
  }
  if (outcome_) message_.clear();
  if (close_under_way_) {
    settle();
  } else if (outcome_ || has_room()) {
    read_some();
  }
}

void WebSocketConnection::take_message() {
  // Beast checks each piece, but not that a last fragment without content leaves no character unfinished.
  if (!utf8::is_valid(message_)) {
    close_on_strand(WebSocketClose::invalid_text, {}, {ErrorCode::invalid_argument, "A text message was not UTF-8."});
  }
  if (outcome_) return;
  incoming_bytes_ += message_.size();
  incoming_.push_back(std::exchange(message_, {}));
  wake();
}

bool WebSocketConnection::has_room() const {
  return incoming_.size() < settings_.read_ahead && incoming_bytes_ < settings_.message_limit;
}

void WebSocketConnection::on_reading_ended(IoError error) {
  message_ = {};
  queue_.cut();
  end(outcome_of(error));
  // Nor may a socket be read after its end: asio would wait for ever.
  if (is_lost(error)) lose_connection(cancelled("The client left."));
  settle();
}

void WebSocketConnection::write_next() {
  if (!stream_) return;
  auto text = queue_.next();
  if (!text) {
    outgoing_.clear();
    if (outgoing_.capacity() > kKeptCapacity) outgoing_.shrink_to_fit();  // to assign "" would keep the memory
    wake();
    if (closing_) send_close_frame();
    return;
  }
  outgoing_ = *std::move(text);
  stream_->async_write(asio::buffer(outgoing_),
                       [self = shared_from_this()](IoError error, std::size_t) { self->on_written(error); });
}

void WebSocketConnection::on_written(IoError error) {
  if (error) queue_.cut();
  if (is_lost(error)) return lose_connection(cancelled("The client left."));
  write_next();
  settle();
}

void WebSocketConnection::on_time() {
  if (open_ && !closing_ && !draining_) {
    keep_alive();
  } else if (open_) {
    finish();
  } else {
    lose_connection({ErrorCode::deadline, "The client did not take the answer to its handshake in time."});
  }
}

void WebSocketConnection::keep_alive() {
  if (!awaiting_pong_) {
    awaiting_pong_ = true;
    heard_ = false;
    ping();
    timeout_->start(settings_.ping_timeout);
    return;
  }
  // While read() is not called nothing is read, and the pong may well lie in the kernel.
  if (!heard_ && reading_) return lose_connection({ErrorCode::deadline, "The client did not answer a ping in time."});
  awaiting_pong_ = false;
  timeout_->start(std::max(settings_.ping_interval - settings_.ping_timeout, std::chrono::milliseconds(1)));
}

void WebSocketConnection::ping() {
  // One that waits behind a message to a slow client is still to go out.
  if (std::exchange(pinging_, true)) return;
  stream_->async_ping({}, [self = shared_from_this()](IoError error) {
    self->pinging_ = false;
    if (is_lost(error)) self->lose_connection(cancelled("The client left."));
  });
}

void WebSocketConnection::close_on_strand(WebSocketClose code, std::string reason, Error why) {
  if (closing_ || outcome_) return;
  queue_.close();
  closing_ = close_reason_of(code, reason);
  end(std::unexpected(std::move(why)));
  if (!open_) return;  // accept() goes on with it
  timeout_->start(settings_.close_timeout);
  if (!queue_.writing()) send_close_frame();
}

void WebSocketConnection::send_close_frame() {
  if (std::exchange(close_sent_, true) || !stream_->is_open()) return;
  close_under_way_ = true;
  stream_->async_close(*closing_, [self = shared_from_this()](IoError error) {
    self->close_under_way_ = false;
    if (is_lost(error)) self->finish();
    self->settle();
  });
}

void WebSocketConnection::end(Message outcome) {
  if (outcome_) return;
  outcome_ = std::move(outcome);
  wake();
}

void WebSocketConnection::lose_connection(Error why) {
  end(std::unexpected(std::move(why)));
  finish();
}

void WebSocketConnection::settle() {
  if (!stream_ || !outcome_ || reading_ || close_under_way_ || draining_) return;
  if (closing_ && !close_sent_) return;  // the writer comes to its end first
  draining_ = true;
  if (!closing_) timeout_->start(settings_.close_timeout);
  drain();
}

void WebSocketConnection::drain() {
  // Closing with input unread would reset the connection, and the client might never see our close frame.
  message_.resize(kDrainRead);
  stream_->next_layer().async_read_some(asio::buffer(message_), [self = shared_from_this()](IoError error, std::size_t) {
    if (!self->stream_) return;
    if (error) {
      self->finish();
    } else {
      self->drain();
    }
  });
}

void WebSocketConnection::finish() {
  if (!stream_) return;
  // Destroyed and not only closed: where a message that breaks the protocol meets a close frame of ours behind a message that is
  // being written, Beast's reading and closing wait for each other, and no socket operation is left that could fail.
  stream_.reset();
  queue_.cut();
  (void)queue_.next();
  message_ = {};
  timeout_.reset();
  wake();
}

}  // namespace gibsey::net
