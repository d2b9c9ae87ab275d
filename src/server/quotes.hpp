#pragma once
#include "server/json_response.hpp"
#include "server/request_fields.hpp"
#include "server/router.hpp"

#include <string>

namespace gibsey::server {

struct Claim {
  std::string text;
  std::string world;    ///< "": the first
  std::string page_id;  ///< looked at first; "": none
};

[[nodiscard]] Field<Claim> read_claim(const Json& object);

/// The check that every reply passes, for anybody's claim: {verbatim, world, page_id, label, start, end, text}. `text` is the
/// page's own; where the claim is on no page, the nearest line, and nulls where nothing is near. Errors: not_found (world, or it
/// has no book), unavailable.
boost::asio::awaitable<Result<Json>> verify_claim(const Services& services, Claim claim);

/// POST /v1/quotes/verify {claim, world?, page_id?} -> as verify_claim. 422, 404, 503.
boost::asio::awaitable<net::HttpResponse> verify_quote(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
