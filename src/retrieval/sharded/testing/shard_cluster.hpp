#pragma once
#include "net/http_handler.hpp"
#include "net/testing/io_threads.hpp"
#include "net/testing/server_thread.hpp"
#include "retrieval/http/http_shard_nodes.hpp"
#include "retrieval/sharded/shard_node.hpp"
#include "retrieval/sharded/sharded_finder.hpp"
#include "retrieval/testing/run.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::retrieval::testing {

/// One memory node on a port of its own. It can be slow, and it can be ended.
class ShardServer final : public net::HttpHandler {
 public:
  ShardServer() : server_(std::make_unique<net::testing::ServerThread>(*this)), port_(server_->port()) {}

  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  void hold(sharded::ShardNode& node) { node_ = &node; }
  void slow_down(std::chrono::milliseconds by) { slowness_ = by; }
  void end() { server_.reset(); }
  [[nodiscard]] int calls() const { return calls_; }

  net::Admission admit(const net::HttpRequest&) override { return {1024 * 1024, std::nullopt}; }
  boost::asio::awaitable<void> answer(net::HttpRequest request, net::HttpExchange& exchange) override {
    ++calls_;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, slowness_.load());
    co_await timer.async_wait(boost::asio::use_awaitable);
    std::string call(request.path().substr(request.path().rfind('/') + 1));
    auto answer = co_await node_.load()->answer(std::move(call), std::move(request.body));
    co_await exchange.send(answer ? net::HttpResponse{200, {}, *std::move(answer)}
                                  : net::HttpResponse{400, {}, answer.error().message});
  }
  net::HttpResponse refusal(const net::HttpRequest&, int status, std::string_view detail) override {
    return {status, {}, std::string(detail)};
  }

 private:
  std::atomic<sharded::ShardNode*> node_ = nullptr;
  std::atomic<std::chrono::milliseconds> slowness_{};
  std::atomic<int> calls_ = 0;
  std::unique_ptr<net::testing::ServerThread> server_;
  std::uint16_t port_ = 0;
};

struct ClusterShape {
  std::size_t nodes = 3;
  std::uint32_t shards = 16;
  std::uint32_t replicas = 1;
  std::chrono::milliseconds deadline{20'000};  ///< the tests run under sanitizers, beside others
  std::chrono::milliseconds second_after{20'000};
};

/// Memory nodes as real HTTP servers over one store, and a coordinator.
class ShardCluster {
 public:
  ShardCluster(store::PageStore& pages, provider::Embedder* embedder, ClusterShape shape) {
    for (std::size_t i = 0; i < shape.nodes; ++i) servers_.push_back(std::make_unique<ShardServer>());
    std::vector<sharded::MemoryNode> named;
    for (std::size_t i = 0; i < shape.nodes; ++i) named.push_back({fmt::format("node-{}", i), servers_[i]->url()});
    map_ = std::make_unique<sharded::ShardMap>(sharded::ShardMap::make(named, shape.shards, shape.replicas).value());
    for (std::size_t i = 0; i < shape.nodes; ++i) {
      nodes_.push_back(std::make_unique<sharded::ShardNode>(pages, embedder ? embedder->model() : "", *map_, i));
      servers_[i]->hold(*nodes_[i]);
    }
    pool_ = std::make_shared<net::HttpPool>(threads_.executor());
    client_ =
        http::HttpShardNodes::create(threads_.executor(), *map_,
                                     {.second_after = shape.second_after, .breaker = {.failures = 100}, .headers = {}}, pool_)
            .value();
    finder_ = std::make_unique<sharded::ShardedFinder>(pages, embedder, *client_, nullptr,
                                                       sharded::ShardedFinderSettings{.deadline = shape.deadline, .count = {}});
  }
  ~ShardCluster() {
    servers_.clear();
    pool_->close();
  }
  ShardCluster(const ShardCluster&) = delete;
  ShardCluster& operator=(const ShardCluster&) = delete;

  void load(const std::string& world) {
    for (const auto& node : nodes_) threads_.run(node->load(world)).value();
    threads_.run(finder_->load(world)).value();
  }
  Result<Retrieved> ask(Query query) { return threads_.run(finder_->retrieve(std::move(query))); }
  Result<std::optional<QuoteLocation>> find_quote(std::string world, std::string claim, std::vector<std::string> preferred = {}) {
    return threads_.run(finder_->find_quote(std::move(world), std::move(claim), std::move(preferred)));
  }
  /// As the coordinator's follower does.
  void follow(const std::string& world, std::vector<std::string> page_ids) {
    threads_.run(finder_->follow(world, std::move(page_ids))).value();
  }

  [[nodiscard]] ShardServer& server(std::size_t i) { return *servers_[i]; }
  [[nodiscard]] sharded::ShardNode& node(std::size_t i) { return *nodes_[i]; }
  [[nodiscard]] sharded::ShardedFinder& finder() { return *finder_; }
  [[nodiscard]] http::HttpShardNodes& client() { return *client_; }
  [[nodiscard]] const sharded::ShardMap& map() const { return *map_; }

 private:
  net::testing::IoThreads threads_;
  std::unique_ptr<sharded::ShardMap> map_;
  std::vector<std::unique_ptr<sharded::ShardNode>> nodes_;
  std::vector<std::unique_ptr<ShardServer>> servers_;
  std::shared_ptr<net::HttpPool> pool_;
  std::unique_ptr<http::HttpShardNodes> client_;
  std::unique_ptr<sharded::ShardedFinder> finder_;
};

}  // namespace gibsey::retrieval::testing
