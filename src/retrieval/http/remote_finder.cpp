#include "retrieval/http/remote_finder.hpp"

#include "retrieval/http/hits_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace gibsey::retrieval {
namespace {

constexpr int kMostHits = 50;

net::ServiceSettings named(net::ServiceSettings service, const std::string& url) {
  if (service.name.empty()) service.name = "the passage service";
  service.address = net::shown_address(url);
  return service;
}

bool is_above_threshold(const net::ServiceAnswer& answer, const std::vector<Hit>& hits) {
  const auto told = answer.headers.find("X-Gibsey-Above-Threshold");
  return !hits.empty() && (!told || *told == "true");
}

std::string method_of(const net::ServiceAnswer& answer, const std::vector<Hit>& hits) {
  static constexpr std::array<std::string_view, 3> kMethods{"hybrid", "text", "vector"};
  if (hits.empty()) return "none";
  const auto told = answer.headers.find("X-Gibsey-Method");
  // The service of seed 004 searches by vectors.
  return told && std::ranges::find(kMethods, *told) != kMethods.end() ? std::string(*told) : "vector";
}

}  // namespace

RemoteFinder::RemoteFinder(RemoteFinderSettings settings, std::function<bool(const std::string&)> known_without_book)
    : url_(std::move(settings.url)),
      known_without_book_(std::move(known_without_book)),
      client_(named(std::move(settings.service), url_)) {}

Result<std::unique_ptr<RemoteFinder>> RemoteFinder::create(RemoteFinderSettings settings,
                                                           std::function<bool(const std::string&)> known_without_book) {
  GIBSEY_CHECK(net::check_service_address("RAG_URL", settings.url));
  // What follows a # is never sent; our parameters must not stand there.
  settings.url = settings.url.substr(0, settings.url.find('#'));
  return std::unique_ptr<RemoteFinder>(new RemoteFinder(std::move(settings), std::move(known_without_book)));
}

boost::asio::awaitable<Result<Retrieved>> RemoteFinder::retrieve(Query query) {
  if (query.text.empty()) co_return fail(ErrorCode::invalid_argument, "there is nothing to look for");
  if (query.k < 1 || query.k > kMostHits) {
    co_return fail(ErrorCode::invalid_argument,
                   fmt::format("between 1 and {} quotes can be found at once, not {}", kMostHits, query.k));
  }
  const auto begun = std::chrono::steady_clock::now();
  GIBSEY_CO_TRY(const auto answer, co_await client_.call({.url = http::address_of(url_, query)}));
  const auto where = fmt::format("{} at {}", client_.name(), client_.address());
  if (answer.status == 404) co_return fail(ErrorCode::not_found, fmt::format("{} knows no world '{}'", where, query.world));
  if (answer.status != 200) co_return fail(ErrorCode::unavailable, fmt::format("{} answered {}", where, answer.status));
  auto hits = http::read_hits(answer.body, query);
  if (!hits)
    co_return fail(ErrorCode::unavailable, fmt::format("{} gave an answer that cannot be read: {}", where, hits.error().message));
  Retrieved found;
  found.above_threshold = is_above_threshold(answer, *hits);
  found.method = method_of(answer, *hits);
  found.hits = *std::move(hits);
  found.search_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  co_return found;
}

boost::asio::awaitable<Result<std::optional<QuoteLocation>>> RemoteFinder::find_quote(
    std::string world, std::string /*claim*/, std::vector<std::string> /*preferred_pages*/) {
  co_return fail(ErrorCode::unavailable, fmt::format("The book of '{}' cannot be looked at here.", world));
}

std::shared_ptr<const QuoteFinder> RemoteFinder::quotes(const std::string& /*world*/) const {
  return nullptr;
}

bool RemoteFinder::has_book(const std::string& world) const {
  return !known_without_book_(world);
}

}  // namespace gibsey::retrieval
