#include "app/server_checks.hpp"

#include "app/chat_models.hpp"
#include "feed/kafka/kafka_feed.hpp"
#include "net/http_client.hpp"
#include "net/http_pool.hpp"
#include "net/redis_client.hpp"
#include "net/service_client.hpp"
#include "retrieval/http/node_client.hpp"
#include "retrieval/sharded/messages.hpp"
#include "retrieval/sharded/shard_nodes.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace gibsey::app {
namespace {

namespace asio = boost::asio;
namespace sharded = retrieval::sharded;

constexpr auto kPatience = std::chrono::seconds(5);
constexpr net::HttpClientTimeouts kTimeouts{.connect = kPatience, .first_byte = kPatience, .idle = kPatience};

using Outcome = asio::awaitable<Result<void>>;

std::unexpected<Error> wrong(std::string sentence) {
  return fail(ErrorCode::unavailable, std::move(sentence));
}

/// A request that changes nothing, and what the setting is called that names the server.
struct Probe {
  std::string setting;
  net::HttpClientRequest request;
  std::string expects;  ///< what the address must be, for whoever named another one
};

net::HttpClientRequest request_of(std::string method, std::string url, const std::string& token, std::string body = "") {
  net::HttpClientRequest request{.method = std::move(method), .url = std::move(url), .body = std::move(body)};
  if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
  if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
  return request;
}

/// The status of an answer that may be right: below 500, neither 401, 403 nor 405, and JSON.
asio::awaitable<Result<int>> ask(Probe probe) {
  const auto address = net::shown_address(probe.request.url);
  auto reply = co_await net::send_http(std::move(probe.request), kTimeouts, Deadline::after(kPatience));
  if (!reply)
    co_return wrong(fmt::format("{}; start that server, or correct or remove {}.", reply.error().message, probe.setting));
  const int status = (*reply)->status();
  if (status == 401 || status == 403) {
    co_return wrong(
        fmt::format("{} answers {}: it does not take our token; give both the same GIBSEY_SERVICE_TOKEN (for a Stargate "
                    "STARGATE_AUTH_TOKEN).",
                    address, status));
  }
  // Some other program's web page answers 200 to anything.
  const bool foreign = status < 300 && (*reply)->headers().find("Content-Type").value_or("").find("json") == std::string::npos;
  if (foreign) {
    co_return wrong(fmt::format("{} gives something other than JSON; {} must be {}.", address, probe.setting, probe.expects));
  }
  if (status == 405 || status >= 500 || (status >= 300 && status < 400)) {
    co_return wrong(fmt::format("{} answers {}; {} must be {}.", address, status, probe.setting, probe.expects));
  }
  co_return status;
}

/// A server whose path must be there: a body that is no request is refused with 400 or 422, what is not there with 404.
Outcome there(Probe probe) {
  const auto message = fmt::format("{} has nothing there (404); {} must be {}.", net::shown_address(probe.request.url),
                                   probe.setting, probe.expects);
  GIBSEY_CO_TRY(const auto status, co_await ask(std::move(probe)));
  if (status == 404) co_return wrong(message);
  co_return Result<void>();
}

/// A server that answers 404 for a character that it has not.
Outcome answers(Probe probe) {
  GIBSEY_CO_TRY(const auto status, co_await ask(std::move(probe)));
  (void)status;
  co_return Result<void>();
}

std::string without_slash(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  return base;
}

Outcome check_redis(const Config& config, asio::any_io_executor executor) {
  net::RedisClient redis(executor, {.host = config.redis_host,
                                    .port = static_cast<std::uint16_t>(config.redis_port),
                                    .db = config.redis_db,
                                    .password = config.redis_password});
  const auto pong = co_await redis.call({"PING"}, Deadline::after(kPatience));
  const auto detail = redis.state().detail;
  redis.stop();
  if (pong) co_return Result<void>();
  co_return wrong(fmt::format("{}; start Redis, or correct or remove REDIS_HOST, REDIS_PORT, REDIS_DB and REDIS_PASSWORD.",
                              detail.empty() ? pong.error().message : detail));
}

Outcome check_kafka(const Config& config) {
  GIBSEY_CO_TRY(const auto feed, feed::KafkaFeed::open({.brokers = config.kafka_brokers}));
  const auto checked = co_await feed->check(config.pages_topic);
  if (checked) co_return Result<void>();
  co_return wrong(fmt::format("{}; start Kafka, or correct or remove KAFKA_BROKERS.", checked.error().message));
}

Outcome check_model(provider::ChatModel& model) {
  auto checked = co_await model.check();
  if (checked) co_return Result<void>();
  co_return wrong(fmt::format("{}; start it, or take '{}' out of LLM_PROVIDERS.", checked.error().message, model.provider()));
}

Outcome check_embedder(provider::Embedder& embedder) {
  const auto vectors = co_await embedder.embed_questions({"Who climbed the tower?"});
  if (vectors && !vectors->empty() && !vectors->front().empty()) co_return Result<void>();
  co_return wrong(fmt::format("{}; start it, or correct GIBSEY_EMBEDDER ('off' searches by words alone).",
                              vectors ? std::string("it gives no vectors") : vectors.error().message));
}

/// The servers that are asked over HTTP, and how.
std::vector<std::pair<std::string, std::function<Outcome()>>> service_probes(const Config& config) {
  std::vector<std::pair<std::string, std::function<Outcome()>>> probes;
  const auto& token = config.auth.service_token;
  const auto add = [&probes](std::string name, const std::string& url, Outcome (*how)(Probe), Probe probe) {
    if (!url.empty())
      probes.emplace_back(fmt::format("{} at {}", name, net::shown_address(url)), [how, probe] { return how(probe); });
  };
  add("the ledger", config.ledger_url, there,
      {"LEDGER_URL", request_of("POST", config.ledger_url, token, "{}"), "the whole address of POST /debit"});
  const auto question = config.rag_url + (config.rag_url.find('?') == std::string::npos ? "?" : "&") + "q=doctor&k=1";
  add("the memory", config.rag_url, there, {"RAG_URL", request_of("GET", question, token), "the whole address of GET /retrieve"});
  auto gateway = request_of("GET", without_slash(config.stargate_url) + "/v2/keyspaces/gibsey/characters/default", "");
  gateway.headers.add("X-Cassandra-Token", config.auth.cassandra_token);
  add("the Stargate", config.stargate_url, answers, {"STARGATE_URL", gateway, "the base address of the REST API"});
  add("the character manager", config.character_manager_url, answers,
      {"CHARACTER_MANAGER_URL", request_of("GET", without_slash(config.character_manager_url) + "/characters/default", token),
       "the base address of /characters"});
  const nlohmann::json message{
      {"message", "doctor"}, {"user_id", "doctor"}, {"character_id", "default"}, {"max_facts", 1}, {"max_snippets", 1}};
  add("the memory subsystem", config.memory_subsystem_url, there,
      {"MEMORY_SUBSYSTEM_URL",
       request_of("POST", without_slash(config.memory_subsystem_url) + "/retrieve-context", token, message.dump()),
       "the base address of POST /retrieve-context"});
  return probes;
}

/// Each memory node with a question to none of its shards: it is there, takes our token, and cuts worlds as we do.
asio::awaitable<void> check_nodes(const Config& config, std::vector<ServerCheck>& checks, asio::any_io_executor executor) {
  const auto pool = std::make_shared<net::HttpPool>(executor);
  const auto nodes = sharded::parse_memory_nodes(config.memory_nodes);
  if (!nodes) checks.push_back({"GIBSEY_MEMORY_NODES", wrong(nodes.error().message + ".")});
  net::HttpHeaders headers;
  if (!config.auth.service_token.empty()) headers.add("Authorization", "Bearer " + config.auth.service_token);
  const sharded::ShardRequest question{"doctor", static_cast<std::uint32_t>(config.shards), {}, sharded::encode(sharded::Keys())};
  for (const sharded::MemoryNode& node : nodes ? *nodes : std::vector<sharded::MemoryNode>()) {
    retrieval::http::NodeClient client(node, headers, {}, pool);
    const auto answer = co_await client.call(sharded::kCallCounts, sharded::encode(question), Deadline::after(kPatience));
    auto outcome =
        answer ? Result<void>() : wrong(fmt::format("{}; start it, or correct GIBSEY_MEMORY_NODES.", answer.error().message));
    checks.push_back({fmt::format("the memory node {} at {}", node.name, net::shown_address(node.url)), std::move(outcome)});
  }
  pool->close();
}

asio::awaitable<void> check_models(const Config& config, std::vector<ServerCheck>& checks,
                                   const asio::any_io_executor& executor) {
  auto pool = std::make_shared<net::HttpPool>(std::move(executor));
  Config elsewhere = config;
  std::erase_if(elsewhere.providers, [](const ConfiguredProvider& one) { return one.kind == ProviderKind::local; });
  if (!elsewhere.providers.empty()) {
    const auto models = open_chat_models(elsewhere, nullptr, pool);
    if (!models) {
      checks.push_back({"the models", std::unexpected(models.error())});
    } else {
      for (const auto& model : *models) {
        checks.push_back({fmt::format("{} ({})", model->model(), model->provider()), co_await check_model(*model)});
      }
    }
  }
  if (config.embedder && config.embedder->kind != ProviderKind::local) {
    const auto embedder = open_embedder(config, nullptr, pool);
    if (!embedder) {
      checks.push_back({"the embedder", std::unexpected(embedder.error())});
    } else {
      checks.push_back({fmt::format("the embedder {}", (*embedder)->model()), co_await check_embedder(**embedder)});
    }
  }
}

}  // namespace

asio::awaitable<std::vector<ServerCheck>> check_servers(const Config& config, asio::any_io_executor executor) {
  std::vector<ServerCheck> checks;
  if (!config.redis_host.empty()) {
    checks.push_back(
        {fmt::format("redis at {}:{}", config.redis_host, config.redis_port), co_await check_redis(config, executor)});
  }
  if (!config.kafka_brokers.empty())
    checks.push_back({fmt::format("kafka at {}", config.kafka_brokers), co_await check_kafka(config)});
  for (auto& [what, probe] : service_probes(config)) checks.push_back({what, co_await probe()});
  co_await check_nodes(config, checks, executor);
  co_await check_models(config, checks, executor);
  co_return checks;
}

}  // namespace gibsey::app
