#include "store/http/testing/remote_ledger_stores.hpp"

#include "store/http/remote_ledger.hpp"
#include "store/http/testing/ledger_server.hpp"
#include "store/memory/outbox_store.hpp"

#include <map>
#include <stdexcept>

namespace gibsey::store::testing {
namespace {

constexpr std::string_view kByTheOutbox = "; given back by the outbox";

class DeliveringLedger final : public LedgerStore {
 public:
  explicit DeliveringLedger(RemoteLedger& remote) : remote_(remote) {}

  Async<model::LedgerEntry> settle(std::string hold_id, int charged, std::string rule) override {
    return delivered(remote_.settle(std::move(hold_id), charged, std::move(rule)));
  }
  Async<model::LedgerEntry> release(std::string hold_id, std::string rule) override {
    return delivered(remote_.release(std::move(hold_id), std::move(rule)));
  }

  Async<model::HoldOutcome> hold(std::string user_id, std::string turn_id, int amount, int opening_grant) override {
    return remote_.hold(std::move(user_id), std::move(turn_id), amount, opening_grant);
  }
  Async<model::DebitOutcome> debit(std::string user_id, int amount, std::string key, int opening_grant) override {
    return remote_.debit(std::move(user_id), amount, std::move(key), opening_grant);
  }
  Async<model::LedgerEntry> give_back(std::string user_id, std::int64_t amount, std::string ref, std::string reason) override {
    return remote_.give_back(std::move(user_id), amount, std::move(ref), std::move(reason));
  }
  Async<model::LedgerEntry> grant(std::string user_id, std::int64_t amount, std::string reason) override {
    return remote_.grant(std::move(user_id), amount, std::move(reason));
  }
  Async<std::int64_t> balance(std::string user_id) override { return remote_.balance(std::move(user_id)); }
  Async<std::vector<model::LedgerEntry>> statement(std::string user_id, int limit) override {
    return remote_.statement(std::move(user_id), limit);
  }
  Async<std::vector<model::CreditHold>> open_holds() override { return remote_.open_holds(); }
  Async<void> verify() override { return remote_.verify(); }

 private:
  Async<model::LedgerEntry> delivered(Async<model::LedgerEntry> ending) {
    auto receipt = co_await std::move(ending);
    if (!receipt) co_return receipt;
    GIBSEY_CO_CHECK(co_await remote_.deliver_due());
    if (receipt->reason.ends_with(kByTheOutbox)) receipt->reason.resize(receipt->reason.size() - kByTheOutbox.size());
    co_return receipt;
  }

  RemoteLedger& remote_;
};

class RemoteLedgerStores final : public Stores {
 public:
  LedgerStore& ledger() override { return delivering_; }

  PageStore& pages() override { throw std::logic_error("a ledger alone has no pages"); }
  CharacterStore& characters() override { throw std::logic_error("a ledger alone has no characters"); }
  TurnStore& turns() override { throw std::logic_error("a ledger alone has no turns"); }
  UsageStore& usage() override { throw std::logic_error("a ledger alone has no usage"); }
  RecallStore& recall() override { throw std::logic_error("a ledger alone has no recall"); }
  NoteStore& notes() override { throw std::logic_error("a ledger alone has no notes"); }

 private:
  LedgerServer server_;
  MemoryOutboxStore outbox_;
  // Many at once, on a machine that may be busy with other things.
  std::unique_ptr<RemoteLedger> remote_ =
      RemoteLedger::create({.url = server_.url(), .service = {.deadline = std::chrono::seconds(60)}}, outbox_).value();
  DeliveringLedger delivering_{*remote_};
};

}  // namespace

std::unique_ptr<Stores> open_remote_ledger_stores() {
  return std::make_unique<RemoteLedgerStores>();
}

const char* why_not_of_a_remote_ledger(std::string_view test) {
  static const std::map<std::string_view, const char*> kReasons = {
      {"LedgerContract.a_new_user_gets_the_opening_grant_once",
       "the other ledger's entry for a hold is a debit, and the opening grant its business"},
      {"LedgerContract.without_an_opening_grant_there_is_nothing_to_hold", "the opening grant is the other ledger's business"},
      {"LedgerContract.settle_again_answers_the_first_receipt",
       "a hold that is charged in full makes no second entry in the other ledger"},
      {"DebitContract.takes_at_once_after_the_opening_grant", "the answer to a debit does not tell the entry's number and time"},
      {"DebitContract.gives_back_once",
       "the answer to a credit does not tell what the first one was called and why it was given"},
      {"DebitContract.of_a_hold_gives_back_what_was_charged", "the other ledger knows a hold by its turn's id, as a debit"},
      {"LedgerRaceContract.adds_up_whatever_happens_at_once", "its holds are all of one turn, whose id is the key of one debit"}};
  const auto found = kReasons.find(test);
  return found == kReasons.end() ? nullptr : found->second;
}

}  // namespace gibsey::store::testing
