#pragma once
#include "net/testing/raw_client.hpp"
#include "net/testing/server_thread.hpp"
#include "provider/scripted/scripted_model.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "server/conversation_feed.hpp"
#include "server/json_response.hpp"
#include "server/routes.hpp"
#include "server/testing/scripted_turns.hpp"
#include "store/memory/ledger_store.hpp"
#include "store/memory/page_store.hpp"
#include "store/memory/turn_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

namespace gibsey::server::testing {

/// The whole HTTP surface on a port of its own, over stores in memory: the world "tower" (pages 1 to 12 and "epilogue"; Arieol,
/// Todd, a narrator) and the world "annex" (pages "001" to "003"; Princhetta).
class ServerTest : public ::testing::Test {
 protected:
  /// Auth is off unless settings say otherwise.
  explicit ServerTest(AuthSettings auth = {});
  ~ServerTest() override;

  net::testing::RawResponse get(const std::string& target, const std::string& fields = {}) const {
    return net::testing::fetch(port(), "GET", target, {}, fields);
  }
  net::testing::RawResponse post(const std::string& target, const std::string& body, const std::string& fields = {}) const {
    return net::testing::fetch(port(), "POST", target, body, fields);
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] static Json json(const net::testing::RawResponse& response) { return Json::parse(response.body); }
  /// The problem+json answer has this status and a sentence as its detail, and names `field`.
  static void expect_problem(const net::testing::RawResponse& response, int status, const std::string& detail_part,
                             const std::string& field = {});

  std::filesystem::path folder_;  ///< of the web page
  store::MemoryPageStore pages_;
  store::MemoryLedgerStore ledger_;
  store::MemoryTurnStore turn_store_;
  retrieval::Retriever retriever_{pages_, nullptr};
  ingest::PageEditor editor_{pages_};
  std::unique_ptr<chat::Recall> recall_ = chat::make_recall(turn_store_, nullptr);
  provider::ScriptedModel model_{{.replies = {provider::ScriptedModel::steady(3, 0)}}};
  provider::Providers models_{{&model_}};
  ::gibsey::testing::WordEmbedder embedder_;  ///< for the routes that embed; retrieval here is by text
  std::optional<Authenticator> auth_;
  ConversationFeed conversations_;
  SessionHub sessions_;
  ScriptedTurns turns_;
  Metrics metrics_;
  HealthSnapshot health_;
  boost::asio::thread_pool followers_{1};
  ingest::PageFollower follower_{followers_.get_executor(), pages_, retriever_, metrics_};
  std::unique_ptr<StaticFiles> page_;
  std::unique_ptr<net::HttpHandler> handler_;
  std::unique_ptr<net::testing::ServerThread> server_;
};

}  // namespace gibsey::server::testing
