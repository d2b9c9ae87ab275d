#include "net/file_download.hpp"

#include "base/byte_size.hpp"
#include "net/part_file.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

namespace gibsey::net {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr int kMostRedirects = 5;
/// A server that has another file each time, or cannot go on and breaks off each time, has no end.
constexpr int kMostBeginnings = 4;
constexpr auto kLongestWait = std::chrono::seconds(30);
constexpr std::size_t kBeginning = 4;
constexpr std::uint64_t kSyncEvery = 256 * 1024 * 1024;

/// Why a try ended before the file did.
struct Broken {
  Error error;
  bool again = false;  ///< another try may help
};
using Try = std::expected<void, Broken>;

std::unexpected<Broken> give_up(Error error) {
  return std::unexpected(Broken{std::move(error), false});
}

std::unexpected<Broken> try_again(Error error) {
  return std::unexpected(Broken{std::move(error), true});
}

std::string header(const HttpReply& reply, std::string_view name) {
  return std::string(reply.headers().find(name).value_or(""));
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

/// "bytes 100-999/1000" (RFC 9110 section 14.4); a total of 0 for "*".
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto dash = text.find('-');
  const auto slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
  const auto first = whole_number(text.substr(0, dash));
  const auto total = text.substr(slash + 1) == "*" ? std::optional<std::uint64_t>(0) : whole_number(text.substr(slash + 1));
  if (!first || !total) return std::nullopt;
  return ContentRange{*first, *total};
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool may_pass(int status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

Result<std::string> redirected(const std::string& from, const std::string& location) {
  const auto base = boost::urls::parse_uri(from);
  const auto target = boost::urls::parse_uri_reference(location);
  boost::urls::url whole;
  if (!base || !target || !boost::urls::resolve(*base, *target, whole)) {
    return fail(ErrorCode::unavailable, fmt::format("{} sends on to no address ('{}')", from, location));
  }
  if (base->scheme() == "https" && whole.scheme() != "https") {
    return fail(ErrorCode::forbidden, fmt::format("{} sends on from https to {}, where anyone on the way could change the file; "
                                                  "it is not fetched",
                                                  from, std::string(whole.buffer())));
  }
  return std::string(whole.buffer());
}

Error refusal(const std::string& url, int status) {
  const auto code = status == 404 || status == 410   ? ErrorCode::not_found
                    : status == 401 || status == 403 ? ErrorCode::forbidden
                                                     : ErrorCode::unavailable;
  return {code, fmt::format("{} answers {} {}", url, status, reason_phrase(status))};
}

class Download {
 public:
  Download(DownloadRequest request, DownloadSettings settings, PartFile part)
      : request_(std::move(request)), settings_(std::move(settings)), part_(std::move(part)) {}

  asio::awaitable<Result<DownloadedFile>> run();

 private:
  asio::awaitable<Try> fetch();
  asio::awaitable<HttpResult> ask(std::string url) const;
  asio::awaitable<std::expected<std::unique_ptr<HttpReply>, Broken>> follow();
  [[nodiscard]] Try go_on_from(const HttpReply& reply);
  [[nodiscard]] Try begin_anew(const HttpReply& reply);
  [[nodiscard]] Try check_room(std::uint64_t total) const;
  asio::awaitable<Try> read_body(HttpReply& reply);
  [[nodiscard]] Try take(std::string_view piece);
  [[nodiscard]] bool can_go_on() const;
  [[nodiscard]] FileVersion version_of(const HttpReply& reply) const;
  void say(const std::string& sentence) const {
    if (request_.note) request_.note(sentence);
  }

  const DownloadRequest request_;
  const DownloadSettings settings_;
  PartFile part_;
  std::string beginning_;  ///< until it was checked
  std::uint64_t synced_ = 0;
  int beginnings_ = 0;
  bool brought_ = false;  ///< this try has brought bytes
};

/// A weak ETag says nothing about bytes (RFC 9110 section 8.8.3), and without any sign of its version the file may be another
/// one.
bool Download::can_go_on() const {
  const auto& version = part_.version();
  return (!version.etag.empty() && !version.etag.starts_with("W/")) || !version.last_modified.empty();
}

FileVersion Download::version_of(const HttpReply& reply) const {
  return {.url = request_.url,
          .etag = header(reply, "ETag"),
          .last_modified = header(reply, "Last-Modified"),
          .bytes = whole_number(header(reply, "Content-Length")).value_or(0)};
}

asio::awaitable<HttpResult> Download::ask(std::string url) const {
  HttpClientRequest request{.url = std::move(url), .headers = {{"Accept", "*/*"}}};
  if (part_.size() > 0 && can_go_on()) {
    const auto& version = part_.version();
    const bool strong = !version.etag.empty() && !version.etag.starts_with("W/");
    request.headers.add("Range", fmt::format("bytes={}-", part_.size()));
    request.headers.add("If-Range", strong ? version.etag : version.last_modified);
  }
  co_return co_await send_http(std::move(request), settings_.timeouts, Deadline::never(), settings_.proxies);
}

/// The first answer that is no redirect.
asio::awaitable<std::expected<std::unique_ptr<HttpReply>, Broken>> Download::follow() {
  auto url = request_.url;
  for (int hops = 0; hops <= kMostRedirects; ++hops) {
    auto reply = co_await ask(url);
    if (!reply) {
      const bool again = reply.error().code == ErrorCode::unavailable || reply.error().code == ErrorCode::deadline;
      co_return std::unexpected(Broken{reply.error(), again});
    }
    const int status = (*reply)->status();
    if (status == 200 || status == 206 || (status == 416 && part_.size() > 0)) co_return std::move(*reply);
    if (!is_redirect(status)) co_return std::unexpected(Broken{refusal(url, status), may_pass(status)});
    auto next = redirected(url, header(**reply, "Location"));
    if (!next) co_return give_up(next.error());
    url = *std::move(next);
  }
  co_return give_up({ErrorCode::unavailable, fmt::format("{} is redirected more than {} times", request_.url, kMostRedirects)});
}

Try Download::check_room(std::uint64_t total) const {
  if (total == 0) return {};
  if (request_.check_length) {
    if (const auto fine = request_.check_length(total); !fine) return give_up(fine.error());
  }
  std::error_code error;
  const auto space = fs::space(request_.part.parent_path(), error);
  const auto missing = total - std::min(total, part_.size());
  if (error || missing <= space.available) return {};
  return give_up({ErrorCode::too_large, fmt::format("the file needs {} more and the disk of {} has {} free", shown_bytes(missing),
                                                    request_.part.parent_path().string(), shown_bytes(space.available))});
}

Try Download::begin_anew(const HttpReply& reply) {
  const auto fresh = version_of(reply);
  if (part_.size() > 0) {
    const auto& old = part_.version();
    const bool changed = old.etag != fresh.etag || old.last_modified != fresh.last_modified || old.bytes != fresh.bytes;
    say(changed ? "the file on the server has changed: starting anew" : "the server cannot go on in the middle: starting anew");
  }
  if (++beginnings_ > kMostBeginnings) {
    return give_up(
        {ErrorCode::unavailable, fmt::format("{} had to be begun {} times and never came whole", request_.url, kMostBeginnings)});
  }
  if (const auto begun = part_.begin(fresh); !begun) return give_up(begun.error());
  beginning_.clear();
  synced_ = 0;
  return check_room(fresh.bytes);
}

/// An answer of status 206: is it the rest of what is there?
Try Download::go_on_from(const HttpReply& reply) {
  const auto range = parse_content_range(header(reply, "Content-Range"));
  const auto& version = part_.version();
  const auto etag = header(reply, "ETag");
  const bool same = range && range->first == part_.size() && (etag.empty() || etag == version.etag) &&
                    (range->total == 0 || version.bytes == 0 || range->total == version.bytes);
  if (same) return check_room(version.bytes);
  say("the file on the server has changed: starting anew");
  if (const auto begun = part_.begin({.url = request_.url}); !begun) return give_up(begun.error());
  return try_again({ErrorCode::unavailable, "the server sent another part of the file than the one it was asked for"});
}

Try Download::take(std::string_view piece) {
  if (part_.size() < kBeginning && request_.check_beginning) {
    beginning_ += piece;
    if (beginning_.size() >= kBeginning) {
      if (const auto fine = request_.check_beginning(beginning_); !fine) return give_up(fine.error());
    }
  }
  if (const auto appended = part_.append(piece); !appended) return give_up(appended.error());
  if (part_.size() - synced_ >= kSyncEvery) {
    if (const auto done = part_.sync(); !done) return give_up(done.error());
    synced_ = part_.size();
  }
  brought_ = true;
  if (request_.progress) request_.progress(part_.size(), part_.version().bytes);
  return {};
}

asio::awaitable<Try> Download::read_body(HttpReply& reply) {
  if (const auto coding = header(reply, "Content-Encoding"); !coding.empty() && coding != "identity") {
    co_return give_up(
        {ErrorCode::unavailable, fmt::format("{} is sent compressed ({}), which was not asked for", request_.url, coding)});
  }
  for (;;) {
    auto piece = co_await reply.read();
    if (!piece) co_return try_again(piece.error());
    if (!*piece) break;
    if (auto taken = take(**piece); !taken) co_return taken;
  }
  const auto total = part_.version().bytes;
  if (total == 0 || part_.size() == total) co_return Try{};
  co_return try_again({ErrorCode::unavailable, fmt::format("the server ended after {} of {} bytes", part_.size(), total)});
}

asio::awaitable<Try> Download::fetch() {
  const auto known = part_.version().bytes;
  if (known > 0 && part_.size() == known) co_return Try{};
  auto reply = co_await follow();
  if (!reply) co_return std::unexpected(std::move(reply).error());
  if ((*reply)->status() == 416) {
    say("the server has no such rest of the file: starting anew");
    if (const auto begun = part_.begin({.url = request_.url}); !begun) co_return give_up(begun.error());
    co_return try_again({ErrorCode::unavailable, fmt::format("{} is shorter by now than what had come of it", request_.url)});
  }
  auto begun = (*reply)->status() == 206 ? go_on_from(**reply) : begin_anew(**reply);
  if (!begun) co_return begun;
  co_return co_await read_body(**reply);
}

asio::awaitable<Result<DownloadedFile>> Download::run() {
  int vain = 0;
  bool ever_brought = part_.size() > 0;
  auto pause = settings_.first_wait;
  for (;;) {
    brought_ = false;
    const auto outcome = co_await fetch();
    if (outcome) break;
    if (!outcome.error().again) co_return std::unexpected(outcome.error().error);
    ever_brought = ever_brought || brought_;
    if (brought_) {
      vain = 0;
      pause = settings_.first_wait;
    }
    if (++vain >= (ever_brought ? settings_.most_tries : settings_.most_first_tries)) {
      co_return fail(ErrorCode::unavailable,
                     fmt::format("{}; given up after {} tries, what has come is kept", outcome.error().error.message, vain));
    }
    say(fmt::format("{}; trying again in {:.1f} s", outcome.error().error.message, std::chrono::duration<double>(pause).count()));
    asio::steady_timer timer(co_await asio::this_coro::executor, pause);
    co_await timer.async_wait(asio::use_awaitable);
    pause = std::min<std::chrono::milliseconds>(pause * 2, kLongestWait);
  }
  GIBSEY_CO_CHECK(part_.sync());
  co_return DownloadedFile{.bytes = part_.size(), .sha256 = part_.sha256()};
}

}  // namespace

asio::awaitable<Result<DownloadedFile>> download_file(DownloadRequest request, DownloadSettings settings) {
  GIBSEY_CO_CHECK(parse_http_url(request.url));
  GIBSEY_CO_TRY(auto part, PartFile::open(request.part, request.url));
  Download download(std::move(request), std::move(settings), std::move(part));
  co_return co_await download.run();
}

}  // namespace gibsey::net
