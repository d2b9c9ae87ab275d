#include "store/sqlite/page_schema.hpp"

namespace gibsey::store::sqlite {
namespace {

constexpr const char* kMigrations[] = {
    // Form 1. pages.seq is the place of a page's last change in the order of all changes of the file, so that a reader of
    // changes can remember how far it has come; it never goes back, also after removals. Passages, quotes and vectors
    // hang on the page's number and go with it. A passage that goes takes its vectors along.
    R"sql(
CREATE TABLE worlds (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  author TEXT NOT NULL,
  language TEXT NOT NULL,
  licence TEXT NOT NULL,
  origin TEXT NOT NULL,
  character_cost INTEGER NOT NULL,
  narrator_cost INTEGER NOT NULL,
  mandate TEXT NOT NULL,
  prompt_template TEXT NOT NULL,
  narrator TEXT NOT NULL
) STRICT;

CREATE TABLE pages (
  number INTEGER PRIMARY KEY,
  world TEXT NOT NULL,
  id TEXT NOT NULL,
  label TEXT NOT NULL,
  title TEXT NOT NULL,
  chapter TEXT NOT NULL,
  text TEXT NOT NULL,
  source TEXT NOT NULL,
  voice TEXT NOT NULL,
  "order" INTEGER NOT NULL,
  version INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  updated INTEGER NOT NULL,
  seq INTEGER NOT NULL UNIQUE,
  UNIQUE (world, id)
) STRICT;
CREATE INDEX pages_in_order ON pages(world, "order", id);

CREATE TABLE page_versions (
  world TEXT NOT NULL,
  id TEXT NOT NULL,
  label TEXT NOT NULL,
  title TEXT NOT NULL,
  chapter TEXT NOT NULL,
  text TEXT NOT NULL,
  source TEXT NOT NULL,
  voice TEXT NOT NULL,
  "order" INTEGER NOT NULL,
  version INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  updated INTEGER NOT NULL,
  PRIMARY KEY (world, id, version)
) STRICT;

CREATE TABLE passages (
  page INTEGER NOT NULL REFERENCES pages(number) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (page, number)
) STRICT;

CREATE TABLE quotes (
  page INTEGER NOT NULL REFERENCES pages(number) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  passage INTEGER NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  words INTEGER NOT NULL,
  sentences INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (page, number)
) STRICT;

CREATE TABLE page_vectors (
  page INTEGER NOT NULL,
  passage INTEGER NOT NULL,
  embedding_model TEXT NOT NULL,
  dimension INTEGER NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (page, passage, embedding_model),
  FOREIGN KEY (page, passage) REFERENCES passages(page, number) ON DELETE CASCADE
) STRICT;

CREATE TABLE characters (
  world TEXT NOT NULL,
  id TEXT NOT NULL,
  position INTEGER NOT NULL,
  aliases TEXT NOT NULL,
  display_name TEXT NOT NULL,
  color_hex TEXT NOT NULL,
  tone TEXT NOT NULL,
  blurb TEXT NOT NULL,
  greeting TEXT NOT NULL,
  system_prompt TEXT NOT NULL,
  samples TEXT NOT NULL,
  lead_ins TEXT NOT NULL,
  unknown TEXT NOT NULL,
  PRIMARY KEY (id, world)
) STRICT;
CREATE INDEX characters_of_world ON characters(world, position);

CREATE TABLE character_aliases (
  alias TEXT NOT NULL,
  world TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (alias, world, id),
  FOREIGN KEY (id, world) REFERENCES characters(id, world) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_of_character ON character_aliases(id, world);

CREATE TABLE watermark (seq INTEGER NOT NULL) STRICT;
INSERT INTO watermark (seq) VALUES (0);
)sql",
    // Form 2. `edited` characters were written by themselves, not with their world's cast: they stay when the cast is replaced,
    // and so does the absence of a removed one. `personality` is JSON text (see model_json.hpp).
    R"sql(
ALTER TABLE worlds ADD COLUMN small_prompt_template TEXT NOT NULL DEFAULT '';

ALTER TABLE characters ADD COLUMN personality TEXT;
ALTER TABLE characters ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE characters ADD COLUMN voice_id TEXT NOT NULL DEFAULT '';
ALTER TABLE characters ADD COLUMN appearance_seed TEXT NOT NULL DEFAULT '';
ALTER TABLE characters ADD COLUMN created INTEGER NOT NULL DEFAULT 0;
ALTER TABLE characters ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE characters ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
DROP INDEX characters_of_world;
CREATE INDEX characters_of_world ON characters(world, edited, position);

CREATE TABLE removed_characters (
  world TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;
)sql",
    // Form 3. How long a world wants replies to be; 0 leaves it to the program.
    R"sql(
ALTER TABLE worlds ADD COLUMN max_tokens INTEGER NOT NULL DEFAULT 0;
)sql",
    // Form 4. `edited` pages were written by themselves, not with their book: they stay when the book is read again, and so does
    // the absence of one that was removed by hand. removed_pages.seq is the removal's place in the order of all changes.
    R"sql(
ALTER TABLE pages ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;

CREATE TABLE removed_pages (
  world TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL UNIQUE,
  edited INTEGER NOT NULL,
  PRIMARY KEY (world, id)
) STRICT;
)sql",
    // Notes of the nightly run: a row a note as it is now in `summaries`, those before in `summary_versions`; sentences, members,
    // counts, plan and covers are JSON text (note_json.hpp). `jobs` has a row a job, changed by compare-and-set on its revision.
    R"sql(
CREATE TABLE summaries (
  world TEXT NOT NULL,
  id TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  chapter TEXT NOT NULL,
  voice TEXT NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  sentences TEXT NOT NULL,
  members TEXT NOT NULL,
  source_hash TEXT NOT NULL,
  model TEXT NOT NULL,
  run_id TEXT NOT NULL,
  reverted_to INTEGER NOT NULL,
  retired INTEGER NOT NULL,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX summaries_of_world ON summaries(world, id);

CREATE TABLE summary_versions (
  world TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  chapter TEXT NOT NULL,
  voice TEXT NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  sentences TEXT NOT NULL,
  members TEXT NOT NULL,
  source_hash TEXT NOT NULL,
  model TEXT NOT NULL,
  run_id TEXT NOT NULL,
  reverted_to INTEGER NOT NULL,
  retired INTEGER NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (id, version)
) STRICT;
CREATE INDEX summary_versions_of_world ON summary_versions(world);

CREATE TABLE summary_pages (
  world TEXT NOT NULL,
  page_id TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (world, page_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pages_of_summary ON summary_pages(id);

CREATE TABLE nightly_runs (
  id TEXT NOT NULL PRIMARY KEY,
  world TEXT NOT NULL,
  force INTEGER NOT NULL,
  trigger TEXT NOT NULL,
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  counts TEXT NOT NULL,
  error TEXT NOT NULL,
  planned INTEGER NOT NULL,
  plan TEXT NOT NULL,
  covers TEXT NOT NULL,
  started INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  ended INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_in_order ON nightly_runs(started);

CREATE TABLE jobs (
  name TEXT NOT NULL PRIMARY KEY,
  revision INTEGER NOT NULL,
  holder TEXT NOT NULL,
  held_until INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  last_due INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  retry_at INTEGER NOT NULL,
  last_done INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  covered TEXT NOT NULL
) STRICT;
)sql"};

}  // namespace

Migrations page_migrations() {
  return kMigrations;
}

}  // namespace gibsey::store::sqlite
