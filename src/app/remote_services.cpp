#include "app/remote_services.hpp"

#include "store/redis/history_window.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include <utility>

namespace gibsey::app {

namespace asio = boost::asio;

namespace {

net::ServiceSettings service_settings(const Config& config) {
  net::ServiceSettings settings;
  if (!config.auth.service_token.empty()) settings.headers.add("Authorization", "Bearer " + config.auth.service_token);
  return settings;
}

asio::awaitable<void> greet(std::shared_ptr<net::RedisClient> redis) {
  (void)co_await redis->call({"PING"}, Deadline::after(std::chrono::seconds(5)));
}

server::HealthSnapshot::Dependency dependency(std::string name, const net::ServiceState& state) {
  // A service that was not called yet is not known to be away.
  return {.name = std::move(name),
          .connected = state.connected || !state.tried,
          .latency_ms = state.latency_ms,
          .detail = state.detail};
}

}  // namespace

std::shared_ptr<net::RedisClient> open_redis(const Config& config, const asio::any_io_executor& executor) {
  if (config.redis_host.empty()) return nullptr;
  return std::make_shared<net::RedisClient>(executor, net::RedisOptions{.host = config.redis_host,
                                                                        .port = static_cast<std::uint16_t>(config.redis_port),
                                                                        .db = config.redis_db,
                                                                        .password = config.redis_password});
}

Result<std::unique_ptr<RemoteServices>> RemoteServices::open(const Config& config, asio::any_io_executor executor,
                                                             store::CharacterStore& characters,
                                                             const retrieval::PassageFinder& own_passages,
                                                             std::shared_ptr<net::RedisClient> redis) {
  std::unique_ptr<RemoteServices> services(new RemoteServices(std::move(executor)));
  GIBSEY_CHECK(services->open_for_ask(config, characters, own_passages));
  GIBSEY_CHECK(services->open_for_persona(config, characters));
  services->open_redis(std::move(redis));
  return services;
}

RemoteServices::~RemoteServices() {
  stop();
  if (pumping_.valid()) pumping_.wait();
  publisher_.reset();
  window_.reset();
  ledger_.reset();
  if (outbox_) outbox_->close();
}

Result<void> RemoteServices::open_for_ask(const Config& config, store::CharacterStore& characters,
                                          const retrieval::PassageFinder& own_passages) {
  if (!config.ledger_url.empty()) {
    GIBSEY_TRY(outbox_, store::SqliteOutboxStore::open(config.data));
    GIBSEY_TRY(ledger_, store::RemoteLedger::create({.url = config.ledger_url, .service = service_settings(config)}, *outbox_));
  }
  if (!config.rag_url.empty()) {
    GIBSEY_TRY(passages_, retrieval::RemoteFinder::create(
                              {.url = config.rag_url, .service = service_settings(config)},
                              [&own_passages](const std::string& world) { return !own_passages.has_book(world); }));
  }
  if (!config.stargate_url.empty()) {
    GIBSEY_TRY(auto source, store::make_stargate_source(config.stargate_url, config.auth.cassandra_token));
    gateway_ = std::make_unique<store::RemoteCharacters>(std::move(source), characters);
  }
  return {};
}

Result<void> RemoteServices::open_for_persona(const Config& config, store::CharacterStore& characters) {
  if (!config.character_manager_url.empty()) {
    GIBSEY_TRY(auto source, store::make_character_manager_source(config.character_manager_url, service_settings(config)));
    manager_ = std::make_unique<store::RemoteCharacters>(std::move(source), characters,
                                                         store::RemoteCharactersSettings{.own_where_absent = true});
  }
  if (!config.memory_subsystem_url.empty()) {
    GIBSEY_TRY(recall_, chat::RemoteRecall::create({.url = config.memory_subsystem_url, .service = service_settings(config)}));
  }
  return {};
}

void RemoteServices::open_redis(std::shared_ptr<net::RedisClient> redis) {
  if (!redis) return;
  redis_ = std::move(redis);
  window_ = store::redis::make_history_window(redis_);
  publisher_ = std::make_unique<store::redis::ConversationPublisher>(executor_, redis_);
}

std::map<std::string, chat::TurnParts> RemoteServices::parts_by_dialect(const chat::TurnParts& own) {
  std::map<std::string, chat::TurnParts> special;
  if (ledger_ || passages_ || gateway_) {
    special.emplace(chat::ask_dialect().name, chat::TurnParts{.pages = own.pages,
                                                              .characters = gateway_ ? *gateway_ : own.characters,
                                                              .turns = own.turns,
                                                              .ledger = ledger_ ? *ledger_ : own.ledger,
                                                              .passages = passages_ ? *passages_ : own.passages,
                                                              .models = own.models,
                                                              .observer = own.observer,
                                                              .sentiments = own.sentiments,
                                                              .recall = own.recall});
  }
  if (manager_ || recall_) {
    special.emplace(chat::persona_dialect({}).name, chat::TurnParts{.pages = own.pages,
                                                                    .characters = manager_ ? *manager_ : own.characters,
                                                                    .turns = own.turns,
                                                                    .ledger = own.ledger,
                                                                    .passages = own.passages,
                                                                    .models = own.models,
                                                                    .observer = own.observer,
                                                                    .sentiments = own.sentiments,
                                                                    .recall = recall_ ? recall_.get() : own.recall});
  }
  return special;
}

void RemoteServices::publish(const std::string& json) {
  if (publisher_) publisher_->publish(json);
}

void RemoteServices::start() {
  if (ledger_) pumping_ = asio::co_spawn(executor_, ledger_->run(), asio::use_future);
  // Without a command nobody would know whether it is there.
  if (redis_) asio::co_spawn(executor_, greet(redis_), asio::detached);
}

void RemoteServices::stop() {
  if (ledger_) ledger_->stop();
}

std::vector<server::HealthSnapshot::Dependency> RemoteServices::dependencies() const {
  std::vector<server::HealthSnapshot::Dependency> all;
  if (ledger_) all.push_back(dependency("ledger", ledger_->state()));
  if (passages_) all.push_back(dependency("memory_rag", passages_->state()));
  if (gateway_) all.push_back(dependency("stargate", gateway_->state()));
  if (manager_) all.push_back(dependency("character_manager", manager_->state()));
  if (recall_) all.push_back(dependency("memory_subsystem", recall_->state()));
  if (redis_) {
    const auto state = redis_->state();
    all.push_back(
        {.name = "redis", .connected = state.connected, .latency_ms = state.latency_ms.value_or(0), .detail = state.detail});
  }
  return all;
}

}  // namespace gibsey::app
