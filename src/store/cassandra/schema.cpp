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

// docs/cassandra_tables.md says of each table why it has this key.
constexpr const char* kForms[] = {
    R"cql(CREATE TABLE IF NOT EXISTS worlds (
  name text PRIMARY KEY,
  number bigint,
  title text,
  author text,
  language text,
  licence text,
  origin text,
  character_cost int,
  narrator_cost int,
  max_tokens int,
  mandate text,
  prompt_template text,
  small_prompt_template text,
  narrator text
);

-- A row needs world, id, text and title; the worker fills in the rest. No vector column may be here: the change feed's
-- reader cannot read one in a table with cdc.
CREATE TABLE IF NOT EXISTS pages (
  world text,
  id text,
  title text,
  text text,
  label text,
  chapter text,
  voice text,
  source text,
  position bigint,
  version bigint,
  content_hash text,
  updated bigint,
  passages text,
  quotes text,
  PRIMARY KEY (world, id)
) WITH cdc = true;

CREATE TABLE IF NOT EXISTS page_versions (
  world text,
  id text,
  version bigint,
  title text,
  text text,
  label text,
  chapter text,
  voice text,
  source text,
  position bigint,
  content_hash text,
  updated bigint,
  PRIMARY KEY ((world, id), version)
) WITH CLUSTERING ORDER BY (version DESC);

CREATE TABLE IF NOT EXISTS pages_in_order (
  world text,
  position bigint,
  id text,
  version bigint,
  passages bigint,
  PRIMARY KEY (world, position, id)
);

CREATE TABLE IF NOT EXISTS page_states (
  world text,
  id text,
  version bigint,
  position bigint,
  edited boolean,
  removed boolean,
  seq bigint,
  PRIMARY KEY (world, id)
);

CREATE TABLE IF NOT EXISTS page_intents (
  world text,
  id text,
  begun bigint,
  by_hand boolean,
  PRIMARY KEY (world, id)
) WITH gc_grace_seconds = 600;

CREATE TABLE IF NOT EXISTS page_changes (
  block bigint,
  seq bigint,
  last bigint STATIC,
  mark text,
  world text,
  page_id text,
  version bigint,
  removed boolean,
  PRIMARY KEY (block, seq)
);

CREATE TABLE IF NOT EXISTS vector_sets (
  world text,
  embedding_model text,
  dimension int,
  PRIMARY KEY (world, embedding_model)
);

CREATE TABLE IF NOT EXISTS page_vectors (
  world text,
  embedding_model text,
  page_id text,
  passage int,
  page_version bigint,
  vector vector<float, 384>,
  other blob,
  PRIMARY KEY ((world, embedding_model), page_id, passage)
);

CREATE INDEX IF NOT EXISTS page_vectors_by_nearness ON page_vectors (vector) USING 'sai'
  WITH OPTIONS = {'similarity_function': 'dot_product'};

CREATE TABLE IF NOT EXISTS summaries (
  world text,
  cluster text,
  version int,
  title text,
  text text,
  page_ids list<text>,
  extractive boolean,
  model text,
  created bigint,
  PRIMARY KEY ((world), cluster, version)
) WITH CLUSTERING ORDER BY (cluster ASC, version DESC);

CREATE TABLE IF NOT EXISTS characters (
  world text,
  id text,
  display_name text,
  edited boolean,
  removed boolean,
  position bigint,
  character text,
  PRIMARY KEY (world, id)
);

CREATE TABLE IF NOT EXISTS ledger (
  user_id text,
  section text,
  number bigint,
  name text,
  balance bigint STATIC,
  last_number bigint STATIC,
  id text,
  kind text,
  amount bigint,
  ref text,
  reason text,
  entry_balance bigint,
  created bigint,
  entry bigint,
  charged bigint,
  end_entry bigint,
  PRIMARY KEY (user_id, section, number, name)
) WITH CLUSTERING ORDER BY (section ASC, number DESC, name ASC);

CREATE TABLE IF NOT EXISTS hold_owners (
  hold_id text PRIMARY KEY,
  user_id text
);

CREATE TABLE IF NOT EXISTS open_holds (
  bucket int,
  hold_id text,
  node text,
  user_id text,
  created bigint,
  PRIMARY KEY (bucket, hold_id)
) WITH gc_grace_seconds = 600;

CREATE TABLE IF NOT EXISTS turns (
  id text,
  last_seq bigint,
  first_seq bigint,
  batch_mark text,
  events text,
  number bigint STATIC,
  last_event bigint STATIC,
  conversation_id text STATIC,
  parent_id text STATIC,
  dialect text STATIC,
  user_id text STATIC,
  world text STATIC,
  character_id text STATIC,
  question text STATIC,
  created bigint STATIC,
  reply text STATIC,
  status text STATIC,
  hold_id text STATIC,
  sources text STATIC,
  quotes text STATIC,
  receipt text STATIC,
  retrieval text STATIC,
  prompt_tokens int STATIC,
  completion_tokens int STATIC,
  provider text STATIC,
  model text STATIC,
  finish_reason text STATIC,
  error text STATIC,
  error_code text STATIC,
  fallback_used boolean STATIC,
  included text STATIC,
  cut text STATIC,
  sentiment text STATIC,
  temperature double STATIC,
  top_p double STATIC,
  personality_weight double STATIC,
  phases text STATIC,
  calls text STATIC,
  false_quotes int STATIC,
  first_token_ms int STATIC,
  total_ms int STATIC,
  updated bigint STATIC,
  mark text STATIC,
  PRIMARY KEY (id, last_seq)
);

CREATE TABLE IF NOT EXISTS turns_by_conversation (
  conversation_id text,
  number bigint,
  turn_id text,
  user_id text,
  world text,
  character_id text,
  question text,
  created bigint,
  updated bigint,
  PRIMARY KEY (conversation_id, number, turn_id)
);

CREATE TABLE IF NOT EXISTS conversations (
  user_id text,
  id text,
  updated bigint,
  PRIMARY KEY (user_id, id)
);

CREATE TABLE IF NOT EXISTS running_turns (
  bucket int,
  turn_id text,
  node text,
  begun bigint,
  PRIMARY KEY (bucket, turn_id)
) WITH gc_grace_seconds = 600;

CREATE TABLE IF NOT EXISTS claims (
  user_id text,
  route text,
  key text,
  body_hash text,
  turn_id text,
  made bigint,
  PRIMARY KEY ((user_id, route, key))
) WITH default_time_to_live = 172800;

CREATE TABLE IF NOT EXISTS claims_by_turn (
  turn_id text,
  user_id text,
  route text,
  key text,
  PRIMARY KEY (turn_id, user_id, route, key)
) WITH default_time_to_live = 172800;

CREATE TABLE IF NOT EXISTS facts (
  user_id text,
  character_id text,
  created bigint,
  number bigint,
  id text,
  text text,
  PRIMARY KEY ((user_id, character_id), created, number)
) WITH CLUSTERING ORDER BY (created DESC, number DESC);

CREATE TABLE IF NOT EXISTS fact_ids (
  id text PRIMARY KEY,
  user_id text,
  character_id text,
  created bigint,
  number bigint,
  text text
);

CREATE TABLE IF NOT EXISTS turn_vectors (
  user_id text,
  character_id text,
  number bigint,
  embedding_model text,
  turn_id text,
  vector blob,
  PRIMARY KEY ((user_id, character_id), number, embedding_model)
) WITH CLUSTERING ORDER BY (number DESC, embedding_model ASC);

CREATE TABLE IF NOT EXISTS usage_log (
  block bigint,
  seq bigint,
  last bigint STATIC,
  mark text,
  user_id text,
  client_ip text,
  creator_slug text,
  query text,
  prompt_tokens int,
  completion_tokens int,
  total_tokens int,
  cascade_tier text,
  model text,
  latency_ms double,
  created bigint,
  PRIMARY KEY (block, seq)
) WITH CLUSTERING ORDER BY (seq DESC);
)cql",
    R"cql(ALTER TABLE summaries ADD IF NOT EXISTS (
  voice text,
  sentences text,
  members text,
  source_hash text,
  run_id text,
  reverted_to int,
  retired boolean,
  mark text
);

CREATE TABLE IF NOT EXISTS note_worlds (
  id text PRIMARY KEY,
  world text
);

CREATE TABLE IF NOT EXISTS notes_by_page (
  world text,
  page_id text,
  id text,
  version int,
  PRIMARY KEY (world, page_id, id, version)
) WITH gc_grace_seconds = 600;

CREATE TABLE IF NOT EXISTS nightly_runs (
  id text PRIMARY KEY,
  world text,
  force boolean,
  trigger text,
  status text,
  attempts int,
  counts text,
  error text,
  planned boolean,
  plan text,
  covers text,
  started bigint,
  updated bigint,
  ended bigint
);

CREATE TABLE IF NOT EXISTS runs_in_order (
  part int,
  started bigint,
  id text,
  PRIMARY KEY (part, started, id)
) WITH CLUSTERING ORDER BY (started DESC, id DESC);

CREATE TABLE IF NOT EXISTS jobs (
  name text PRIMARY KEY,
  revision bigint,
  holder text,
  held_until bigint,
  run_id text,
  last_due bigint,
  attempts int,
  retry_at bigint,
  last_done bigint,
  last_error text,
  covered text,
  mark text
);
)cql"};

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
  for (auto& statement : statements_of(kForms[form - 1])) GIBSEY_CO_CHECK(co_await session.define(std::move(statement)));
  co_return co_await session.write(
      cql("INSERT INTO " + table + " (part, form, applied) VALUES ('form', ?, ?)", form, unix_millis_now()));
}

Async<void> apply_missing(Session& session, const std::string& table, Forms& forms) {
  GIBSEY_CO_TRY(forms.before, co_await stored_form(session));
  const auto last = static_cast<int>(std::size(kForms));
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

std::span<const char* const> schema_forms() {
  return kForms;
}

std::string schema_text(const std::string& keyspace) {
  auto text = "-- The tables of Gibsey on Cassandra 5, as `gibsey migrate` makes them (docs/cassandra_tables.md).\n\n" +
              keyspace_statement(keyspace) + ";\nUSE " + keyspace + ";\n";
  for (const auto* form : kForms) text += std::string("\n") + form;
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
  if (forms.before < static_cast<int>(std::size(kForms))) {
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
  const auto last = static_cast<int>(std::size(kForms));
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
