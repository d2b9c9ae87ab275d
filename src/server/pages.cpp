#include "server/pages.hpp"

#include "server/json_response.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace gibsey::server {
namespace {

constexpr std::size_t kLongestNumber = 9;

/// The value of an id that is nothing but digits.
std::optional<std::int64_t> page_number(const std::string& id) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  const bool digits = !id.empty() && id.size() <= kLongestNumber && id.front() != '-';
  return digits && error == std::errc() && end == id.data() + id.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string version_tag(std::int64_t version) {
  return fmt::format("\"{}\"", version);
}

namespace {

Json id_or_null(const std::optional<model::Page>& page) {
  return page ? Json(page->id) : Json(nullptr);
}

boost::asio::awaitable<Result<std::optional<model::Page>>> next_page(store::PageStore& pages, const model::Page& page) {
  GIBSEY_CO_TRY(auto following, co_await pages.list_pages(page.world, page.id, 1));
  if (following.empty()) co_return std::optional<model::Page>();
  co_return std::optional(std::move(following.front()));
}

/// The store lists forward only. Nearly always the page before is the one with the number before: that is tried, and checked,
/// before the book is listed from its start.
boost::asio::awaitable<Result<std::optional<model::Page>>> previous_page(store::PageStore& pages, const model::Page& page) {
  if (page.order <= 0) co_return std::optional<model::Page>();
  if (const auto number = page_number(page.id); number && *number > 0) {
    GIBSEY_CO_TRY(auto guess, co_await find_page(pages, page.world, fmt::format("{:0{}}", *number - 1, page.id.size())));
    if (guess && guess->order == page.order - 1) co_return guess;
  }
  const auto place = static_cast<int>(std::min<std::int64_t>(page.order, INT32_MAX));
  GIBSEY_CO_TRY(auto before, co_await pages.list_pages(page.world, "", place));
  const auto at =
      std::find_if(before.begin(), before.end(), [&page](const model::Page& other) { return other.order >= page.order; });
  if (at == before.begin()) co_return std::optional<model::Page>();
  co_return std::optional(std::move(*std::prev(at)));
}

/// A version of a page that was removed since.
boost::asio::awaitable<Result<std::optional<model::Page>>> find_removed(store::PageStore& pages, std::string world,
                                                                        std::string id, std::int64_t version) {
  GIBSEY_CO_TRY(auto exact, co_await pages.find_page_version(world, id, version));
  if (exact) co_return exact;
  GIBSEY_CO_TRY(auto spelled, co_await spelled_id(pages, world, id));
  co_return co_await pages.find_page_version(std::move(world), std::move(spelled), version);
}

}  // namespace

Json page_json(const model::Page& page) {
  return {{"id", page.id},           {"world", page.world}, {"label", page.label},     {"title", page.title},
          {"chapter", page.chapter}, {"text", page.text},   {"version", page.version}, {"voice", page.voice}};
}

boost::asio::awaitable<Result<std::string>> spelled_id(store::PageStore& pages, std::string world, std::string id) {
  GIBSEY_CO_TRY(const auto page, co_await find_page(pages, world, id));
  if (page) co_return page->id;
  const auto number = page_number(id);
  if (!number) co_return id;
  GIBSEY_CO_TRY(const auto first, co_await pages.list_pages(world, "", 1));
  const bool by_number = !first.empty() && page_number(first.front().id);
  co_return fmt::format("{:0{}}", *number, by_number ? first.front().id.size() : id.size());
}

boost::asio::awaitable<Result<std::optional<model::Page>>> find_page(store::PageStore& pages, std::string world, std::string id) {
  GIBSEY_CO_TRY(auto exact, co_await pages.find_page(world, id));
  const auto number = page_number(id);
  if (exact || !number) co_return exact;
  const auto plain = std::to_string(*number);
  for (auto width = plain.size(); width <= kLongestNumber; ++width) {
    const auto spelled = fmt::format("{:0{}}", *number, width);
    if (spelled == id) continue;
    GIBSEY_CO_TRY(auto page, co_await pages.find_page(world, spelled));
    if (page) co_return page;
  }
  co_return std::optional<model::Page>();
}

boost::asio::awaitable<net::HttpResponse> get_page(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto version, query_number(request.find("version"), "version", 0, 1, INT64_MAX));
  auto world = co_await choose_world(services.pages, request.find("world").value_or(""));
  if (!world) co_return problem(world.error());
  const auto& id = request.parameters.at(0);
  auto page = co_await find_page(services.pages, world->name, id);
  if (!page) co_return problem(page.error());
  if (!*page && version > 0) {
    const auto removed = co_await find_removed(services.pages, world->name, id, version);
    if (!removed) co_return problem(removed.error());
    if (*removed) {
      auto body = page_json(**removed);
      body["next"] = body["previous"] = nullptr;
      co_return json_response(200, body);
    }
  }
  if (!*page) co_return problem(404, fmt::format("There is no page '{}' in the world '{}'.", id, world->name));
  const auto next = co_await next_page(services.pages, **page);
  if (!next) co_return problem(next.error());
  const auto previous = co_await previous_page(services.pages, **page);
  if (!previous) co_return problem(previous.error());
  if (version > 0 && version != (*page)->version) {
    page = co_await services.pages.find_page_version(world->name, (*page)->id, version);
    if (!page) co_return problem(page.error());
    if (!*page) co_return problem(404, fmt::format("The page '{}' has no version {}.", id, version));
  }
  auto body = page_json(**page);
  body["next"] = id_or_null(*next);
  body["previous"] = id_or_null(*previous);
  auto response = json_response(200, body);
  response.headers.add("ETag", version_tag((*page)->version));
  co_return response;
}

boost::asio::awaitable<net::HttpResponse> list_pages(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto limit, query_number(request.find("limit"), "limit", 50, 1, 500));
  auto world = co_await choose_world(services.pages, request.find("world").value_or(""));
  if (!world) co_return problem(world.error());
  auto after = request.find("after").value_or("");
  if (!after.empty()) {
    const auto page = co_await find_page(services.pages, world->name, after);
    if (!page) co_return problem(page.error());
    if (!*page) co_return problem(404, fmt::format("There is no page '{}' in the world '{}'.", after, world->name));
    after = (*page)->id;
  }
  // One more than asked for tells whether the book goes on.
  auto pages = co_await services.pages.list_pages(world->name, after, static_cast<int>(limit) + 1);
  if (!pages) co_return problem(pages.error());
  const bool more = pages->size() > static_cast<std::size_t>(limit);
  if (more) pages->pop_back();
  auto list = Json::array();
  for (const auto& page : *pages) list.push_back(page_json(page));
  co_return json_response(200,
                          {{"world", world->name}, {"pages", list}, {"next", more ? Json(pages->back().id) : Json(nullptr)}});
}

}  // namespace gibsey::server
