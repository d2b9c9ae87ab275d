#include "server/shards.hpp"

#include "retrieval/sharded/shard_node.hpp"
#include "server/problem.hpp"

namespace gibsey::server {

boost::asio::awaitable<net::HttpResponse> ask_shards(const Services& services, RouteRequest& request) {
  if (services.shards == nullptr) co_return problem(404, "This process holds no shards; it is given them by GIBSEY_MEMORY_NODE.");
  auto answer = co_await services.shards->answer(request.parameters.at(0), std::move(request.http.body));
  // What cannot be read is the asker's fault here, not the store's.
  if (!answer && answer.error().code == ErrorCode::corrupt) co_return problem(400, answer.error().message);
  if (!answer) co_return problem(answer.error());
  co_return net::HttpResponse{200, {{"Content-Type", "application/octet-stream"}}, *std::move(answer)};
}

}  // namespace gibsey::server
