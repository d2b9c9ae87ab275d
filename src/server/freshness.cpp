#include "server/freshness.hpp"

#include "server/json_response.hpp"
#include "server/pages.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <string_view>

namespace gibsey::server {
namespace {

constexpr std::string_view kCursor = "pages-";
constexpr auto kFreshTime = std::chrono::seconds(5);
constexpr auto kRefreshTime = std::chrono::seconds(30);

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::optional<std::int64_t> change_of(std::string_view cursor) {
  return cursor.starts_with(kCursor) ? number_in(cursor.substr(kCursor.size())) : std::nullopt;
}

struct PageVersion {
  std::string id;
  std::int64_t version = 0;
};

std::optional<PageVersion> page_version_of(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == text.npos || at == 0) return std::nullopt;
  const auto version = number_in(text.substr(at + 1));
  if (!version || *version == 0) return std::nullopt;
  return PageVersion{.id = std::string(text.substr(0, at)), .version = *version};
}

}  // namespace

std::string cursor_of(std::int64_t change) {
  return fmt::format("{}{}", kCursor, change);
}

boost::asio::awaitable<std::optional<net::HttpResponse>> wait_until_fresh(const Services& services, const model::World& world,
                                                                          const RouteRequest& request) {
  const auto deadline = Deadline::after(kFreshTime);
  if (const auto cursor = request.find("cursor"); cursor && !cursor->empty()) {
    const auto change = change_of(*cursor);
    if (!change)
      co_return problem(422, "The parameter 'cursor' must be one that POST /refresh or a write has answered.", "cursor");
    const auto waited = co_await services.follower.wait_for(*change, deadline);
    if (!waited) co_return problem(waited.error());
  }
  if (const auto fresh = request.find("fresh"); fresh && !fresh->empty()) {
    const auto wanted = page_version_of(*fresh);
    if (!wanted) co_return problem(422, "The parameter 'fresh' must be a page and its version, as in fresh=042@3.", "fresh");
    auto id = co_await spelled_id(services.pages, world.name, wanted->id);
    if (!id) co_return problem(id.error());
    const auto waited = co_await services.follower.wait_for_version(world.name, *std::move(id), wanted->version, deadline);
    if (!waited) co_return problem(waited.error());
  }
  co_return std::nullopt;
}

boost::asio::awaitable<net::HttpResponse> refresh(const Services& services, RouteRequest&) {
  const auto last = co_await services.pages.last_change();
  if (!last) co_return problem(last.error());
  services.follower.written(*last);
  const auto waited = co_await services.follower.wait_for(*last, Deadline::after(kRefreshTime));
  if (!waited) co_return problem(waited.error());
  co_return json_response(200, {{"cursor", cursor_of(*last)}});
}

}  // namespace gibsey::server
