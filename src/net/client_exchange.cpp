#include "net/client_exchange.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace gibsey::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint32_t kHeadBytes = 64 * 1024;
constexpr int kMostInterimAnswers = 16;

bool is_timeout(const error_code& error) {
  return error == beast::error::timeout;
}

/// A record of TLS: an alert or a handshake of version 3.x.
bool begins_as_tls(const beast::flat_buffer& buffer) {
  if (buffer.size() < 2) return false;
  const auto* bytes = static_cast<const unsigned char*>(buffer.data().data());
  return (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 0x03;
}

}  // namespace

std::shared_ptr<const HttpTransport::Request> message_of(HttpClientRequest request, const HttpRoute& route, bool keep) {
  const auto message = std::make_shared<HttpTransport::Request>();
  const bool absolute = route.proxy && !route.url.tls;
  message->version(11);
  message->method_string(request.method);
  message->target(absolute ? "http://" + authority(route.url) + route.url.target : route.url.target);
  message->set(http::field::host, authority(route.url));
  message->set(http::field::user_agent, "gibsey");
  message->set(http::field::accept_encoding, "identity");
  if (!keep) message->set(http::field::connection, "close");
  HttpHeaders clean;  // what was not added one by one may hold a line break
  for (const auto& [name, value] : request.headers.fields()) clean.add(name, value);
  for (const auto& [name, value] : clean.fields()) message->set(name, value);
  if (absolute && !route.proxy->authorization.empty()) {
    message->set(http::field::proxy_authorization, route.proxy->authorization);
  }
  message->body() = std::move(request.body);
  message->prepare_payload();
  return message;
}

/// What the caller holds.
class ClientExchange::Reply final : public HttpReply {
 public:
  explicit Reply(std::shared_ptr<ClientExchange> exchange)
      : exchange_(std::move(exchange)), status_(static_cast<int>(exchange_->parser_->get().result_int())) {}
  ~Reply() override {
    asio::post(exchange_->strand_, [exchange = exchange_] { exchange->transport_.reset(); });
  }
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  [[nodiscard]] int status() const override { return status_; }
  [[nodiscard]] const HttpHeaders& headers() const override { return exchange_->headers_; }
  asio::awaitable<Result<std::optional<std::string>>> read() override {
    return asio::co_spawn(exchange_->strand_, read_piece(exchange_), asio::use_awaitable);
  }
  void cancel() override { exchange_->cancel(); }

 private:
  const std::shared_ptr<ClientExchange> exchange_;
  const int status_;
};

ClientExchange::ClientExchange(std::shared_ptr<HttpTransport> transport, HttpClientTimeouts timeouts, Deadline deadline,
                               GiveBack give_back, Stops stops)
    : strand_(transport->strand()),
      where_(transport->where()),
      timeouts_(timeouts),
      deadline_(deadline),
      stops_(std::move(stops)),
      transport_(std::move(transport)),
      give_back_(std::move(give_back)) {}

std::unique_ptr<HttpReply> ClientExchange::reply() {
  return std::make_unique<Reply>(shared_from_this());
}

asio::awaitable<ClientExchange::Step> ClientExchange::run(std::shared_ptr<const HttpTransport::Request> request, bool is_new) {
  for (std::size_t i = 0; i < stops_.size(); ++i) {
    if (stops_[i].stop_possible()) on_stop_[i].emplace(std::move(stops_[i]), Cancel{weak_from_this()});
  }
  return asio::co_spawn(strand_, run_on_strand(shared_from_this(), std::move(request), is_new), asio::use_awaitable);
}

asio::awaitable<ClientExchange::Step> ClientExchange::run_on_strand(std::shared_ptr<ClientExchange> self,
                                                                    std::shared_ptr<const HttpTransport::Request> request,
                                                                    bool is_new) {
  auto outcome = co_await self->exchange(*request, is_new);
  if (!outcome && self->cancel_asked_) outcome.error() = HttpFailure{self->cancelled(), outcome.error().sent};
  if (!outcome) self->transport_.reset();
  co_return outcome;
}

std::chrono::milliseconds ClientExchange::bounded(std::chrono::milliseconds time) const {
  return std::min(time, std::chrono::duration_cast<std::chrono::milliseconds>(deadline_.left()));
}

asio::awaitable<ClientExchange::Step> ClientExchange::exchange(const HttpTransport::Request& request, bool is_new) {
  if (is_new && !cancel_asked_) {
    const auto opened = co_await transport_->open(Deadline::after(bounded(timeouts_.connect)));
    if (!opened) co_return std::unexpected(HttpFailure{opened.error(), false});
  }
  if (cancel_asked_) co_return std::unexpected(HttpFailure{cancelled(), false});
  transport_->allow(bounded(timeouts_.first_byte));
  error_code unsent;
  co_await transport_->write(request, unsent);
  // A server that refuses a large body says so and closes while it is still being sent.
  const auto error = is_timeout(unsent) ? unsent : co_await read_head(request.method() == http::verb::head);
  cut_short_ = static_cast<bool>(unsent);
  if (error) {
    closed_before_answer_ = !is_timeout(error) && !is_timeout(unsent) && !parser_->got_some() && transport_->unread().size() == 0;
    auto failure = unsent ? transport_error(unsent, where_, "sending the request") : no_answer(error);
    co_return std::unexpected(HttpFailure{std::move(failure), true});
  }
  for (const auto& field : parser_->get()) headers_.add(std::string(field.name_string()), std::string(field.value()));
  end_if_done();
  co_return Step{};
}

/// Answers of status 100 to 199 only announce the one that counts (RFC 9110 section 15.2).
asio::awaitable<error_code> ClientExchange::read_head(bool without_body) {
  for (int interim = 0; interim <= kMostInterimAnswers; ++interim) {
    parser_.emplace();
    parser_->body_limit(boost::none);
    parser_->header_limit(kHeadBytes);
    parser_->skip(without_body);
    error_code error;
    co_await transport_->read_header(*parser_, error);
    if (error) co_return error;
    const auto status = parser_->get().result_int();
    if (status == 101) co_return http::error::bad_status;  // nobody asked for another protocol
    if (status / 100 != 1) co_return error_code();
  }
  co_return http::error::bad_status;
}

Error ClientExchange::no_answer(const error_code& error) const {
  auto failure = transport_error(error, where_, "waiting for the answer");
  if (transport_->route().url.tls) return failure;
  if (begins_as_tls(transport_->unread())) {
    failure.message += "; it answers with TLS: is its address meant to begin with https://?";
  } else if (error == http::error::end_of_stream) {
    failure.message += "; it closed the connection without an answer, as a server does that speaks https only";
  }
  return failure;
}

Error ClientExchange::cancelled() const {
  return {ErrorCode::cancelled, fmt::format("the request to {} was cancelled", where_)};
}

void ClientExchange::cancel() {
  asio::post(strand_, [self = shared_from_this()] {
    self->cancel_asked_ = true;
    if (self->transport_) self->transport_->close();
  });
}

void ClientExchange::Cancel::operator()() const {
  if (const auto running = exchange.lock()) running->cancel();
}

asio::awaitable<Result<std::optional<std::string>>> ClientExchange::read_piece(std::shared_ptr<ClientExchange> self) {
  auto piece = co_await self->read_on();
  if (!piece) {
    self->broken_ = piece.error();
    self->transport_.reset();
  }
  co_return piece;
}

asio::awaitable<Result<std::optional<std::string>>> ClientExchange::read_on() {
  if (cancel_asked_) co_return std::unexpected(cancelled());
  if (broken_) co_return std::unexpected(*broken_);
  while (transport_) {
    parser_->get().body().data = piece_.data();
    parser_->get().body().size = piece_.size();
    transport_->allow(bounded(timeouts_.idle));
    error_code error;
    co_await transport_->read_some(*parser_, error);
    if (error == http::error::need_buffer) error = {};
    if (error && cancel_asked_) co_return std::unexpected(cancelled());
    if (error) co_return std::unexpected(transport_error(error, where_, "reading its answer"));
    const auto read = piece_.size() - parser_->get().body().size;
    end_if_done();
    if (read > 0) co_return std::string(piece_.data(), read);
  }
  co_return std::optional<std::string>();
}

void ClientExchange::end_if_done() {
  if (!parser_->is_done()) return;
  auto transport = std::move(transport_);
  if (give_back_ && parser_->keep_alive() && !cut_short_ && transport->unread().size() == 0) give_back_(std::move(transport));
}

}  // namespace gibsey::net
