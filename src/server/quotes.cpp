#include "server/quotes.hpp"

#include "retrieval/claim_check.hpp"
#include "server/pages.hpp"
#include "server/problem.hpp"
#include "server/world_choice.hpp"

namespace gibsey::server {
namespace {

constexpr TextRule kClaim{1, 8000, true};
constexpr TextRule kPlaceName{0, 200, false};

Json claim_json(const std::string& world, const retrieval::CheckedClaim& checked) {
  Json json{{"verbatim", checked.verbatim},
            {"world", world},
            {"page_id", nullptr},
            {"label", nullptr},
            {"start", nullptr},
            {"end", nullptr},
            {"text", nullptr}};
  if (const auto& place = checked.place) {
    json["page_id"] = place->page_id;
    json["label"] = place->label;
    json["start"] = place->start;
    json["end"] = place->end;
    json["text"] = place->text;
  }
  return json;
}

}  // namespace

Field<Claim> read_claim(const Json& object) {
  Claim claim;
  GIBSEY_TRY(claim.text, required_text(object, "claim", kClaim));
  GIBSEY_TRY(claim.world, optional_text(object, "world", kPlaceName));
  GIBSEY_TRY(claim.page_id, optional_text(object, "page_id", kPlaceName));
  return claim;
}

boost::asio::awaitable<Result<Json>> verify_claim(const Services& services, Claim claim) {
  GIBSEY_CO_TRY(const auto world, co_await choose_book(services.pages, services.passages, claim.world));
  std::vector<std::string> preferred;
  if (!claim.page_id.empty()) {
    GIBSEY_CO_TRY(const auto page, co_await find_page(services.pages, world.name, claim.page_id));
    preferred.push_back(page ? page->id : claim.page_id);
  }
  GIBSEY_CO_TRY(const auto checked,
                co_await retrieval::check_claim(services.passages, world.name, std::move(claim.text), std::move(preferred)));
  co_return claim_json(world.name, checked);
}

boost::asio::awaitable<net::HttpResponse> verify_quote(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  GIBSEY_FIELD(auto claim, read_claim(object));
  const auto found = co_await verify_claim(services, std::move(claim));
  if (!found) co_return problem(found.error());
  co_return json_response(200, *found);
}

}  // namespace gibsey::server
