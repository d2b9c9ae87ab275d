#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/on_server_or_file.hpp"
#include "app/complain.hpp"
#include "app/server_client.hpp"

#include <fmt/format.h>

namespace gibsey::app {
namespace {

constexpr int kStatementLines = 50;

void show(const StatementLine& line) {
  fmt::print("{}  {:<8} {:>8}  balance {:>8}  {}\n", line.created, line.kind, line.amount, line.balance, line.reason);
}

}  // namespace

int credit_grant(const Place& place, const std::string& user, std::int64_t amount, const std::string& reason) {
  return on_server_or_file(
      place,
      [&](ServerClient& server) -> Result<void> {
        GIBSEY_TRY(const auto balance, server.grant(user, amount));
        fmt::print("{} has {} credits\n", user, balance);
        return {};
      },
      [&](Application& app) -> Result<void> {
        GIBSEY_TRY(const auto entry, app.runtime().wait(app.ledger().grant(user, amount, reason)));
        fmt::print("{} has {} credits\n", user, entry.balance);
        return {};
      });
}

int credit_balance(const Place& place, const std::string& user) {
  return on_server_or_file(
      place,
      [&](ServerClient& server) -> Result<void> {
        GIBSEY_TRY(const auto account, server.account(user));
        fmt::print("{}\n", account.balance);
        return {};
      },
      [&](Application& app) -> Result<void> {
        GIBSEY_TRY(const auto balance, app.runtime().wait(app.ledger().balance(user)));
        fmt::print("{}\n", balance);
        return {};
      });
}

int credit_statement(const Place& place, const std::string& user) {
  return on_server_or_file(
      place,
      [&](ServerClient& server) -> Result<void> {
        GIBSEY_TRY(const auto account, server.account(user));
        for (const auto& line : account.entries) show(line);
        return {};
      },
      [&](Application& app) -> Result<void> {
        GIBSEY_TRY(const auto entries, app.runtime().wait(app.ledger().statement(user, kStatementLines)));
        for (const auto& entry : entries) show({iso8601(entry.created), entry.kind, entry.amount, entry.balance, entry.reason});
        return {};
      });
}

}  // namespace gibsey::app
