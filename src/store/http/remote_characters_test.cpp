#include "store/http/remote_characters.hpp"

#include "net/http_handler.hpp"
#include "net/testing/canned_server.hpp"
#include "net/testing/server_thread.hpp"
#include "store/memory/page_store.hpp"
#include "store/testing/await.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

namespace gibsey::store {
namespace {

using namespace std::chrono_literals;
using net::testing::CannedServer;
using testing::error_of;
using testing::value_of;
using Clock = std::chrono::steady_clock;

/// A service that answers each path as it is told, others with 404.
class CharacterService final : public net::HttpHandler {
 public:
  CharacterService() : server_(*this) {}

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  void answers(const std::string& path, const std::string& body, int status = 200) {
    const std::lock_guard lock(mutex_);
    answers_[path] = {status, {{"Content-Type", "application/json"}}, body};
  }
  [[nodiscard]] std::vector<net::HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  net::Admission admit(const net::HttpRequest&) override { return {}; }
  boost::asio::awaitable<void> answer(net::HttpRequest request, net::HttpExchange& exchange) override {
    co_await exchange.send(next(std::move(request)));
  }
  net::HttpResponse refusal(const net::HttpRequest&, int status, std::string_view detail) override {
    return {status, {}, std::string(detail)};
  }

 private:
  net::HttpResponse next(net::HttpRequest request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    const auto found = answers_.find(requests_.back().target);
    return found == answers_.end() ? net::HttpResponse{404, {}, "{}"} : found->second;
  }

  mutable std::mutex mutex_;
  std::map<std::string, net::HttpResponse> answers_;
  std::vector<net::HttpRequest> requests_;
  net::testing::ServerThread server_;
};

const std::string kPath = "/v2/keyspaces/gibsey/characters/";
const std::string kArieol =
    R"({"char_id":"arieol","display_name":"Arieol the Remote","color_hex":"#5F9EA0","system_prompt":"You are far away.","tone":"distant","extra":[1,2]})";

class RemoteCharactersTest : public ::testing::Test {
 protected:
  RemoteCharactersTest() {
    value_of(local_.replace_characters("tower", {{.id = "arieol",
                                                  .aliases = {"arieol-owlist"},
                                                  .display_name = "Arieol",
                                                  .color_hex = "#000000",
                                                  .tone = "near",
                                                  .system_prompt = "You are near.",
                                                  .samples = {{"Hello?", "Whoo."}},
                                                  .lead_ins = {"I flew because"}},
                                                 {.id = "todd", .display_name = "Todd"}}));
  }

  static net::ServiceSettings quick(net::BreakerSettings breaker = {.failures = 100}) {
    return {.deadline = 30s, .attempts = 1, .backoff = 5ms, .breaker = breaker};
  }
  RemoteCharactersSettings with_clock() {
    return {.now = [this] { return now_; }};
  }
  std::unique_ptr<RemoteCharacters> gateway(net::BreakerSettings breaker = {.failures = 100}) {
    return std::make_unique<RemoteCharacters>(make_stargate_source(service_.url() + "/", "secret-token", quick(breaker)).value(),
                                              local_, with_clock());
  }
  std::unique_ptr<RemoteCharacters> manager() {
    auto settings = with_clock();
    settings.own_where_absent = true;
    return std::make_unique<RemoteCharacters>(make_character_manager_source(service_.url(), quick()).value(), local_,
                                              std::move(settings));
  }

  CharacterService service_;
  MemoryPageStore local_;
  Clock::time_point now_ = Clock::now();
};

TEST_F(RemoteCharactersTest, WhatTheServiceSaysWinsAndTheRestIsOurs) {
  service_.answers(kPath + "arieol", kArieol);
  const auto found = value_of(gateway()->find_character("", "arieol"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "arieol");
  EXPECT_EQ(found->world, "tower");
  EXPECT_EQ(found->display_name, "Arieol the Remote");
  EXPECT_EQ(found->color_hex, "#5F9EA0");
  EXPECT_EQ(found->system_prompt, "You are far away.");
  EXPECT_EQ(found->tone, "distant");
  ASSERT_EQ(found->samples.size(), 1U);
  EXPECT_EQ(found->lead_ins.size(), 1U);
  ASSERT_EQ(service_.requests().size(), 1U);
  EXPECT_EQ(service_.requests()[0].headers.find("X-Cassandra-Token"), "secret-token");
}

TEST_F(RemoteCharactersTest, ACharacterThatIsTheirsAlone) {
  service_.answers(kPath + "new%20one", R"({"display_name":"New","system_prompt":"You are new."})");
  const auto found = value_of(gateway()->find_character("annex", "new one"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "new one");
  EXPECT_EQ(found->world, "annex");
  EXPECT_TRUE(found->samples.empty());
}

TEST_F(RemoteCharactersTest, ReadsEveryShapeOfAnswer) {
  const auto characters = gateway();
  service_.answers(kPath + "a", R"({"count":1,"data":[)" + kArieol + "]}");
  service_.answers(kPath + "b", R"({"data":)" + kArieol + "}");
  service_.answers(kPath + "c",
                   R"({"count":1,"data":[)" + kArieol + R"(],"char_id":"arieol","display_name":"Arieol the Remote"})");
  for (const auto* id : {"a", "b", "c"}) {
    const auto found = value_of(characters->find_character("", id));
    ASSERT_TRUE(found) << id;
    EXPECT_EQ(found->id, "arieol") << id;
    EXPECT_EQ(found->display_name, "Arieol the Remote") << id;
    EXPECT_EQ(found->lead_ins.size(), 1U) << "known here by the id that the service gave: " << id;
  }
  service_.answers(kPath + "d", R"({"count":0,"data":[]})");
  service_.answers(kPath + "e", R"({"count":0})");
  service_.answers(kPath + "f", R"({"data":[]})");
  service_.answers(kPath + "g", "whatever", 404);
  for (const auto* id : {"d", "e", "f", "g"}) EXPECT_FALSE(value_of(characters->find_character("", id))) << id;
}

TEST_F(RemoteCharactersTest, GarbageIsUnavailable) {
  const auto characters = gateway();
  int n = 0;
  for (const std::string body : {"", "[]", "null", "\"arieol\"", "<html></html>", R"({"display_name":)", "{}", R"({"data":[17]})",
                                 R"({"detail":"hello"})", R"({"display_name":7,"system_prompt":{}})"}) {
    const auto id = "g" + std::to_string(n++);
    service_.answers(kPath + id, body);
    EXPECT_EQ(error_of(characters->find_character("", id)).code, ErrorCode::unavailable) << body;
  }
  service_.answers(kPath + "huge", std::string(2'000'000, ' '));
  EXPECT_EQ(error_of(characters->find_character("", "huge")).code, ErrorCode::unavailable);
}

TEST_F(RemoteCharactersTest, AFieldOfAnotherTypeIsAsIfItWereNotThere) {
  service_.answers(kPath + "arieol",
                   R"({"char_id":"arieol","display_name":"Remote","color_hex":"teal","system_prompt":null,"tone":["a"]})");
  const auto found = value_of(gateway()->find_character("", "arieol"));
  EXPECT_EQ(found->display_name, "Remote");
  EXPECT_EQ(found->color_hex, "#000000");
  EXPECT_EQ(found->system_prompt, "You are near.");
  EXPECT_EQ(found->tone, "near");
}

TEST_F(RemoteCharactersTest, AnAliasOfOursIsAskedForByItsId) {
  service_.answers(kPath + "arieol", kArieol);
  const auto found = value_of(gateway()->find_character("", "arieol-owlist"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "arieol");
  EXPECT_EQ(found->display_name, "Arieol the Remote");
}

TEST_F(RemoteCharactersTest, AbsentThereIsAbsentUnlessOursMayStandIn) {
  EXPECT_FALSE(value_of(gateway()->find_character("", "todd")));
  const auto own = value_of(manager()->find_character("", "todd"));
  ASSERT_TRUE(own);
  EXPECT_EQ(own->display_name, "Todd");
  EXPECT_FALSE(value_of(manager()->find_character("", "nobody")));
}

TEST_F(RemoteCharactersTest, AnswersAreKeptForAWhile) {
  service_.answers(kPath + "arieol", kArieol);
  const auto characters = gateway();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(value_of(characters->find_character("", "arieol")));
  EXPECT_EQ(service_.requests().size(), 1U);
  now_ += 30s;
  service_.answers(kPath + "arieol", R"({"display_name":"Changed","system_prompt":"x"})");
  EXPECT_EQ(value_of(characters->find_character("", "arieol"))->display_name, "Changed");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(value_of(characters->find_character("", "late")));
  EXPECT_EQ(service_.requests().size(), 3U);
  service_.answers(kPath + "late", R"({"display_name":"Late","system_prompt":"x"})");
  now_ += 4'999ms;
  EXPECT_FALSE(value_of(characters->find_character("", "late")));
  now_ += 1ms;
  EXPECT_TRUE(value_of(characters->find_character("", "late")));
}

TEST_F(RemoteCharactersTest, WhatChangesHereIsSeenAtOnce) {
  service_.answers(kPath + "arieol", kArieol);
  const auto characters = gateway();
  auto own = *value_of(characters->find_character("", "arieol"));
  own.greeting = "Good evening.";
  value_of(characters->put_character(own));
  EXPECT_EQ(value_of(characters->find_character("", "arieol"))->greeting, "Good evening.");
  EXPECT_EQ(value_of(characters->list_characters("tower")).size(), 2U);
  value_of(characters->remove_character("tower", "arieol"));
  EXPECT_TRUE(value_of(characters->find_character("", "arieol"))) << "it is still theirs";
  EXPECT_EQ(value_of(characters->list_characters("tower")).size(), 1U);
}

TEST_F(RemoteCharactersTest, ManyMadeUpIdsDoNotFillTheMemory) {
  auto settings = with_clock();
  settings.most_kept = 10;
  RemoteCharacters characters(make_stargate_source(service_.url(), "t", quick()).value(), local_, std::move(settings));
  for (int i = 0; i < 25; ++i) EXPECT_FALSE(value_of(characters.find_character("", "x" + std::to_string(i))));
  EXPECT_FALSE(value_of(characters.find_character("", "x24")));
  EXPECT_EQ(service_.requests().size(), 25U) << "the newest are kept";
  EXPECT_FALSE(value_of(characters.find_character("", "x0")));
  EXPECT_EQ(service_.requests().size(), 26U) << "the oldest are not";
}

TEST_F(RemoteCharactersTest, AnIdCannotLeadToAnotherPath) {
  const auto characters = gateway();
  for (const auto* id : {".", ".."}) EXPECT_FALSE(value_of(characters->find_character("", id)));
  EXPECT_FALSE(value_of(characters->find_character("", std::string(201, 'x'))));
  EXPECT_TRUE(service_.requests().empty());
  EXPECT_FALSE(value_of(characters->find_character("", "a/../b?c#d")));
  EXPECT_EQ(service_.requests().at(0).target, kPath + "a%2F..%2Fb%3Fc%23d");
}

TEST_F(RemoteCharactersTest, TheCharacterManagerIsToldWhoAsks) {
  service_.answers("/characters/todd",
                   R"({"character_id":"todd","user_id":"u7","name":"Todd Managed","persona_prompt":"You are managed.",
      "voice_id":"v1","appearance_seed":null,"created_at":"2024-01-01T00:00:00","updated_at":"2024-01-01T00:00:00"})");
  const auto characters = manager();
  const auto found = value_of(characters->find_character_for("u7", "", "todd"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->display_name, "Todd Managed");
  EXPECT_EQ(found->system_prompt, "You are managed.");
  EXPECT_EQ(found->owner, "u7");
  EXPECT_EQ(found->voice_id, "v1");
  EXPECT_EQ(found->appearance_seed, "");
  EXPECT_EQ(found->world, "tower");
  value_of(characters->find_character("", "todd"));
  value_of(characters->find_character_for("u7", "", "todd"));
  ASSERT_EQ(service_.requests().size(), 2U) << "kept for each who asks";
  EXPECT_EQ(service_.requests()[0].headers.find("X-User-ID"), "u7");
  EXPECT_EQ(service_.requests()[1].headers.find("X-User-ID"), "gibsey");
}

TEST_F(RemoteCharactersTest, ADeadServiceIsUnavailableNeverNotFound) {
  for (const int status : {401, 403, 429, 500, 503}) {
    service_.answers(kPath + "arieol", kArieol, status);
    const auto error = error_of(gateway()->find_character("", "arieol"));
    EXPECT_EQ(error.code, ErrorCode::unavailable) << status;
    EXPECT_EQ(error.message.find("secret-token"), std::string::npos);
    EXPECT_NE(error.message.find("the character gateway at http://127.0.0.1"), std::string::npos) << error.message;
  }
  RemoteCharacters dead(make_stargate_source(CannedServer({}).address(), "t", quick()).value(), local_);
  EXPECT_EQ(error_of(dead.find_character("", "arieol")).code, ErrorCode::unavailable);
  EXPECT_FALSE(dead.state().connected);
  EXPECT_TRUE(error_of(dead.find_character("", "nobody")).message.starts_with("the character gateway"));
  EXPECT_EQ(make_stargate_source("stargate:8080", "t").error().code, ErrorCode::invalid_argument);
}

TEST_F(RemoteCharactersTest, AnOpenBreakerAnswersAtOnceAndRecovers) {
  service_.answers(kPath + "arieol", "", 500);
  const auto characters = gateway({.failures = 2, .open_for = 10s, .now = [this] { return now_; }});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(error_of(characters->find_character("", "arieol")).code, ErrorCode::unavailable);
  service_.answers(kPath + "arieol", kArieol);
  auto fastest = Clock::duration::max();
  for (int i = 0; i < 50; ++i) {
    const auto begun = Clock::now();
    EXPECT_EQ(error_of(characters->find_character("", "arieol")).code, ErrorCode::unavailable);
    fastest = std::min(fastest, Clock::now() - begun);
  }
  EXPECT_LT(fastest, 5ms);
  now_ += 10s;
  EXPECT_TRUE(value_of(characters->find_character("", "arieol")));
}

}  // namespace
}  // namespace gibsey::store
