#include "server/page_edits.hpp"

#include "server/freshness.hpp"
#include "server/json_response.hpp"
#include "server/pages.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace gibsey::server {
namespace {

constexpr TextRule kPageId{1, 64, false};
constexpr TextRule kTitle{0, 500, false};
/// Markdown has marks, links and images that the text has not.
constexpr TextRule kSource{1, 4 * ingest::kLongestPage, true};
constexpr TextRule kText{1, ingest::kLongestPage, true};
/// A write is answered when it can be found, so that who writes and then asks finds it; but not at any price.
constexpr auto kSearchableTime = std::chrono::seconds(1);

/// nullopt when the field is absent or null.
Field<std::optional<std::string>> given_text(const Json& object, std::string_view name, TextRule rule) {
  const auto at = object.find(name);
  if (at == object.end() || at->is_null()) return std::nullopt;
  return required_text(object, name, rule);
}

Field<ingest::PageEdit> read_edit(const Json& object) {
  ingest::PageEdit edit;
  GIBSEY_TRY(edit.label, given_text(object, "label", kName));
  GIBSEY_TRY(edit.title, given_text(object, "title", kTitle));
  GIBSEY_TRY(edit.chapter, given_text(object, "chapter", kTitle));
  GIBSEY_TRY(edit.voice, given_text(object, "voice", kName));
  GIBSEY_TRY(edit.text, given_text(object, "text", kText));
  GIBSEY_TRY(edit.source, given_text(object, "source", kSource));
  return edit;
}

/// The version that an If-Match names: a number, in quotation marks or not.
Field<std::optional<std::int64_t>> matched_version(const net::HttpRequest& request) {
  const auto field = request.headers.find("If-Match");
  if (!field) return std::nullopt;
  auto tag = *field;
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), version);
  if (error == std::errc() && end == tag.data() + tag.size() && version > 0) return version;
  return std::unexpected(problem(422, "If-Match must hold the page's version, as in If-Match: \"3\".", "If-Match"));
}

Field<std::optional<std::int64_t>> expected_version(const net::HttpRequest& request, const Json& object) {
  GIBSEY_TRY(const auto in_body, optional_number(object, "version", 0, INT64_MAX));
  return in_body ? Field<std::optional<std::int64_t>>(in_body) : matched_version(request);
}

boost::asio::awaitable<Result<model::World>> world_of(const Services& services, const RouteRequest& request, std::string named) {
  if (named.empty()) named = request.find("world").value_or("");
  co_return co_await choose_world(services.pages, std::move(named));
}

/// Tells the follower, and waits a little for it.
boost::asio::awaitable<void> make_searchable(const Services& services, std::int64_t seq) {
  services.follower.written(seq);
  // Durable it is; who must know waits by fresh= or the cursor.
  (void)co_await services.follower.wait_for(seq, Deadline::after(kSearchableTime));
}

boost::asio::awaitable<net::HttpResponse> write(const Services& services, ingest::PageEdit edit) {
  const auto written = co_await services.editor.write(std::move(edit));
  if (!written && written.error().code == ErrorCode::invalid_argument) co_return problem(422, written.error().message, "text");
  if (!written) co_return problem(written.error());
  co_await make_searchable(services, written->seq);
  auto response = json_response(written->added ? 201 : 200, page_json(written->page));
  response.headers.add("ETag", version_tag(written->page.version));
  response.headers.add("X-Gibsey-Cursor", cursor_of(written->seq));
  co_return response;
}

constexpr const char* kNoText = "The field 'text' is missing; a new page needs one, or a 'source' in Markdown.";

}  // namespace

boost::asio::awaitable<net::HttpResponse> create_page(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  GIBSEY_FIELD(auto named, optional_text(object, "world", kName));
  GIBSEY_FIELD(auto edit, read_edit(object));
  GIBSEY_FIELD(auto id, given_text(object, "id", kPageId));
  if (!edit.text && !edit.source) co_return problem(422, kNoText, "text");
  const auto world = co_await world_of(services, request, std::move(named));
  if (!world) co_return problem(world.error());
  edit.world = world->name;
  edit.expected = 0;
  if (id) {
    auto spelled = co_await spelled_id(services.pages, world->name, *std::move(id));
    if (!spelled) co_return problem(spelled.error());
    edit.id = *std::move(spelled);
    const auto last = co_await services.pages.last_version(world->name, edit.id);
    if (!last) co_return problem(last.error());
    if (*last > 0) {
      co_return problem(409,
                        fmt::format("The id '{}' is or was another page's, and ids are never used again; leave it out, or PUT "
                                    "the page to change it.",
                                    edit.id));
    }
  }
  co_return co_await write(services, std::move(edit));
}

boost::asio::awaitable<net::HttpResponse> put_page(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  GIBSEY_FIELD(auto named, optional_text(object, "world", kName));
  GIBSEY_FIELD(auto edit, read_edit(object));
  GIBSEY_FIELD(edit.expected, expected_version(request.http, object));
  GIBSEY_FIELD(auto id, checked_text(request.parameters.at(0), "id", kPageId));
  const auto world = co_await world_of(services, request, std::move(named));
  if (!world) co_return problem(world.error());
  edit.world = world->name;
  auto spelled = co_await spelled_id(services.pages, world->name, std::move(id));
  if (!spelled) co_return problem(spelled.error());
  edit.id = *std::move(spelled);
  if (!edit.text && !edit.source) {
    const auto page = co_await services.pages.find_page(world->name, edit.id);
    if (!page) co_return problem(page.error());
    if (!*page) co_return problem(422, kNoText, "text");
  }
  co_return co_await write(services, std::move(edit));
}

boost::asio::awaitable<net::HttpResponse> delete_page(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto version, query_number(request.find("version"), "version", 0, 1, INT64_MAX));
  GIBSEY_FIELD(auto expected, matched_version(request.http));
  if (version > 0) expected = version;
  const auto world = co_await world_of(services, request, "");
  if (!world) co_return problem(world.error());
  const auto& id = request.parameters.at(0);
  const auto page = co_await find_page(services.pages, world->name, id);
  if (!page) co_return problem(page.error());
  if (!*page) co_return problem(404, fmt::format("There is no page '{}' in the world '{}'.", id, world->name));
  const auto removed = co_await services.pages.remove_page(world->name, (*page)->id, expected);
  if (!removed) co_return problem(removed.error());
  co_await make_searchable(services, removed->seq);
  co_return net::HttpResponse{204, {{"X-Gibsey-Cursor", cursor_of(removed->seq)}}, {}};
}

}  // namespace gibsey::server
