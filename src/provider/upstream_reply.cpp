#include "provider/upstream_reply.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <charconv>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>

namespace gibsey::provider {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kMostWords = 200;

/// Who came first, the piece or the clock: a clock that comes second must not close a connection that goes on.
enum class Race { open, read, late };

std::optional<std::time_t> parse_http_date(const std::string& text) {
  std::tm time{};
  std::istringstream in(text);
  in.imbue(std::locale::classic());
  in >> std::get_time(&time, "%a, %d %b %Y %H:%M:%S");
  if (in.fail()) return std::nullopt;
  return ::timegm(&time);
}

}  // namespace

asio::awaitable<Result<std::unique_ptr<UpstreamReply>>> UpstreamReply::send(net::HttpClientRequest request, Patience patience,
                                                                            Deadline deadline,
                                                                            std::shared_ptr<net::HttpPool> pool) {
  const auto until = Clock::now() + patience.first_token;
  if (patience.total < deadline.left()) deadline = Deadline::after(patience.total);
  const net::HttpClientTimeouts timeouts{.connect = patience.connect,
                                         .first_byte = patience.first_token,
                                         .idle = std::max(patience.first_token, patience.between_tokens)};
  request.once = request.method == "POST";
  net::HttpResult reply;
  if (pool) {
    reply = co_await pool->send(std::move(request), timeouts, deadline);
  } else {
    reply = co_await net::send_http(std::move(request), timeouts, deadline);
  }
  if (!reply) co_return std::unexpected(std::move(reply).error());
  co_return std::unique_ptr<UpstreamReply>(new UpstreamReply(*std::move(reply), patience, until));
}

asio::awaitable<Result<std::optional<std::string>>> UpstreamReply::read() {
  const auto race = std::make_shared<std::atomic<Race>>(Race::open);
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer clock(executor, until_);
  clock.async_wait([race, reply = reply_](const boost::system::error_code& error) {
    auto open = Race::open;
    if (!error && race->compare_exchange_strong(open, Race::late)) reply->cancel();
  });
  auto piece = co_await reply_->read();
  if (race->exchange(Race::read) != Race::late) co_return piece;
  const auto waited = heard_ ? patience_.between_tokens : patience_.first_token;
  co_return fail(ErrorCode::deadline,
                 fmt::format("the model server sent {} for {:.1f} seconds", heard_ ? "nothing more" : "no word",
                             std::chrono::duration<double>(waited).count()));
}

void UpstreamReply::heard() {
  heard_ = true;
  until_ = Clock::now() + patience_.between_tokens;
}

asio::awaitable<Result<std::string>> UpstreamReply::read_all(std::size_t limit) {
  co_return co_await reply_->read_all(limit);
}

std::string told_words(std::string_view words, const std::string& secret) {
  std::string told = utf8::sanitized(words);
  for (auto at = secret.empty() ? std::string::npos : told.find(secret); at != std::string::npos; at = told.find(secret, at)) {
    told.replace(at, secret.size(), "***");
    at += 3;
  }
  std::ranges::replace_if(told, [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; }, ' ');
  return std::string(utf8::slice(told, 0, kMostWords));
}

std::optional<milliseconds> retry_after(const net::HttpHeaders& headers) {
  const auto field = headers.find("Retry-After");
  if (!field) return std::nullopt;
  const std::string text(*field);
  double seconds = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error == std::errc() && stop == end && std::isfinite(seconds)) {
    constexpr double kDay = 86'400;
    return milliseconds(static_cast<std::int64_t>(std::clamp(seconds, 0.0, kDay) * 1000));
  }
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return milliseconds(1000 * std::max<std::int64_t>(0, *date - std::time(nullptr)));
}

ErrorCode refusal_code(int status) {
  switch (status) {
    case 401:
    case 402:
    case 403: return ErrorCode::forbidden;
    case 404: return ErrorCode::not_found;
    case 413: return ErrorCode::too_large;
    case 429:
    case 503:
    case 529: return ErrorCode::busy;  // 529: Anthropic's "overloaded"
    default: return ErrorCode::unavailable;
  }
}

bool says_too_long(std::string_view words) {
  std::string lower(words);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::array<std::string_view, 5> kSayings{"prompt is too long", "exceed context limit", "context length",
                                                            "context window", "available context"};
  return std::ranges::any_of(kSayings, [&lower](std::string_view saying) { return lower.contains(saying); });
}

}  // namespace gibsey::provider
