#include "store/cassandra/schema.hpp"

#include "base/clock.hpp"
#include "base/ids.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <vector>

namespace gibsey::store::cassandra {
namespace {

constexpr const char* kFormsTable =
    "CREATE TABLE IF NOT EXISTS {}.schema_forms (part text, form int, holder text, applied bigint, PRIMARY KEY (part, form))";
constexpr auto kPatience = std::chrono::seconds(120);
constexpr auto kLook = std::chrono::milliseconds(200);

std::string keyspace_statement(const std::string& keyspace) {
  return fmt::format(
      "CREATE KEYSPACE IF NOT EXISTS {} WITH replication = {{'class': 'NetworkTopologyStrategy', 'replication_factor': 1}}",
      keyspace);
}

Result<void> check_name(const std::string& keyspace) {
  constexpr std::size_t kLongest = 48;
  const bool good = !keyspace.empty() && keyspace.size() <= kLongest && keyspace[0] >= 'a' && keyspace[0] <= 'z' &&
                    keyspace.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (good) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("CASSANDRA_KEYSPACE '{}' is no name of a keyspace: small letters, digits and _, "
                          "a letter first, at most 48",
                          keyspace));
}

/// Without the lines that are comments.
std::vector<std::string> statements_of(const std::string& form) {
  std::vector<std::string> statements;
  std::string statement;
  for (std::size_t at = 0; at < form.size();) {
    const auto end = std::min(form.find('\n', at), form.size());
    const auto line = form.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line.starts_with("--")) continue;
    statement += (statement.empty() ? "" : "\n") + line;
    if (!line.ends_with(';')) continue;
    statement.pop_back();
    statements.push_back(std::exchange(statement, ""));
  }
  return statements;
}

Async<void> take_lock(Session& session, const std::string& table, const std::string& holder) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto insert = "INSERT INTO " + table + " (part, form, holder) VALUES ('lock', 0, ?) IF NOT EXISTS USING TTL 60";
    GIBSEY_CO_TRY(const auto taken, co_await session.apply({cql(insert, holder)}));
    if (taken == Applied::yes) co_return Result<void>();
    GIBSEY_CO_TRY(const auto rows, co_await session.read(cql("SELECT holder FROM " + table + " WHERE part = 'lock' AND form = 0"),
                                                         Reading::serial));
    std::string standing;
    if (!rows.empty()) rows[0] >> standing;
    if (standing == holder) co_return Result<void>();
    if (std::chrono::steady_clock::now() >= until) {
      co_return fail(ErrorCode::unavailable,
                     "another program is changing the schema for two minutes; see whether it is stuck, and try again");
    }
    timer.expires_after(kLook);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

Async<void> apply_form(Session& session, const std::string& table, int form) {
  for (auto& statement : statements_of(schema_forms()[form - 1])) GIBSEY_CO_CHECK(co_await session.define(std::move(statement)));
  co_return co_await session.write(
      cql("INSERT INTO " + table + " (part, form, applied) VALUES ('form', ?, ?)", form, unix_millis_now()));
}

Async<void> apply_missing(Session& session, const std::string& table, Forms& forms) {
  GIBSEY_CO_TRY(forms.before, co_await stored_form(session));
  const auto last = static_cast<int>(schema_forms().size());
  for (forms.now = forms.before; forms.now < last;) {
    GIBSEY_CO_CHECK(co_await apply_form(session, table, forms.now + 1));
    ++forms.now;
  }
  if (forms.now == last) co_return Result<void>();
  co_return fail(ErrorCode::unavailable,
                 fmt::format("the keyspace {} was made by a newer program (form {}, this one knows {}); use "
                             "that one",
                             session.address().keyspace, forms.now, last));
}

}  // namespace

std::string schema_text(const std::string& keyspace) {
  auto text = "-- The tables of Gibsey on Cassandra 5, as `gibsey migrate` makes them (docs/cassandra_tables.md).\n\n" +
              keyspace_statement(keyspace) + ";\nUSE " + keyspace + ";\n";
  for (const auto* form : schema_forms()) text += std::string("\n") + form;
  return text;
}

Async<int> stored_form(Session& session) {
  const auto& keyspace = session.address().keyspace;
  GIBSEY_CO_CHECK(check_name(keyspace));
  GIBSEY_CO_TRY(const auto table,
                co_await session.read(cql("SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND "
                                          "table_name = 'schema_forms'",
                                          keyspace)));
  if (table.empty()) co_return 0;
  GIBSEY_CO_TRY(const auto rows, co_await session.read(cql("SELECT form FROM " + keyspace +
                                                           ".schema_forms WHERE part = 'form' ORDER "
                                                           "BY form DESC LIMIT 1")));
  int form = 0;
  if (!rows.empty()) rows[0] >> form;
  co_return form;
}

Async<Forms> migrate(Session& session) {
  const auto& keyspace = session.address().keyspace;
  Forms forms;
  GIBSEY_CO_TRY(forms.before, co_await stored_form(session));
  forms.now = forms.before;
  if (forms.before < static_cast<int>(schema_forms().size())) {
    GIBSEY_CO_CHECK(co_await session.define(keyspace_statement(keyspace)));
    GIBSEY_CO_CHECK(co_await session.define(fmt::format(kFormsTable, keyspace)));
  }
  GIBSEY_CO_CHECK(co_await session.use_keyspace());
  const auto table = keyspace + ".schema_forms";
  const auto holder = random_id();
  GIBSEY_CO_CHECK(co_await take_lock(session, table, holder));
  const auto applied = co_await apply_missing(session, table, forms);
  const auto given =
      co_await session.apply({cql("DELETE FROM " + table + " WHERE part = 'lock' AND form = 0 IF holder = ?", holder)});
  GIBSEY_CO_CHECK(applied);
  if (!given) co_return std::unexpected(given.error());
  co_return forms;
}

Async<void> use_current_form(Session& session) {
  GIBSEY_CO_TRY(const int form, co_await stored_form(session));
  const auto last = static_cast<int>(schema_forms().size());
  if (form == last) co_return co_await session.use_keyspace();
  const auto& keyspace = session.address().keyspace;
  if (form == 0) {
    co_return fail(ErrorCode::unavailable,
                   fmt::format("there are no tables in the keyspace {} yet: run `gibsey migrate`", keyspace));
  }
  co_return fail(ErrorCode::unavailable,
                 form < last ? fmt::format("the keyspace {} has form {} of {}: run `gibsey migrate`", keyspace, form, last)
                             : fmt::format("the keyspace {} was made by a newer program (form {}, this one knows {})", keyspace,
                                           form, last));
}

}  // namespace gibsey::store::cassandra
