#include "store/sqlite/migration.hpp"

#include "store/sqlite/connection.hpp"

#include <fmt/format.h>

namespace gibsey::store::sqlite {
namespace {

Result<void> run_steps(Connection& connection, Migrations steps) {
  // Read inside the transaction: two programs may open a new file at the same moment.
  GIBSEY_TRY(const auto form, connection.value<std::int64_t>("PRAGMA user_version"));
  const auto last = static_cast<std::int64_t>(steps.size());
  if (form > last) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("{} was written by a newer gibsey (form {}, this program knows up to {}); start the newer program, or "
                    "choose another data folder",
                    connection.path(), form, last));
  }
  if (form == last) return {};
  for (const char* step : steps.subspan(static_cast<std::size_t>(form))) GIBSEY_CHECK(connection.run_script(step));
  return connection.run_script(fmt::format("PRAGMA user_version = {}", last).c_str());
}

}  // namespace

Result<void> migrate(Connection& connection, Migrations steps) {
  GIBSEY_CHECK(connection.run("BEGIN IMMEDIATE"));
  auto done = run_steps(connection, steps);
  if (done) done = connection.run("COMMIT");
  if (!done && connection.in_transaction()) {
    // The error of the step is the one to tell, whatever the rollback says.
    static_cast<void>(connection.run("ROLLBACK"));
  }
  return done;
}

}  // namespace gibsey::store::sqlite
