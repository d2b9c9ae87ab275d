#include "store/sqlite/turn_schema.hpp"

namespace gibsey::store::sqlite {
namespace {

constexpr const char* kMigrations[] = {
    // Form 1. Lists are JSON text (see model_json.hpp, event_json.hpp); `number` is the order in which turns began.
    R"sql(
CREATE TABLE turns (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conversation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  world TEXT NOT NULL,
  character_id TEXT NOT NULL,
  question TEXT NOT NULL,
  reply TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'complete', 'stopped', 'failed', 'interrupted')),
  hold_id TEXT NOT NULL,
  sources TEXT NOT NULL,
  quotes TEXT NOT NULL,
  receipt TEXT,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  finish_reason TEXT NOT NULL,
  error TEXT NOT NULL,
  false_quotes INTEGER NOT NULL,
  first_token_ms INTEGER NOT NULL,
  total_ms INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE INDEX turns_of_conversation ON turns(conversation_id, number);
CREATE INDEX running_turns ON turns(number) WHERE status = 'running';
)sql",
    // Form 2. A turn's log is a table of its own, to which a batch of events is added as one row; `reply` is written when the
    // turn ends, and a running turn's reply is what its log holds. conversations has a row for what list_conversations
    // shows, kept by each begin and finish. The turns of form 1 were all asked over /ask, one after the other in their
    // conversation; what was saved of a running one's reply becomes the one event of its log.
    R"sql(
ALTER TABLE turns ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';
ALTER TABLE turns ADD COLUMN dialect TEXT NOT NULL DEFAULT 'ask';
ALTER TABLE turns ADD COLUMN retrieval TEXT NOT NULL DEFAULT '';
ALTER TABLE turns ADD COLUMN error_code TEXT NOT NULL DEFAULT '';
ALTER TABLE turns ADD COLUMN fallback_used INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN included TEXT NOT NULL DEFAULT '[]';
ALTER TABLE turns ADD COLUMN cut TEXT NOT NULL DEFAULT '[]';
ALTER TABLE turns ADD COLUMN sentiment TEXT;
ALTER TABLE turns ADD COLUMN temperature REAL NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN top_p REAL NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN personality_weight REAL NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN phases TEXT NOT NULL DEFAULT '[]';
CREATE INDEX turns_with_character ON turns(user_id, character_id, number);

UPDATE turns SET parent_id = coalesce(
  (SELECT before.id FROM turns before WHERE before.conversation_id = turns.conversation_id AND before.user_id = turns.user_id
     AND before.number < turns.number ORDER BY before.number DESC LIMIT 1), '');

CREATE TABLE turn_events (
  turn INTEGER NOT NULL REFERENCES turns(number) ON DELETE CASCADE,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL CHECK (last_seq >= first_seq),
  events TEXT NOT NULL,
  PRIMARY KEY (turn, last_seq)
) STRICT;
INSERT INTO turn_events (turn, first_seq, last_seq, events)
  SELECT number, 1, 1, json_array(reply) FROM turns WHERE status = 'running' AND reply <> '';
UPDATE turns SET reply = '' WHERE status = 'running';

CREATE TABLE conversations (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  world TEXT NOT NULL,
  character_id TEXT NOT NULL,
  first_question TEXT NOT NULL,
  last_turn_id TEXT NOT NULL,
  turns INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_of_user ON conversations(user_id, updated, id);
INSERT INTO conversations (id, user_id, world, character_id, first_question, last_turn_id, turns, created, updated)
  SELECT first.conversation_id, first.user_id, last.world, last.character_id, first.question, last.id, own.turns, first.created,
         own.updated
  FROM (SELECT min(number) AS number FROM turns GROUP BY conversation_id) begun
  JOIN turns first ON first.number = begun.number
  JOIN (SELECT conversation_id, user_id, count(*) AS turns, max(number) AS number, max(updated) AS updated
        FROM turns GROUP BY conversation_id, user_id) own
    ON own.conversation_id = first.conversation_id AND own.user_id = first.user_id
  JOIN turns last ON last.number = own.number
  ORDER BY first.number;

CREATE TABLE claims (
  user_id TEXT NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  turn_id TEXT NOT NULL,
  made INTEGER NOT NULL,
  PRIMARY KEY (user_id, route, key)
) STRICT;
CREATE INDEX claims_by_age ON claims(user_id, route, made);
CREATE INDEX claims_of_turn ON claims(turn_id);

CREATE TABLE usage (
  number INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL,
  client_ip TEXT NOT NULL,
  creator_slug TEXT NOT NULL,
  query TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  total_tokens INTEGER NOT NULL,
  cascade_tier TEXT NOT NULL,
  model TEXT NOT NULL,
  latency_ms REAL NOT NULL,
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE facts (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL,
  character_id TEXT NOT NULL,
  text TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX facts_of_reader ON facts(user_id, character_id, created, number);

CREATE TABLE turn_vectors (
  turn INTEGER NOT NULL REFERENCES turns(number) ON DELETE CASCADE,
  embedding_model TEXT NOT NULL,
  dimension INTEGER NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (turn, embedding_model)
) STRICT;
)sql",
    // Form 3. What the models were sent, of turns of a program that ran with --debug (see model_json.hpp).
    R"sql(
ALTER TABLE turns ADD COLUMN calls TEXT NOT NULL DEFAULT '[]';
)sql"};

}  // namespace

Migrations turn_migrations() {
  return kMigrations;
}

}  // namespace gibsey::store::sqlite
