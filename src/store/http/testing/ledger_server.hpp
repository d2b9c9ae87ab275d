#pragma once
#include "net/http_handler.hpp"
#include "net/testing/server_thread.hpp"
#include "store/memory/ledger_store.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace gibsey::store::testing {

/// How the ledger behaves from now on, so that every way of failing can be tried.
struct LedgerTroubles {
  int debit_status = 0;      ///< instead of taking the debit
  int credit_status = 0;     ///< instead of giving back
  int cut_after_debit = 0;   ///< so many debits are taken, and their answers break off
  int fail_after_debit = 0;  ///< so many debits are taken and answered with 500
  int then_status = 0;       ///< of the debits after those that were cut
  std::string debit_answer;  ///< this body instead of the true one, after the debit was taken
  bool hangs = false;        ///< debits wait, and are taken when this is over
};

/// The ledger of contracts section 2 on a port of its own: /debit, /credit and /ledger/{user_id} over a ledger in memory. New
/// users have 100 credits.
class LedgerServer final : public net::HttpHandler {
 public:
  LedgerServer() : server_(*this) {}

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/debit"; }
  [[nodiscard]] MemoryLedgerStore& ledger() { return ledger_; }
  void trouble(LedgerTroubles troubles);
  /// Those to a path, in order of arrival.
  [[nodiscard]] std::vector<net::HttpRequest> requests(const std::string& path) const;

  net::Admission admit(const net::HttpRequest& head) override;
  boost::asio::awaitable<void> answer(net::HttpRequest request, net::HttpExchange& exchange) override;
  net::HttpResponse refusal(const net::HttpRequest& head, int status, std::string_view detail) override;

 private:
  boost::asio::awaitable<void> debit(net::HttpRequest request, net::HttpExchange& exchange);
  boost::asio::awaitable<void> credit(net::HttpRequest request, net::HttpExchange& exchange);
  boost::asio::awaitable<void> account(net::HttpRequest request, net::HttpExchange& exchange);
  /// What this request shall suffer; counted ones are counted down.
  LedgerTroubles take_troubles(bool taken);

  MemoryLedgerStore ledger_;
  mutable std::mutex mutex_;
  LedgerTroubles troubles_;
  std::vector<net::HttpRequest> requests_;
  net::testing::ServerThread server_;  // last: it serves the others
};

}  // namespace gibsey::store::testing
