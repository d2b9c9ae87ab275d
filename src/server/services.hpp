#pragma once
#include "chat/dialect.hpp"
#include "chat/recall.hpp"
#include "chat/sentiment.hpp"
#include "chat/turn_service.hpp"
#include "feed/feed.hpp"
#include "ingest/page_editor.hpp"
#include "ingest/page_follower.hpp"
#include "jobs/scheduler.hpp"
#include "provider/embedder.hpp"
#include "retrieval/page_index.hpp"
#include "retrieval/passage_finder.hpp"
#include "server/auth/authenticator.hpp"
#include "server/metrics.hpp"
#include "server/session_hub.hpp"
#include "server/static_files.hpp"
#include "store/character_store.hpp"
#include "store/history_window.hpp"
#include "store/ledger_store.hpp"
#include "store/note_store.hpp"
#include "store/page_store.hpp"
#include "store/recall_store.hpp"
#include "store/turn_store.hpp"
#include "store/usage_store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::retrieval::sharded {
class ShardNode;
}

namespace gibsey::server {

/// What `/health` tells about the parts that only the application knows. Taken anew for each request; must not block.
struct HealthSnapshot {
  struct World {
    std::string name;
    std::string title;
    std::int64_t pages = 0;
    std::int64_t passages = 0;
    std::int64_t without_vector = 0;                            ///< passages that are found by their words alone so far
    std::optional<retrieval::IndexFiles> files = std::nullopt;  ///< none: held in memory
  };
  std::string service = "gibsey";
  std::string version;
  std::vector<World> worlds;
  std::string provider;
  std::string model;
  std::string embedding_model;  ///< "" when text alone is searched
  int running = 0;              ///< turns being answered
  int waiting = 0;              ///< turns queued in front of the model
  bool ready = true;            ///< false while starting or draining: /ready answers 503
  struct Dependency {
    std::string name;  ///< "ollama", "redis", "ledger", ...
    bool connected = false;
    double latency_ms = 0;
    std::string detail;
  };
  std::vector<Dependency> dependencies;  ///< other services that this one was told to use
  struct Nightly {
    std::string schedule;  ///< "" off
    std::string time_zone;
    jobs::SchedulerState state;
  };
  std::optional<Nightly> nightly;     ///< where this process looks after the nightly run
  std::vector<std::string> problems;  ///< plain sentences; any makes the status "degraded"
  struct Feed {
    std::string backend;          ///< "log", "kafka"
    std::int64_t lag_events = 0;  ///< that the worker of this process has still to do
    double lag_seconds = 0;
  };
  std::optional<Feed> feed;
};

class ConversationFeed;

/// All that the routes need. Everything must outlive the router and the HTTP server.
struct Services {
  store::PageStore& pages;
  store::CharacterStore& characters;
  store::LedgerStore& ledger;
  store::TurnStore& turn_store;
  store::UsageStore& usage;
  store::RecallStore& recall_store;
  chat::Recall& recall;
  const chat::Sentiments* sentiments;  ///< null: the lexicon is not there
  retrieval::PassageFinder& passages;
  ingest::PageEditor& editor;
  ingest::PageFollower& follower;  ///< of the same stores; says when a write is searchable
  chat::TurnService& turns;
  provider::Providers& models;
  const Authenticator& auth;
  ConversationFeed& conversations;
  SessionHub& sessions;
  Metrics& metrics;
  const StaticFiles& page;  ///< the web page at /
  std::function<HealthSnapshot()> health;
  std::chrono::milliseconds keep_alive{15'000};  ///< between comments of a stream in which nothing happens
  chat::DialectDefaults dialect_defaults;
  std::chrono::milliseconds ping_interval{30'000};  ///< of a WebSocket (WS_PING_INTERVAL, WS_PING_TIMEOUT)
  std::chrono::milliseconds ping_timeout{10'000};
  int opening_grant = 100;   ///< credits that a user who is not known yet will begin with; told by GET /ledger/{user_id}
  std::string_view openapi;  ///< the text of openapi.json; "" where it is not installed
  provider::Embedder* embedder = nullptr;  ///< null: texts are not embedded here
  store::HistoryWindow* window = nullptr;  ///< of the cited chat, shared with other programs; null: none
  store::NoteStore* notes = nullptr;       ///< null: the book writes none
  jobs::Scheduler* nightly = nullptr;      ///< null: this process does not run it
  feed::Feed* feed = nullptr;              ///< of the pages' changes; null: none
  std::string pages_topic;
  retrieval::sharded::ShardNode* shards = nullptr;  ///< null: this process holds none
};

}  // namespace gibsey::server
