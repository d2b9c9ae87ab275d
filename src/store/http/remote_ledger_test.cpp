// Every way in which a ledger elsewhere can fail, over real sockets. That it keeps the ledger's contract:
// testing/ledger_contract.cpp.
#include "store/http/remote_ledger.hpp"

#include "net/testing/canned_server.hpp"
#include "store/http/testing/ledger_server.hpp"
#include "store/memory/outbox_store.hpp"
#include "store/sqlite/outbox_store.hpp"
#include "store/testing/await.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <thread>

namespace gibsey::store {
namespace {

using namespace std::chrono_literals;
using net::testing::CannedServer;
using nlohmann::json;
using testing::error_of;
using testing::LedgerServer;
using testing::value_of;
using Clock = std::chrono::steady_clock;

RemoteLedgerSettings settings_for(const std::string& url) {
  return {.url = url,
          .service = {.deadline = 30s, .backoff = 5ms, .breaker = {.failures = 1000}},
          .first_retry = 10ms,
          .longest_retry = 50ms,
          .late_debits = 0ms};
}

bool becomes_true(const std::function<bool()>& condition) {
  const auto end = Clock::now() + 30s;  // less than the pump sleeps by itself
  while (!condition() && Clock::now() < end) std::this_thread::sleep_for(5ms);
  return condition();
}

class RemoteLedgerTest : public ::testing::Test {
 protected:
  void open(const std::function<void(RemoteLedgerSettings&)>& change = {}) {
    auto settings = settings_for(server_.url());
    if (change) change(settings);
    ledger_ = RemoteLedger::create(std::move(settings), outbox_).value();
  }
  model::CreditHold must_hold(const std::string& turn, int amount = 5) {
    return std::get<model::CreditHold>(value_of(ledger_->hold("u1", turn, amount, 100)));
  }
  std::int64_t remote_balance() { return value_of(server_.ledger().balance("u1")); }
  std::int64_t waiting() { return value_of(outbox_.count_waiting()); }
  std::size_t open_holds() { return value_of(ledger_->open_holds()).size(); }
  /// The entries that gave something back.
  std::vector<model::LedgerEntry> credits() {
    auto entries = value_of(server_.ledger().statement("u1", 1000));
    std::erase_if(entries, [](const model::LedgerEntry& entry) { return entry.kind != "credit"; });
    return entries;
  }
  json last_body(const std::string& path) { return json::parse(server_.requests(path).back().body); }

  LedgerServer server_;
  MemoryOutboxStore outbox_;
  std::atomic<UnixMillis> later_ = 0;  ///< by how much the clock of a test is ahead
  Clock::time_point breaker_clock_ = Clock::now();
  std::unique_ptr<RemoteLedger> ledger_;
};

TEST_F(RemoteLedgerTest, AHoldIsADebitWithTheTurnAsItsKey) {
  open([](RemoteLedgerSettings& settings) { settings.service.headers = {{"Authorization", "Bearer of-the-service"}}; });
  const auto hold = must_hold("t1");
  EXPECT_EQ(hold.user_id, "u1");
  EXPECT_EQ(hold.turn_id, "t1");
  EXPECT_EQ(hold.amount, 5);
  EXPECT_EQ(hold.balance, 95);
  EXPECT_GT(hold.created, 0);
  EXPECT_EQ(remote_balance(), 95);
  const auto requests = server_.requests("/debit");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].headers.find("Idempotency-Key"), "t1");
  EXPECT_EQ(requests[0].headers.find("Authorization"), "Bearer of-the-service");
  EXPECT_EQ(json::parse(requests[0].body), json({{"user_id", "u1"}, {"cost", 5}}));
  EXPECT_EQ(open_holds(), 1U);
}

TEST_F(RemoteLedgerTest, AFullChargeAsksNobody) {
  open();
  const auto hold = must_hold("t1");
  const auto receipt = value_of(ledger_->settle(hold.id, 5, "complete"));
  EXPECT_EQ(receipt.amount, 0);
  EXPECT_EQ(receipt.balance, 95);
  EXPECT_EQ(receipt.reason, "complete");
  EXPECT_EQ(value_of(ledger_->deliver_due()), 0);
  EXPECT_TRUE(server_.requests("/credit").empty());
  EXPECT_EQ(open_holds(), 0U);
}

TEST_F(RemoteLedgerTest, WhatIsNotChargedIsGivenBackByTheEntrysName) {
  open();
  const auto hold = must_hold("t1");
  const auto receipt = value_of(ledger_->release(hold.id, "failed: released in full"));
  EXPECT_EQ(receipt.amount, 5);
  EXPECT_EQ(receipt.balance, 100);
  EXPECT_EQ(receipt.reason, "failed: released in full; given back by the outbox");
  EXPECT_EQ(remote_balance(), 95) << "not yet";
  EXPECT_EQ(value_of(ledger_->deliver_due()), 1);
  EXPECT_EQ(remote_balance(), 100);
  EXPECT_EQ(waiting(), 0);
  const auto debit = value_of(server_.ledger().statement("u1", 10)).at(1);
  EXPECT_EQ(last_body("/credit"), json({{"user_id", "u1"}, {"amount", 5}, {"ref", debit.id}, {"reason", receipt.reason}}));
  EXPECT_EQ(value_of(ledger_->deliver_due()), 0);
  EXPECT_EQ(credits().size(), 1U);

  const auto other = must_hold("t2");
  value_of(ledger_->settle(other.id, 3, "partly"));
  value_of(ledger_->deliver_due());
  EXPECT_EQ(remote_balance(), 97);
}

TEST_F(RemoteLedgerTest, TooFewCreditsLeaveNothingBehind) {
  open();
  const auto refused = std::get<model::InsufficientCredits>(value_of(ledger_->hold("u1", "t1", 101, 100)));
  EXPECT_EQ(refused.needed, 101);
  EXPECT_EQ(refused.available, 100);
  EXPECT_EQ(open_holds(), 0U);
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(must_hold("t1", 100).balance, 0) << "the turn may ask again";
}

TEST_F(RemoteLedgerTest, AHoldOfNothingAsksNobody) {
  open();
  const auto hold = must_hold("t1", 0);
  EXPECT_EQ(open_holds(), 1U);
  EXPECT_EQ(value_of(ledger_->settle(hold.id, 0, "free of charge")).reason, "free of charge");
  EXPECT_EQ(value_of(ledger_->deliver_due()), 0);
  EXPECT_TRUE(server_.requests("/").empty());
}

TEST_F(RemoteLedgerTest, ATurnHoldsItsCreditsOnce) {
  open();
  must_hold("t1");
  EXPECT_EQ(error_of(ledger_->hold("u1", "t1", 5, 100)).code, ErrorCode::conflict);
  EXPECT_EQ(remote_balance(), 95);
  EXPECT_EQ(open_holds(), 1U);
}

TEST_F(RemoteLedgerTest, ARefusalIsUnavailableAndLeavesNothingBehind) {
  open();
  for (const int status : {301, 400, 401, 403, 404, 409, 422, 429}) {
    server_.trouble({.debit_status = status});
    const auto error = error_of(ledger_->hold("u1", "t1", 5, 100));
    EXPECT_EQ(error.code, ErrorCode::unavailable) << status;
    EXPECT_NE(error.message.find("the ledger at " + server_.url()), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(std::to_string(status)), std::string::npos) << error.message;
    EXPECT_EQ(open_holds(), 0U) << status;
    EXPECT_EQ(waiting(), 0) << status;
  }
}

TEST_F(RemoteLedgerTest, ADeadLedgerWasAskedForNothing) {
  ledger_ = RemoteLedger::create(settings_for(CannedServer({}).address() + "/debit"), outbox_).value();
  const auto error = error_of(ledger_->hold("u1", "t1", 5, 100));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_TRUE(error.message.starts_with("the ledger at http://127.0.0.1:")) << error.message;
  EXPECT_EQ(open_holds(), 0U);
  EXPECT_EQ(waiting(), 0) << "a ledger that does not look at names would give credits that it never took";
  EXPECT_FALSE(ledger_->state().connected);
}

TEST_F(RemoteLedgerTest, AnAnswerThatBreaksOffIsAskedForAgainAndTakenOnce) {
  open();
  server_.trouble({.cut_after_debit = 1});
  EXPECT_EQ(must_hold("t1").balance, 95);
  EXPECT_EQ(server_.requests("/debit").size(), 2U);
  EXPECT_EQ(remote_balance(), 95);
}

TEST_F(RemoteLedgerTest, ADebitWhoseAnswersAllBreakOffIsGivenBackExactlyOnce) {
  open();
  server_.trouble({.cut_after_debit = 2});
  EXPECT_EQ(error_of(ledger_->hold("u1", "t1", 5, 100)).code, ErrorCode::unavailable);
  EXPECT_EQ(remote_balance(), 95) << "it was taken";
  EXPECT_EQ(open_holds(), 0U);
  EXPECT_EQ(waiting(), 1);
  EXPECT_EQ(value_of(ledger_->deliver_due()), 1);
  EXPECT_EQ(value_of(ledger_->deliver_due()), 0);
  EXPECT_EQ(remote_balance(), 100);
  EXPECT_EQ(credits().size(), 1U);
  EXPECT_EQ(last_body("/credit").at("ref"), "t1");
  EXPECT_EQ(server_.requests("/credit").size(), 1U);
}

TEST_F(RemoteLedgerTest, ADebitThatWasTakenAndAnsweredWithAFailureIsGivenBack) {
  open();
  server_.trouble({.fail_after_debit = 2});
  EXPECT_EQ(error_of(ledger_->hold("u1", "t1", 5, 100)).code, ErrorCode::unavailable);
  value_of(ledger_->deliver_due());
  EXPECT_EQ(remote_balance(), 100);
  EXPECT_EQ(waiting(), 0);
}

TEST_F(RemoteLedgerTest, ARefusalAfterAnUnansweredAttemptIsGivenBackToo) {
  open();
  server_.trouble({.cut_after_debit = 1, .then_status = 429});
  EXPECT_EQ(error_of(ledger_->hold("u1", "t1", 5, 100)).code, ErrorCode::unavailable);
  server_.trouble({.cut_after_debit = 1, .then_status = 402});
  EXPECT_TRUE(std::holds_alternative<model::InsufficientCredits>(value_of(ledger_->hold("u1", "t2", 5, 100))));
  EXPECT_EQ(remote_balance(), 90) << "the first attempts were taken";
  EXPECT_EQ(waiting(), 2);
  EXPECT_EQ(value_of(ledger_->deliver_due()), 2);
  EXPECT_EQ(remote_balance(), 100);
}

TEST_F(RemoteLedgerTest, AnAnswerThatCannotBeReadIsGivenBack) {
  open();
  server_.trouble({.debit_answer = "<html>proxy</html>"});
  const auto error = error_of(ledger_->hold("u1", "t1", 5, 100));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_EQ(error.message.find("proxy"), std::string::npos) << "what a stranger sends is not repeated";
  value_of(ledger_->deliver_due());
  EXPECT_EQ(remote_balance(), 100);

  server_.trouble({.debit_answer = std::string(2'000'000, '[')});
  EXPECT_EQ(error_of(ledger_->hold("u1", "t2", 5, 100)).code, ErrorCode::unavailable);
  value_of(ledger_->deliver_due());
  EXPECT_EQ(remote_balance(), 100);
}

TEST_F(RemoteLedgerTest, ALedgerMayTellNothing) {
  open();
  for (const auto* answer : {"{\"ok\":true}", "{\"balance\":\"much\",\"entry_id\":{}}", " "}) {
    const std::string turn = std::string("turn of ") + answer;
    server_.trouble({.debit_answer = answer});
    const auto hold = must_hold("t" + std::to_string(server_.requests("/debit").size()));
    EXPECT_EQ(hold.balance, 0) << turn;
    EXPECT_EQ(value_of(ledger_->release(hold.id, "failed")).balance, 0);
    EXPECT_EQ(value_of(ledger_->deliver_due()), 1);
    EXPECT_EQ(last_body("/credit").at("ref"), hold.turn_id) << "the key names the debit";
    EXPECT_EQ(remote_balance(), 100);
  }
}

TEST_F(RemoteLedgerTest, ASlowLedgerIsGivenUpAtTheDeadlineAndItsLateDebitGivenBack) {
  open([this](RemoteLedgerSettings& settings) {
    settings.service.deadline = 300ms;
    settings.late_debits = 1h;
    settings.now = [this] { return unix_millis_now() + later_; };
  });
  server_.trouble({.hangs = true});
  const auto begun = Clock::now();
  EXPECT_EQ(error_of(ledger_->hold("u1", "t1", 5, 100)).code, ErrorCode::unavailable);
  EXPECT_LT(Clock::now() - begun, 10s);
  EXPECT_EQ(waiting(), 1);
  // "No such debit" is not the end of it: the debit may be on its way.
  EXPECT_TRUE(becomes_true(
      [this] { return testing::answer_of(ledger_->deliver_due()).has_value() && server_.requests("/credit").size() > 0; }));
  EXPECT_EQ(waiting(), 1);
  server_.trouble({});
  EXPECT_TRUE(becomes_true([this] { return remote_balance() == 95; })) << "there it is";
  later_ = 10'000;
  EXPECT_TRUE(becomes_true([this] {
    static_cast<void>(testing::answer_of(ledger_->deliver_due()));
    return remote_balance() == 100;
  }));
  EXPECT_EQ(credits().size(), 1U);
}

TEST_F(RemoteLedgerTest, ADebitThatNeverArrivedIsDoneAfterAWhile) {
  open([this](RemoteLedgerSettings& settings) {
    settings.late_debits = 1h;
    settings.now = [this] { return unix_millis_now() + later_; };
  });
  server_.trouble({.debit_status = 500});
  EXPECT_EQ(error_of(ledger_->hold("u1", "t1", 5, 100)).code, ErrorCode::unavailable);
  EXPECT_EQ(value_of(ledger_->deliver_due()), 0);
  EXPECT_EQ(waiting(), 1);
  later_ = 3'600'000;
  EXPECT_EQ(value_of(ledger_->deliver_due()), 1);
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(remote_balance(), 0) << "nobody was given anything";
}

TEST_F(RemoteLedgerTest, WhatTheLedgerWillNotGiveBackIsNotAskedForEver) {
  open();
  const auto hold = must_hold("t1");
  value_of(ledger_->release(hold.id, "failed"));
  server_.trouble({.credit_status = 409});
  EXPECT_EQ(value_of(ledger_->deliver_due()), 1);
  EXPECT_EQ(waiting(), 0);
}

TEST_F(RemoteLedgerTest, AWrongTokenIsTriedAgain) {
  open();
  value_of(ledger_->release(must_hold("t1").id, "failed"));
  for (const int status : {401, 403, 422}) {
    server_.trouble({.credit_status = status});
    EXPECT_EQ(value_of(ledger_->deliver_due()), 0);
    EXPECT_EQ(waiting(), 1);
    std::this_thread::sleep_for(60ms);
  }
  server_.trouble({});
  EXPECT_EQ(value_of(ledger_->deliver_due()), 1);
  EXPECT_EQ(remote_balance(), 100);
}

TEST_F(RemoteLedgerTest, AnOpenBreakerRefusesAtOnceAndRecovers) {
  open([this](RemoteLedgerSettings& settings) {
    settings.service.attempts = 1;
    settings.service.breaker = {.failures = 2, .open_for = 10s, .now = [this] { return breaker_clock_; }};
  });
  server_.trouble({.debit_status = 503});
  for (const auto* turn : {"t1", "t2"}) EXPECT_EQ(error_of(ledger_->hold("u1", turn, 5, 100)).code, ErrorCode::unavailable);
  server_.trouble({});
  auto fastest = Clock::duration::max();
  for (int i = 0; i < 50; ++i) {
    const auto begun = Clock::now();
    EXPECT_EQ(error_of(ledger_->hold("u1", "t3", 5, 100)).code, ErrorCode::unavailable);
    fastest = std::min(fastest, Clock::now() - begun);
  }
  EXPECT_LT(fastest, 5ms);
  EXPECT_EQ(server_.requests("/debit").size(), 2U);
  EXPECT_EQ(open_holds(), 0U);
  breaker_clock_ += 10s;
  EXPECT_EQ(must_hold("t3").balance, 95);
}

TEST_F(RemoteLedgerTest, ALedgerThatGivesNothingBackStillServesReaders) {
  open([](RemoteLedgerSettings& settings) {
    settings.service.attempts = 1;
    settings.service.breaker = {.failures = 2, .open_for = 60s};
  });
  value_of(ledger_->release(must_hold("t1").id, "failed"));
  server_.trouble({.credit_status = 500});
  for (int i = 0; i < 4; ++i) {
    static_cast<void>(testing::answer_of(ledger_->deliver_due()));
    std::this_thread::sleep_for(60ms);
  }
  EXPECT_EQ(server_.requests("/credit").size(), 2U) << "its breaker is open";
  EXPECT_EQ(must_hold("t2").balance, 90);
}

TEST_F(RemoteLedgerTest, ForwardsWhatIsNoHold) {
  open();
  value_of(ledger_->grant("a reader/1", 7, "by the\noperator"));
  EXPECT_EQ(value_of(ledger_->balance("a reader/1")), 7);
  const auto entries = value_of(ledger_->statement("a reader/1", 5000));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].kind, "grant");
  EXPECT_EQ(entries[0].reason, "by the operator");
  EXPECT_EQ(entries[0].user_id, "a reader/1");
  EXPECT_NEAR(static_cast<double>(entries[0].created), static_cast<double>(unix_millis_now()), 60'000);
  EXPECT_FALSE(server_.requests("/credit").at(0).headers.find("Idempotency-Key"));
  EXPECT_EQ(server_.requests("/ledger/a%20reader%2F1").back().query(), "limit=1000");
  server_.trouble({.credit_status = 500});
  const auto asked = server_.requests("/credit").size();
  EXPECT_EQ(error_of(ledger_->grant("u1", 7, "x")).code, ErrorCode::unavailable);
  EXPECT_EQ(server_.requests("/credit").size(), asked + 1) << "a grant is not repeated";
}

TEST_F(RemoteLedgerTest, BadAnswersToForwardedCallsAreUnavailable) {
  for (const auto* body : {"{}", "nothing", "[1]", "{\"balance\":\"1\",\"entries\":{}}"}) {
    const CannedServer server(
        {{"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(std::string(body).size()) + "\r\n\r\n" + body}});
    const auto ledger = RemoteLedger::create(settings_for(server.address() + "/debit"), outbox_).value();
    EXPECT_EQ(error_of(ledger->balance("u1")).code, ErrorCode::unavailable) << body;
    EXPECT_EQ(error_of(ledger->statement("u1", 5)).code, ErrorCode::unavailable) << body;
  }
}

TEST_F(RemoteLedgerTest, NeedsAnAddress) {
  for (const auto* url : {"", "ledger:9000/debit", "http://name:secret@ledger/debit"}) {
    const auto made = RemoteLedger::create(settings_for(url), outbox_);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(made.error().message.find("secret"), std::string::npos);
  }
}

/// run() on threads of its own.
class Running {
 public:
  explicit Running(RemoteLedger& ledger) : ledger_(ledger) {
    done_ = boost::asio::co_spawn(context_, ledger.run(), boost::asio::use_future);
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { context_.run(); });
  }
  ~Running() {
    ledger_.stop();
    EXPECT_EQ(done_.wait_for(60s), std::future_status::ready) << "stop() ends run()";
    guard_.reset();
    context_.stop();
    for (auto& thread : threads_) thread.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  RemoteLedger& ledger_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
  std::future<void> done_;
  std::vector<std::thread> threads_;
};

TEST_F(RemoteLedgerTest, ThePumpDeliversWhatIsReleasedWhileItSleeps) {
  open();
  const auto hold = must_hold("t1");
  const Running running(*ledger_);
  std::this_thread::sleep_for(100ms);  // by now it has found nothing and sleeps for a minute
  value_of(ledger_->release(hold.id, "failed"));
  EXPECT_TRUE(becomes_true([this] { return remote_balance() == 100; }));
  EXPECT_TRUE(becomes_true([this] { return waiting() == 0; }));
}

TEST_F(RemoteLedgerTest, ThePumpTriesUntilItSucceeds) {
  open();
  const auto hold = must_hold("t1");
  server_.trouble({.credit_status = 500});
  const Running running(*ledger_);
  value_of(ledger_->release(hold.id, "failed"));
  EXPECT_TRUE(becomes_true([this] { return server_.requests("/credit").size() >= 8; }));
  EXPECT_EQ(remote_balance(), 95);
  server_.trouble({});
  EXPECT_TRUE(becomes_true([this] { return remote_balance() == 100; }));
  EXPECT_TRUE(becomes_true([this] { return waiting() == 0; }));
  EXPECT_EQ(credits().size(), 1U);
}

TEST_F(RemoteLedgerTest, ThePumpGivesBackManyFromManyThreads) {
  open();
  const Running running(*ledger_);
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([this, i] {
      for (int n = 0; n < 10; ++n) {
        const auto hold = must_hold("t" + std::to_string(i) + "-" + std::to_string(n), 2);
        value_of(ledger_->settle(hold.id, n % 3, "partly"));
      }
    });
  }
  for (auto& reader : readers) reader.join();
  EXPECT_TRUE(becomes_true([this] { return waiting() == 0; }));
  EXPECT_EQ(remote_balance(), 100 - 4 * 9) << "0, 1, 2, 0, 1, 2, 0, 1, 2, 0 for each of four readers";
  EXPECT_EQ(open_holds(), 0U);
  value_of(ledger_->verify());
  value_of(server_.ledger().verify());
}

TEST_F(RemoteLedgerTest, StopBeforeRunEndsIt) {
  open();
  ledger_->stop();
  std::vector<boost::asio::awaitable<void>> operations;
  operations.push_back(ledger_->run());
  testing::run_all(std::move(operations), 1);  // returns
  EXPECT_TRUE(server_.requests("/").empty());
}

TEST_F(RemoteLedgerTest, AnOutboxThatIsNotEmptyIsDeliveredAfterARestart) {
  const testing::TemporaryFolder folder;
  {
    const auto outbox = SqliteOutboxStore::open(folder.path()).value();
    const auto ledger = RemoteLedger::create(settings_for(server_.url()), *outbox).value();
    const auto released = std::get<model::CreditHold>(value_of(ledger->hold("u1", "t1", 5, 100)));
    server_.trouble({.credit_status = 503});
    value_of(ledger->release(released.id, "failed"));
    EXPECT_FALSE(testing::answer_of(ledger->deliver_due()));
    value_of(ledger->hold("u1", "t2", 7, 100));  // its turn is cut by the stop
    value_of(outbox->begin_hold(
        {.id = "remote-t3", .user_id = "u1", .turn_id = "t3", .amount = 9, .created = 1}));  // and this one's debit
  }
  EXPECT_EQ(remote_balance(), 88);
  server_.trouble({});
  const auto outbox = SqliteOutboxStore::open(folder.path()).value();
  const auto ledger = RemoteLedger::create(settings_for(server_.url()), *outbox).value();
  {
    const Running running(*ledger);
    EXPECT_TRUE(becomes_true([this] { return remote_balance() == 93; })) << "what was released before the stop";
    const auto open = value_of(ledger->open_holds());
    ASSERT_EQ(open.size(), 2U);
    EXPECT_EQ(open[0].turn_id, "t2");
    for (const auto& hold : open) value_of(ledger->release(hold.id, "interrupted: released in full"));
    EXPECT_TRUE(becomes_true([&outbox] { return value_of(outbox->count_waiting()) == 0; }));
  }
  EXPECT_EQ(remote_balance(), 100);
  EXPECT_EQ(credits().size(), 2U) << "the debit that never left was not given back";
  value_of(ledger->verify());
}

}  // namespace
}  // namespace gibsey::store
