#include "net/http_pool.hpp"

#include "net/client_exchange.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <list>
#include <mutex>
#include <utility>

namespace gibsey::net {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using TransportPtr = std::shared_ptr<HttpTransport>;

namespace {

struct Kept {
  TransportPtr transport;
  Clock::time_point since;
};

/// On its strand: a timer of its last operation may be ending there.
void drop(TransportPtr transport) {
  const auto strand = transport->strand();
  asio::post(strand, [gone = std::move(transport)]() mutable { gone.reset(); });
}

}  // namespace

/// What the pool and the answers that are being read share.
class HttpPool::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::any_io_executor executor, HttpPoolSettings settings)
      : executor_(std::move(executor)), settings_(std::move(settings)), timer_(executor_) {}

  [[nodiscard]] const ProxyRules& proxies() const { return settings_.proxies; }

  TransportPtr fresh(const HttpRoute& route) {
    const std::lock_guard lock(mutex_);
    ++counts_.opened;
    if (route.url.tls && !tls_) tls_ = std::make_shared<TlsClient>();
    return std::make_shared<HttpTransport>(executor_, route, route.url.tls ? tls_ : nullptr);
  }

  /// The one that was used last: the others may then grow old and go. Null for none.
  TransportPtr take(const std::string& place) {
    const std::lock_guard lock(mutex_);
    const auto too_old = Clock::now() - settings_.idle;
    for (auto it = kept_.end(); it != kept_.begin();) {
      --it;
      if (it->transport->place() != place) continue;
      auto transport = std::move(it->transport);
      const bool young = it->since > too_old;
      it = kept_.erase(it);
      if (young && transport->quiet()) {
        ++counts_.reused;
        return transport;
      }
      drop(std::move(transport));
    }
    return nullptr;
  }

  void keep(TransportPtr transport) {
    const std::lock_guard lock(mutex_);
    const bool none = closed_ || settings_.per_host == 0 || settings_.in_all == 0;
    if (none || settings_.idle <= settings_.idle.zero()) return drop(std::move(transport));
    const auto same_place = [&transport](const Kept& kept) { return kept.transport->place() == transport->place(); };
    if (std::cmp_greater_equal(std::count_if(kept_.begin(), kept_.end(), same_place), settings_.per_host)) {
      drop_at(std::find_if(kept_.begin(), kept_.end(), same_place));
    }
    if (kept_.size() >= settings_.in_all) drop_at(kept_.begin());
    kept_.push_back({std::move(transport), Clock::now()});
    if (!timer_waits_) wait_for_oldest();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    while (!kept_.empty()) drop_at(kept_.begin());
    timer_.cancel();
  }

  void shut_down() {
    close();
    all_.request_stop();
  }
  [[nodiscard]] std::stop_token stop_of_all() const { return all_.get_token(); }

  void count_renewal() {
    const std::lock_guard lock(mutex_);
    ++counts_.renewed;
  }

  [[nodiscard]] HttpPoolCounts counts() const {
    const std::lock_guard lock(mutex_);
    auto counts = counts_;
    counts.kept = kept_.size();
    return counts;
  }

 private:
  void drop_at(std::list<Kept>::iterator kept) {
    drop(std::move(kept->transport));
    kept_.erase(kept);
  }

  void wait_for_oldest() {
    timer_waits_ = true;
    timer_.expires_at(kept_.front().since + settings_.idle);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code) {
      if (const auto self = weak.lock()) self->drop_old_ones();
    });
  }

  void drop_old_ones() {
    const std::lock_guard lock(mutex_);
    timer_waits_ = false;
    const auto too_old = Clock::now() - settings_.idle;
    while (!kept_.empty() && kept_.front().since <= too_old) drop_at(kept_.begin());
    if (!kept_.empty()) wait_for_oldest();
  }

  const asio::any_io_executor executor_;
  const HttpPoolSettings settings_;
  mutable std::mutex mutex_;
  std::list<Kept> kept_;  ///< the oldest first
  asio::steady_timer timer_;
  bool timer_waits_ = false;
  bool closed_ = false;
  std::stop_source all_;
  std::shared_ptr<TlsClient> tls_;
  HttpPoolCounts counts_;
};

HttpPool::HttpPool(asio::any_io_executor executor, HttpPoolSettings settings)
    : state_(std::make_shared<State>(std::move(executor), std::move(settings))) {}

HttpPool::~HttpPool() {
  close();
}

void HttpPool::close() {
  state_->close();
}

void HttpPool::shut_down() {
  state_->shut_down();
}

HttpPoolCounts HttpPool::counts() const {
  return state_->counts();
}

asio::awaitable<HttpResult> HttpPool::send(HttpClientRequest request, HttpClientTimeouts timeouts, Deadline deadline) {
  return send_by(state_, std::move(request), timeouts, deadline);
}

asio::awaitable<HttpResult> HttpPool::send_by(std::shared_ptr<State> state, HttpClientRequest request,
                                              HttpClientTimeouts timeouts, Deadline deadline) {
  auto url = parse_http_url(request.url);
  if (!url) co_return std::unexpected(HttpFailure{url.error(), false});
  auto proxy = choose_proxy(state->proxies(), *url);
  if (!proxy) co_return std::unexpected(HttpFailure{proxy.error(), false});
  const HttpRoute route{*std::move(url), *std::move(proxy)};
  const bool once = request.once;
  const ClientExchange::Stops stops{request.stop, state->stop_of_all()};
  const auto message = message_of(std::move(request), route, true);
  const auto keep = [weak = std::weak_ptr(state)](TransportPtr transport) {
    if (const auto pool = weak.lock()) pool->keep(std::move(transport));
  };
  bool sent = false;
  if (auto kept = state->take(route.place())) {
    const auto exchange = std::make_shared<ClientExchange>(std::move(kept), timeouts, deadline, keep, stops);
    const auto outcome = co_await exchange->run(message, false);
    if (outcome) co_return exchange->reply();
    const bool unwanted = outcome.error().code == ErrorCode::cancelled;
    if (once || unwanted || !exchange->closed_before_answer() || deadline.passed()) co_return std::unexpected(outcome.error());
    sent = true;
    state->count_renewal();
  }
  const auto exchange = std::make_shared<ClientExchange>(state->fresh(route), timeouts, deadline, keep, stops);
  auto outcome = co_await exchange->run(message, true);
  if (outcome) co_return exchange->reply();
  outcome.error().sent = outcome.error().sent || sent;
  co_return std::unexpected(std::move(outcome).error());
}

}  // namespace gibsey::net
