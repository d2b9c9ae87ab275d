#pragma once
#include "base/clock.hpp"
#include "net/service_client.hpp"
#include "store/ledger_store.hpp"
#include "store/outbox.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace gibsey::store {

namespace http {
class Pump;
}

struct RemoteLedgerSettings {
  std::string url;               ///< LEDGER_URL: the whole address of /debit; /credit and /ledger/{user_id} stand beside it
  net::ServiceSettings service;  ///< name and address are filled in
  std::chrono::milliseconds first_retry{500};  ///< of a give-back; doubled with each attempt
  std::chrono::milliseconds longest_retry{60'000};
  /// A debit that was not answered may still arrive: for so long "no such debit" does not end its give-back.
  std::chrono::milliseconds late_debits{60'000};
  std::function<UnixMillis()> now = unix_millis_now;
};

/// The credits of a ledger that is another process (contracts section 2). A hold is a debit there, with the turn's id as its key,
/// taken at once; what is not charged in the end is given back by /credit through the outbox, whenever the ledger can be reached.
/// A debit of whose fate nothing is known (no answer, a broken one, a 5xx) is refused to the caller and given back. The opening
/// grant is the other's business. Besides the contract:
/// - hold: unavailable when the ledger does not take the debit, at once while its breaker is open; conflict when the turn has a
/// hold. A
///   hold of 0 asks nobody. Its balance is 0 where the ledger tells none.
/// - settle, release, open_holds and verify concern the outbox alone and never wait for the ledger. A receipt's balance is that
/// of the
///   debit and what is given back; its reason ends with "; given back by the outbox" where something is.
/// - debit, give_back, grant, balance and statement are forwarded; number and time of an entry just made are 0, because the
/// answer does
///   not tell them. A grant is never repeated. At most 1,000 entries of a statement.
class RemoteLedger final : public LedgerStore {
 public:
  /// `outbox` must outlive the ledger. invalid_argument: no address.
  static Result<std::unique_ptr<RemoteLedger>> create(RemoteLedgerSettings settings, OutboxStore& outbox);
  RemoteLedger(const RemoteLedger&) = delete;
  RemoteLedger& operator=(const RemoteLedger&) = delete;
  ~RemoteLedger() override;

  /// Delivers give-backs as they come up, until stop(): those of an earlier run of the program too. Run it once; the ledger must
  /// outlive it.
  boost::asio::awaitable<void> run();
  /// run() ends when the call under way has. From any thread; before run() too.
  void stop();
  /// What run() does: tries what is due now, once, and answers how many give-backs were closed. Errors: unavailable (the ledger;
  /// the rest was not tried), and the outbox's.
  Async<int> deliver_due();

  /// For /health.
  [[nodiscard]] net::ServiceState state() const { return asking_.state(); }

  Async<model::HoldOutcome> hold(std::string user_id, std::string turn_id, int amount, int opening_grant) override;
  Async<model::LedgerEntry> settle(std::string hold_id, int charged, std::string rule) override;
  Async<model::LedgerEntry> release(std::string hold_id, std::string rule) override;
  Async<model::DebitOutcome> debit(std::string user_id, int amount, std::string key, int opening_grant) override;
  Async<model::LedgerEntry> give_back(std::string user_id, std::int64_t amount, std::string ref, std::string reason) override;
  Async<model::LedgerEntry> grant(std::string user_id, std::int64_t amount, std::string reason) override;
  Async<std::int64_t> balance(std::string user_id) override;
  Async<std::vector<model::LedgerEntry>> statement(std::string user_id, int limit) override;
  Async<std::vector<model::CreditHold>> open_holds() override;
  Async<void> verify() override;

 private:
  RemoteLedger(RemoteLedgerSettings settings, OutboxStore& outbox);
  [[nodiscard]] net::ServiceCall debit_call(const std::string& user_id, std::int64_t cost, const std::string& key) const;
  [[nodiscard]] net::ServiceCall credit_call(const std::string& user_id, std::int64_t amount, const std::string& ref,
                                             const std::string& reason) const;
  Async<model::HoldOutcome> take(model::CreditHold hold);
  Async<model::HoldOutcome> confirm(model::CreditHold hold, const std::string& body);
  boost::asio::awaitable<void> drop(std::string hold_id);
  boost::asio::awaitable<void> give_up(std::string hold_id);
  Async<model::LedgerEntry> end(std::string hold_id, int charged, std::string kind, std::string rule);
  Async<bool> deliver(GiveBack due);
  Async<model::LedgerEntry> add(std::string user_id, std::int64_t amount, std::string ref, std::string reason);
  [[nodiscard]] Error refused(const net::ServiceAnswer& answer) const;
  [[nodiscard]] Error unreadable(const Error& error) const;
  boost::asio::awaitable<void> pump();
  [[nodiscard]] std::chrono::milliseconds retry_after(int attempts) const;

  const RemoteLedgerSettings settings_;
  OutboxStore& outbox_;
  net::ServiceClient asking_;
  net::ServiceClient giving_;  ///< of its own: a ledger that takes but does not give back still serves readers
  std::shared_ptr<http::Pump> pump_;
};

}  // namespace gibsey::store
