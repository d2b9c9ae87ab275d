#include "store/cassandra/schema.hpp"

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
)cql",
    R"cql(CREATE INDEX IF NOT EXISTS characters_by_id ON characters (id) USING 'sai';
)cql"};

}  // namespace

std::span<const char* const> schema_forms() {
  return kForms;
}

}  // namespace gibsey::store::cassandra
