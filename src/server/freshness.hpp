#pragma once
#include "model/world.hpp"
#include "server/router.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// How one reads one's own writes: by a page's version, or by a cursor, which every write and POST /refresh answer and which no
/// client looks into.
namespace gibsey::server {

[[nodiscard]] std::string cursor_of(std::int64_t change);

/// Waits for what a request names: `fresh=PAGE_ID@VERSION`, that version of a page or one after it; `cursor=`, all that was
/// written before the cursor was given. nullopt: it is searchable by text, or nothing was named. Else the answer: 422, or 504
/// when it is not so within five seconds.
boost::asio::awaitable<std::optional<net::HttpResponse>> wait_until_fresh(const Services& services, const model::World& world,
                                                                          const RouteRequest& request);

/// POST /refresh -> {cursor}: waits until all that was written before is searchable. 504.
boost::asio::awaitable<net::HttpResponse> refresh(const Services& services, RouteRequest& request);

}  // namespace gibsey::server
