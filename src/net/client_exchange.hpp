#pragma once
#include "net/http_client.hpp"
#include "net/http_transport.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace gibsey::net {

/// The request as it goes on the wire of that route. `keep` asks for a connection that stays open.
[[nodiscard]] std::shared_ptr<const HttpTransport::Request> message_of(HttpClientRequest request, const HttpRoute& route,
                                                                       bool keep);

/// A request and its answer on a connection. Everything runs on the connection's strand; what runs keeps the exchange alive.
class ClientExchange : public std::enable_shared_from_this<ClientExchange> {
 public:
  /// Gets a connection whose answer was read to its end and that can take another request.
  using GiveBack = std::function<void(std::shared_ptr<HttpTransport>)>;

  /// Either ends the exchange: the request's own, and the pool's.
  using Stops = std::array<std::stop_token, 2>;

  ClientExchange(std::shared_ptr<HttpTransport> transport, HttpClientTimeouts timeouts, Deadline deadline, GiveBack give_back,
                 Stops stops);

  /// Opens the connection if it is new, sends, waits for the head of the answer. Call it once, from any executor.
  boost::asio::awaitable<std::expected<void, HttpFailure>> run(std::shared_ptr<const HttpTransport::Request> request,
                                                               bool is_new);
  /// After run() has failed: the other side closed the connection, and not a byte of an answer had come.
  [[nodiscard]] bool closed_before_answer() const { return closed_before_answer_; }
  /// The answer. Once, after run() was successful.
  [[nodiscard]] std::unique_ptr<HttpReply> reply();

 private:
  class Reply;
  using Step = std::expected<void, HttpFailure>;

  static boost::asio::awaitable<Step> run_on_strand(std::shared_ptr<ClientExchange> self,
                                                    std::shared_ptr<const HttpTransport::Request> request, bool is_new);
  static boost::asio::awaitable<Result<std::optional<std::string>>> read_piece(std::shared_ptr<ClientExchange> self);
  boost::asio::awaitable<Step> exchange(const HttpTransport::Request& request, bool is_new);
  boost::asio::awaitable<boost::system::error_code> read_head(bool without_body);
  boost::asio::awaitable<Result<std::optional<std::string>>> read_on();
  [[nodiscard]] Error no_answer(const boost::system::error_code& error) const;
  [[nodiscard]] Error cancelled() const;
  void cancel();
  [[nodiscard]] std::chrono::milliseconds bounded(std::chrono::milliseconds time) const;
  void end_if_done();

  const HttpTransport::Strand strand_;
  const std::string where_;
  const HttpClientTimeouts timeouts_;
  const Deadline deadline_;
  struct Cancel {
    std::weak_ptr<ClientExchange> exchange;
    void operator()() const;
  };
  Stops stops_;
  std::array<std::optional<std::stop_callback<Cancel>>, 2> on_stop_;
  std::shared_ptr<HttpTransport> transport_;  ///< until the answer has ended
  GiveBack give_back_;
  std::optional<HttpTransport::Parser> parser_;
  std::array<char, 16 * 1024> piece_{};
  HttpHeaders headers_;
  std::optional<Error> broken_;
  bool cut_short_ = false;     ///< the answer came before the request was sent whole
  bool cancel_asked_ = false;  ///< the strand's own
  bool closed_before_answer_ = false;
};

}  // namespace gibsey::net
