#pragma once
#include "chat/turn_service.hpp"
#include "retrieval/retriever.hpp"
#include "server/metrics.hpp"
#include "server/static_files.hpp"
#include "store/character_store.hpp"
#include "store/ledger_store.hpp"
#include "store/page_store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gibsey::server {

/// What `/health` tells about the parts that only the application knows. Taken anew for each request; must not block.
struct HealthSnapshot {
  struct World {
    std::string name;
    std::string title;
    std::int64_t pages = 0;
    std::int64_t passages = 0;
  };
  std::string version;
  std::vector<World> worlds;
  std::string provider;
  std::string model;
  std::string embedding_model;  ///< "" when text alone is searched
  int running = 0;              ///< turns being answered
  int waiting = 0;              ///< turns queued in front of the model
  bool ready = true;            ///< false while starting or draining: /ready answers 503
  std::vector<std::string> problems;  ///< plain sentences; any makes the status "degraded"
};

/// All that the routes need. Everything must outlive the router and the HTTP server.
struct Services {
  store::PageStore& pages;
  store::CharacterStore& characters;
  store::LedgerStore& ledger;
  retrieval::Retriever& retriever;
  chat::TurnService& turns;
  Metrics& metrics;
  const StaticFiles& page;                   ///< the web page at /
  std::function<HealthSnapshot()> health;
  std::chrono::milliseconds keep_alive{15'000};  ///< between comments of a stream in which nothing happens
  int opening_grant = 100;  ///< credits that a user who is not known yet will begin with; told by GET /ledger/{user_id}
};

}  // namespace gibsey::server
