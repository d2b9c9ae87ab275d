#pragma once
#include "app/config.hpp"
#include "base/result.hpp"
#include "chat/remote_recall.hpp"
#include "chat/turn_service.hpp"
#include "net/redis_client.hpp"
#include "retrieval/http/remote_finder.hpp"
#include "server/services.hpp"
#include "store/history_window.hpp"
#include "store/http/remote_characters.hpp"
#include "store/http/remote_ledger.hpp"
#include "store/redis/conversation_publisher.hpp"
#include "store/sqlite/outbox_store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gibsey::app {

/// The one connection to the Redis that the configuration names; null for none. It begins with the first command.
[[nodiscard]] std::shared_ptr<net::RedisClient> open_redis(const Config& config, const boost::asio::any_io_executor& executor);

/// The services elsewhere that the configuration names: RAG_URL, LEDGER_URL and STARGATE_URL serve `/ask`, CHARACTER_MANAGER_URL
/// and MEMORY_SUBSYSTEM_URL `/ws/chat`, Redis whoever listens (contracts sections 0 and 8). What is not named is not there.
class RemoteServices {
 public:
  /// `characters` and `own_passages` are this process's own and must outlive it; `redis` is null where none is named. Errors:
  /// invalid_argument (an address), and those of the outbox's file.
  static Result<std::unique_ptr<RemoteServices>> open(const Config& config, boost::asio::any_io_executor executor,
                                                      store::CharacterStore& characters,
                                                      const retrieval::PassageFinder& own_passages,
                                                      std::shared_ptr<net::RedisClient> redis);
  /// Waits for the call to the ledger that is under way; not from a thread of the executor.
  ~RemoteServices();
  RemoteServices(const RemoteServices&) = delete;
  RemoteServices& operator=(const RemoteServices&) = delete;

  /// `own` with what other services do in its place, for the dialects that they serve.
  [[nodiscard]] std::map<std::string, chat::TurnParts> parts_by_dialect(const chat::TurnParts& own);
  /// The ledger elsewhere; null for none.
  [[nodiscard]] store::LedgerStore* ledger() { return ledger_.get(); }
  [[nodiscard]] store::HistoryWindow* window() { return window_.get(); }
  /// A turn that has ended, for Redis. Never waits.
  void publish(const std::string& json);
  /// Delivers what the outbox holds, until stop(), and sees whether Redis is there.
  void start();
  void stop();
  [[nodiscard]] std::vector<server::HealthSnapshot::Dependency> dependencies() const;

 private:
  explicit RemoteServices(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  Result<void> open_for_ask(const Config& config, store::CharacterStore& characters,
                            const retrieval::PassageFinder& own_passages);
  Result<void> open_for_persona(const Config& config, store::CharacterStore& characters);
  void open_redis(std::shared_ptr<net::RedisClient> redis);

  boost::asio::any_io_executor executor_;
  std::unique_ptr<store::SqliteOutboxStore> outbox_;
  std::unique_ptr<store::RemoteLedger> ledger_;
  std::future<void> pumping_;  ///< ends when the ledger's run() has
  std::unique_ptr<retrieval::RemoteFinder> passages_;
  std::unique_ptr<store::RemoteCharacters> gateway_;
  std::unique_ptr<store::RemoteCharacters> manager_;
  std::unique_ptr<chat::RemoteRecall> recall_;
  std::shared_ptr<net::RedisClient> redis_;
  std::unique_ptr<store::HistoryWindow> window_;
  std::unique_ptr<store::redis::ConversationPublisher> publisher_;
};

}  // namespace gibsey::app
