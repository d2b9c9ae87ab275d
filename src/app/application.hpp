#pragma once
#include "app/change_feed.hpp"
#include "app/config.hpp"
#include "app/remote_services.hpp"
#include "app/runtime.hpp"
#include "app/stores.hpp"
#include "base/result.hpp"
#include "chat/notes_layer.hpp"
#include "chat/recovery.hpp"
#include "chat/turn_service.hpp"
#include "ingest/importer.hpp"
#include "ingest/late_vectors.hpp"
#include "ingest/page_editor.hpp"
#include "ingest/page_follower.hpp"
#include "ingest/vector_worker.hpp"
#include "jobs/nightly_notes.hpp"
#include "jobs/scheduler.hpp"
#include "jobs/webhook_alarm.hpp"
#include "provider/chat_model.hpp"
#include "provider/embedder.hpp"
#include "provider/llama/engine.hpp"
#include "provider/providers.hpp"
#include "retrieval/retriever.hpp"
#include "server/conversation_feed.hpp"
#include "server/metrics.hpp"
#include "server/services.hpp"
#include "server/session_ws.hpp"
#include "store/sqlite/folder_lock.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::app {

class MemoryNodes;

/// What a command needs; what it does not need is not loaded.
struct Needs {
  bool turns = false;  ///< the services of a running server: turns, sign-in, memory
  bool chat_model = false;
  bool exclusive = false;  ///< the folder's lock: for whoever writes turns or credits
  bool embedder = false;
  bool worlds = false;  ///< bring the store in step with the world folders and load the indexes
};

/// The object graph: every part of the program, made top to bottom and unmade in reverse.
class Application {
 public:
  /// Opens the data folder and what `needs` asks for. Blocks. Errors: busy (another program has the folder), unavailable,
  /// corrupt, not_found (a model file).
  static Result<std::unique_ptr<Application>> open(Config config, Installation installation, Needs needs);
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// Imports the world folders that have changed, embeds what lacks a vector and loads every index. At the start, and again on
  /// SIGHUP. A world that cannot be read is left as it was, and told.
  boost::asio::awaitable<Result<void>> load_worlds();

  [[nodiscard]] server::Services services(const server::StaticFiles& page);
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const Installation& installation() const { return installation_; }
  [[nodiscard]] Runtime& runtime() { return runtime_; }
  [[nodiscard]] store::FolderLock* lock() { return lock_ ? &*lock_ : nullptr; }
  [[nodiscard]] store::PageStore& pages() { return *pages_; }
  [[nodiscard]] store::NoteStore& notes() { return stores_->notes(); }
  [[nodiscard]] store::CharacterStore& characters() { return stores_->characters(); }
  [[nodiscard]] store::LedgerStore& ledger() { return *ledger_; }
  [[nodiscard]] retrieval::Retriever& retriever() { return *retriever_; }
  [[nodiscard]] provider::Embedder* embedder() { return embedder_.get(); }
  [[nodiscard]] ingest::PageEditor& editor() { return *editor_; }
  [[nodiscard]] chat::TurnService& turns() { return *turns_; }
  [[nodiscard]] jobs::Scheduler* nightly() { return nightly_.get(); }
  /// Until stop_chores(): ends holds that a turn could not end, once a minute; asks after models that failed; makes changed pages
  /// searchable, and gets the vectors that are still owed.
  void start_chores();
  /// Nobody waits any longer for a page to be searchable; before the server stops.
  void end_waits();
  void stop_chores();
  /// That anyone else than this machine could be answered only with sign-in.
  [[nodiscard]] bool auth_on() const { return authenticator_ && authenticator_->on(); }
  void set_ready(bool ready) { ready_ = ready; }

 private:
  Application(Config config, Installation installation);
  Result<void> open_stores(bool exclusive);
  Result<void> open_models(bool chat);
  Result<void> open_search(bool serves);
  Result<void> open_feed();
  Result<void> open_turns();
  Result<void> open_nightly();
  boost::asio::awaitable<void> sweep_holds();
  boost::asio::awaitable<void> watch_models();
  boost::asio::awaitable<void> rest(boost::asio::steady_timer& timer, std::chrono::milliseconds time);
  boost::asio::awaitable<Result<void>> sync_folder(std::filesystem::path folder);
  boost::asio::awaitable<Result<void>> load_index(model::World world);
  [[nodiscard]] bool embeds_here() const;
  [[nodiscard]] std::vector<std::filesystem::path> world_folders() const;
  [[nodiscard]] server::HealthSnapshot health() const;

  Config config_;
  Installation installation_;
  Runtime runtime_;
  std::optional<store::FolderLock> lock_;
  std::unique_ptr<Stores> stores_;
  // Of stores_; null where a command does without them.
  store::PageStore* pages_ = nullptr;
  store::TurnStore* turn_store_ = nullptr;
  store::LedgerStore* ledger_ = nullptr;
  std::shared_ptr<net::RedisClient> redis_;  ///< null where none is named
  std::unique_ptr<provider::LlamaEngine> engine_;
  std::unique_ptr<provider::Embedder> embedder_;  ///< null: the search is by words alone
  std::shared_ptr<net::HttpPool> pool_;           ///< connections to model servers
  std::vector<std::unique_ptr<provider::ChatModel>> chat_models_;
  std::unique_ptr<provider::Providers> models_;
  std::unique_ptr<retrieval::Retriever> retriever_;
  std::unique_ptr<MemoryNodes> memory_nodes_;  ///< null: whole books are held here, by the retriever
  retrieval::PageIndex* index_ = nullptr;      ///< what is loaded and follows the store: the retriever, or what memory_nodes_ has
  retrieval::PassageFinder* passages_ = nullptr;
  /// What a turn reports goes to the counters; a turn that has ended to the feed too.
  struct Observer final : server::Metrics {
    void page_changed(const store::PageChange& change) override {
      if (feed != nullptr) feed->wake();
      if (late_vectors != nullptr) late_vectors->expect(change.world, change.page_id);
      if (sessions != nullptr) sessions->broadcast_all(server::page_update_message(change));
    }
    void ended(const model::Turn& turn) override {
      conversations.publish(turn);
      if (remote) remote->publish(server::conversation_turn_json(turn));
      if (feed != nullptr) feed->publish_turn(turn.conversation_id, server::conversation_turn_json(turn));
    }
    server::ConversationFeed conversations;
    RemoteServices* remote = nullptr;
    ChangeFeed* feed = nullptr;
    ingest::LateVectors* late_vectors = nullptr;
    server::SessionHub* sessions = nullptr;
  };
  Observer observer_;
  std::unique_ptr<ingest::VectorWorker> vectors_;  ///< null: the search is by words alone
  std::unique_ptr<ingest::PageFollower> follower_;
  std::unique_ptr<ingest::PageEditor> editor_;
  std::optional<ingest::LateVectors> late_vectors_;  ///< where a worker elsewhere embeds what is searched here
  std::unique_ptr<ChangeFeed> feed_;                 ///< null where no pages are served
  std::int64_t loaded_change_ = 0;                   ///< the indexes have the pages' changes up to this one
  std::optional<chat::Sentiments> sentiments_;
  std::unique_ptr<chat::Recall> recall_;
  std::unique_ptr<chat::NotesLayer> notes_layer_;
  std::optional<server::Authenticator> authenticator_;
  server::SessionHub sessions_;
  std::unique_ptr<RemoteServices> remote_;
  chat::Ledgers ledgers_;
  std::unique_ptr<chat::TurnService> turns_;
  std::unique_ptr<jobs::NightlyNotes> nightly_notes_;
  std::unique_ptr<jobs::WebhookAlarm> alarm_;
  std::unique_ptr<jobs::Scheduler> nightly_;  ///< null: another process runs it
  // The timers and the flag are the strand's own.
  std::optional<boost::asio::strand<boost::asio::any_io_executor>> chores_;
  std::optional<boost::asio::steady_timer> sweep_timer_;
  std::optional<boost::asio::steady_timer> watch_timer_;
  std::future<void> watching_;  ///< ends when watch_models() has
  bool no_more_chores_ = false;
  std::atomic<bool> ready_ = false;
  mutable std::mutex mutex_;
  std::vector<server::HealthSnapshot::World> loaded_;
  std::vector<std::string> problems_;
};

}  // namespace gibsey::app
