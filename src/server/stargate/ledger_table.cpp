#include "server/problem.hpp"
#include "server/stargate/table.hpp"

namespace gibsey::server::stargate {
namespace {

constexpr const char* kReadOnly = "The table 'ledger' can only be read; POST /debit and POST /credit change a balance.";

class LedgerTable final : public Table {
 public:
  LedgerTable() : Table("ledger", {{"user_id"}, {"credits", Type::number}}, 1) {}

  Rows find(const Services& services, const RouteRequest& request, std::string /*world*/,
            std::vector<std::string> key) const override {
    if (!may_access(request.principal, key.at(0))) {
      co_return fail(ErrorCode::forbidden, "This token may read its own user's row of 'ledger' alone.");
    }
    std::vector<Json> rows;
    GIBSEY_CO_TRY(const auto entries, co_await services.ledger.statement(key.at(0), 1));
    if (entries.empty()) co_return rows;
    GIBSEY_CO_TRY(const auto balance, co_await services.ledger.balance(key.at(0)));
    rows.push_back({{"user_id", key.at(0)}, {"credits", balance}});
    co_return rows;
  }

  Listing list(const Services&, const RouteRequest&, std::string /*world*/, std::string /*after*/, int /*limit*/) const override {
    co_return fail(ErrorCode::invalid_argument,
                   "The rows of 'ledger' are read one by one: name a user_id in the path or by $eq.");
  }

  Written put(const Services&, RouteRequest&, std::vector<std::string>) const override { co_return problem(405, kReadOnly); }
  Written remove(const Services&, RouteRequest&, std::vector<std::string>) const override { co_return problem(405, kReadOnly); }
};

}  // namespace

const Table& ledger_table() {
  static const LedgerTable table;
  return table;
}

}  // namespace gibsey::server::stargate
