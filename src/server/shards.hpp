#pragma once
#include "server/router.hpp"

namespace gibsey::server {

/// POST /v1/shards/{call}: what coordinators ask a memory node (retrieval/sharded/shard_nodes.hpp), in bytes, between Gibsey's
/// own processes. 400 bytes that are no question, 404 no such call or no memory node, 409 a world is cut otherwise here.
boost::asio::awaitable<net::HttpResponse> ask_shards(const Services& services, RouteRequest& request);
/// Keys, weights and the vector of a question.
inline constexpr std::size_t kShardsBodyLimit = 1024 * 1024;

}  // namespace gibsey::server
