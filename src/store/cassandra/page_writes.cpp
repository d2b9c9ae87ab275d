// How CassandraPageStore writes.
#include "store/cassandra/note_store.hpp"
#include "store/cassandra/page_store.hpp"
#include "store/cassandra/vector_rows.hpp"
#include "store/page_check.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace gibsey::store {

using namespace cassandra;

namespace {

constexpr int kAttempts = 30;

Error too_many_writers(const std::string& id) {
  return {ErrorCode::busy, "too many writers change page " + id + " at once; try again in a moment"};
}

std::string lock_of(const std::string& world, const std::string& id) {
  return world + '\n' + id;
}

bool is_number(const std::string& id) {
  constexpr std::size_t kMostDigits = 18;
  return !id.empty() && id.size() <= kMostDigits && id.find_first_not_of("0123456789") == std::string::npos;
}

/// Fills what a passage or quote knows by the page that it lies in.
void name_parts(model::PageContent& content) {
  for (auto& passage : content.passages) {
    passage.world = content.page.world;
    passage.page_id = content.page.id;
  }
  for (auto& quote : content.quotes) {
    quote.world = content.page.world;
    quote.page_id = content.page.id;
  }
}

}  // namespace

/// The conditional write. False: the row was changed by another meanwhile.
Async<bool> CassandraPageStore::put_row(const model::PageContent& content, std::int64_t now, Hand hand) {
  const auto& page = content.page;
  GIBSEY_CO_CHECK(co_await session_.write(cql("INSERT INTO page_intents (world, id, begun, by_hand) VALUES (?, ?, ?, ?)",
                                              page.world, page.id, unix_millis_now(), hand == Hand::own)));
  GIBSEY_CO_TRY(const auto applied, co_await session_.apply({put_page_statement(content, now)}));
  if (applied != Applied::unknown) co_return applied == Applied::yes;
  GIBSEY_CO_TRY(const auto row, co_await read_page_row(session_, page.world, page.id, Reading::serial));
  if (!row) co_return false;
  // A page that only moves keeps its version.
  const auto told = [](const model::Page& of) {
    return std::tie(of.version, of.content_hash, of.updated, of.order, of.label, of.chapter);
  };
  co_return told(row->content.page) == told(page);
}

/// What the tables beside `pages` say of a page whose row has been written.
Async<void> CassandraPageStore::name_page(const model::PageContent& content, const std::optional<PageState>& state, bool edited,
                                          const std::vector<model::Passage>& before) {
  const auto& page = content.page;
  std::vector<Statement> batch{keep_version_statement(page)};
  if (state && !state->removed && state->position != page.order) {
    batch.push_back(
        cql("DELETE FROM pages_in_order WHERE world = ? AND position = ? AND id = ?", page.world, state->position, page.id));
  }
  batch.push_back(cql("INSERT INTO pages_in_order (world, position, id, version, passages) VALUES (?, ?, ?, ?, ?)", page.world,
                      page.order, page.id, page.version, content.passages.size()));
  batch.push_back(cql("INSERT INTO page_states (world, id, version, position, edited, removed) VALUES (?, ?, ?, ?, ?, false)",
                      page.world, page.id, page.version, page.order, edited));
  GIBSEY_CO_CHECK(co_await session_.write_all(std::move(batch)));
  co_return co_await carry_vectors(content, before);
}

/// A vector stays with a passage whose text another passage of the page had before.
Async<void> CassandraPageStore::carry_vectors(const model::PageContent& content, const std::vector<model::Passage>& before) {
  const auto& page = content.page;
  GIBSEY_CO_TRY(const auto sets, co_await read_vector_sets(session_, page.world));
  for (const auto& set : sets) {
    GIBSEY_CO_TRY(const auto vectors, co_await read_page_vectors(session_, page.world, set.embedding_model, {page.id}));
    std::map<std::string, const model::PassageVector*> by_text;
    for (const auto& vector : vectors) {
      const auto passage = std::ranges::find(before, vector.passage, &model::Passage::number);
      if (passage != before.end()) by_text[passage->text] = &vector;
    }
    std::vector<Statement> batch;
    std::set<int> stay;
    for (const auto& passage : content.passages) {
      const auto known = by_text.find(passage.text);
      if (known == by_text.end()) continue;
      stay.insert(passage.number);
      batch.push_back(put_vector_statement(
          page.world, set.embedding_model,
          {.page_id = page.id, .passage = passage.number, .values = known->second->values, .page_version = page.version}));
    }
    for (const auto& vector : vectors) {
      if (stay.contains(vector.passage)) continue;
      batch.push_back(drop_vector_statement(page.world, set.embedding_model, page.id, vector.passage));
    }
    GIBSEY_CO_CHECK(co_await session_.write_all(std::move(batch)));
  }
  co_return Result<void>();
}

/// The page says what it said; its place may move.
Async<std::optional<CassandraPageStore::Outcome>> CassandraPageStore::leave_text(PageRow row, const model::PageContent& content,
                                                                                 Hand hand,
                                                                                 const std::optional<PageState>& state) {
  auto& stored = row.content.page;
  const auto place = [](const model::Page& page) { return std::tie(page.order, page.label, page.chapter); };
  const bool moves = place(stored) != place(content.page);
  const bool edited = hand == Hand::own;
  if (moves) {
    stored.order = content.page.order;
    stored.label = content.page.label;
    stored.chapter = content.page.chapter;
    GIBSEY_CO_TRY(const bool put, co_await put_row(row.content, stored.version, hand));
    if (!put) co_return std::nullopt;
    GIBSEY_CO_CHECK(co_await name_page(row.content, state, edited, row.content.passages));
  } else if (!state || state->edited != edited) {
    GIBSEY_CO_CHECK(co_await session_.write(
        cql("UPDATE page_states SET edited = ? WHERE world = ? AND id = ?", edited, stored.world, stored.id)));
  }
  co_return Outcome{.fate = moves ? Fate::moved : Fate::unchanged, .page = std::move(stored), .seq = state ? state->seq : 0};
}

/// Nothing when another writer came first.
Async<std::optional<CassandraPageStore::Outcome>> CassandraPageStore::try_write(model::PageContent& content, Hand hand,
                                                                                std::optional<std::int64_t> expected) {
  auto& page = content.page;
  GIBSEY_CO_TRY(auto row, co_await read_page_row(session_, page.world, page.id));
  GIBSEY_CO_TRY(const auto state, co_await read_state(session_, page.world, page.id));
  if (hand == Hand::sync && state && state->edited) co_return Outcome{.fate = Fate::kept, .page = page};
  const auto now = row ? row->content.page.version : 0;
  GIBSEY_CO_CHECK(check_version(page, now, expected));
  auto wanted = content;
  if (wanted.page.order < 0 && now > 0) {
    wanted.page.order = row->content.page.order;
  } else if (wanted.page.order < 0) {
    GIBSEY_CO_TRY(wanted.page.order, co_await place_behind_the_last(page.world));
  }
  if (now > 0 && row->content.page.content_hash == page.content_hash) {
    co_return co_await leave_text(std::move(*row), wanted, hand, state);
  }
  // A page that was here before goes on where it ended: an old version is never given out for a new text.
  wanted.page.version = std::max(now, state ? state->version : 0) + 1;
  if (wanted.page.updated == 0) wanted.page.updated = unix_millis_now();
  name_parts(wanted);
  GIBSEY_CO_TRY(const bool put, co_await put_row(wanted, now, hand));
  if (!put) co_return std::nullopt;
  const auto before = row ? std::move(row->content.passages) : std::vector<model::Passage>();
  const bool edited = hand == Hand::own || (now > 0 && hand == Hand::sync && state && state->edited);
  GIBSEY_CO_CHECK(co_await name_page(wanted, state, edited, before));
  co_return Outcome{.fate = now > 0 ? Fate::changed : Fate::added, .page = std::move(wanted.page)};
}

Async<CassandraPageStore::Outcome> CassandraPageStore::write_page(model::PageContent content, Hand hand,
                                                                  std::optional<std::int64_t> expected) {
  const auto held = co_await locks_.take(lock_of(content.page.world, content.page.id));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(auto outcome, co_await try_write(content, hand, expected));
    if (outcome) co_return *std::move(outcome);
  }
  co_return std::unexpected(too_many_writers(content.page.id));
}

Async<void> CassandraPageStore::tell(std::vector<PageChange>& changes) {
  for (std::size_t at = 0; at < changes.size(); at += BlockLog::kMost) {
    const auto end = std::min(at + BlockLog::kMost, changes.size());
    std::vector<LogRow> rows;
    for (auto i = at; i < end; ++i) {
      const auto& change = changes[i];
      rows.push_back({{to_value(change.world), to_value(change.page_id), to_value(change.version), to_value(change.removed)}});
    }
    GIBSEY_CO_TRY(const auto numbers, co_await log_.append(std::move(rows)));
    std::vector<Statement> batch;
    for (auto i = at; i < end; ++i) {
      auto& change = changes[i];
      change.seq = numbers[i - at];
      batch.push_back(cql("UPDATE page_states SET seq = ? WHERE world = ? AND id = ?", change.seq, change.world, change.page_id));
      batch.push_back(cql("DELETE FROM page_intents WHERE world = ? AND id = ?", change.world, change.page_id));
    }
    GIBSEY_CO_CHECK(co_await session_.write_all(std::move(batch)));
  }
  co_return Result<void>();
}

Async<PageChanges> CassandraPageStore::write_book(std::vector<model::PageContent> pages, bool remove_others, Hand hand) {
  PageChanges changes;
  const auto world = pages.front().page.world;
  // What has not changed, which at most starts of the program is all of it, is seen at one look.
  GIBSEY_CO_TRY(const auto digests, co_await read_digests(session_, world));
  GIBSEY_CO_TRY(const auto states, co_await read_states(session_, world));
  std::map<std::string, const PageDigest*> digest_of;
  for (const auto& digest : digests) digest_of[digest.id] = &digest;
  std::map<std::string, const PageState*> state_of;
  for (const auto& state : states) state_of[state.id] = &state;
  std::vector<std::string> given;
  std::vector<PageChange> told;
  for (auto& content : pages) {
    const auto& page = content.page;
    given.push_back(page.id);
    const auto digest = digest_of.find(page.id);
    const auto state = state_of.find(page.id);
    const bool edited = state != state_of.end() && state->second->edited;
    if (digest != digest_of.end() && state != state_of.end() && !edited && digest->second->version > 0 &&
        digest->second->content_hash == page.content_hash && digest->second->position == page.order &&
        digest->second->label == page.label && digest->second->chapter == page.chapter) {
      ++changes.unchanged;
      continue;
    }
    GIBSEY_CO_TRY(const auto outcome, co_await write_page(std::move(content), hand, std::nullopt));
    if (outcome.fate == Fate::kept) ++changes.kept;
    if (outcome.fate == Fate::unchanged || outcome.fate == Fate::moved) ++changes.unchanged;
    if (outcome.fate == Fate::added) ++changes.added;
    if (outcome.fate == Fate::changed) ++changes.changed;
    if (outcome.fate == Fate::kept || outcome.fate == Fate::unchanged) continue;
    told.push_back({.world = outcome.page.world, .page_id = outcome.page.id, .version = outcome.page.version});
    if (told.size() < BlockLog::kMost) continue;
    GIBSEY_CO_CHECK(co_await tell(told));
    told.clear();
  }
  if (remove_others) GIBSEY_CO_CHECK(co_await remove_absent(world, given, hand, changes, told));
  GIBSEY_CO_CHECK(co_await tell(told));
  co_return changes;
}

Async<void> CassandraPageStore::remove_absent(std::string world, const std::vector<std::string>& given, Hand hand,
                                              PageChanges& changes, std::vector<PageChange>& told) {
  const std::set<std::string> ids(given.begin(), given.end());
  GIBSEY_CO_TRY(const auto states, co_await read_states(session_, world));
  for (const auto& state : states) {
    if (state.removed || ids.contains(state.id)) continue;
    if (state.edited && hand == Hand::sync) {
      ++changes.kept;
      continue;
    }
    GIBSEY_CO_TRY(auto removal, co_await take_page(world, state.id, false, std::nullopt));
    if (!removal.was_there) continue;
    ++changes.removed;
    told.push_back(std::move(removal.change));
  }
  co_return Result<void>();
}

Async<PageChanges> CassandraPageStore::put_pages(std::vector<model::PageContent> pages, bool remove_others) {
  GIBSEY_CO_CHECK(check_pages(pages, remove_others));
  if (pages.empty()) co_return PageChanges();
  co_return co_await write_book(std::move(pages), remove_others, Hand::book);
}

Async<PageChanges> CassandraPageStore::sync_pages(std::vector<model::PageContent> pages) {
  GIBSEY_CO_CHECK(check_pages(pages, true));
  co_return co_await write_book(std::move(pages), true, Hand::sync);
}

Async<WrittenPage> CassandraPageStore::put_page(model::PageContent content, std::optional<std::int64_t> expected) {
  if (content.page.id.empty()) co_return co_await put_unnamed_page(std::move(content), expected);
  if (content.page.label.empty()) content.page.label = label_of_id(content.page.id);
  GIBSEY_CO_CHECK(check_pages({content}, false));
  GIBSEY_CO_TRY(auto outcome, co_await write_page(std::move(content), Hand::own, expected));
  WrittenPage written{.page = std::move(outcome.page),
                      .seq = outcome.seq,
                      .added = outcome.fate == Fate::added,
                      .changed = outcome.fate == Fate::added || outcome.fate == Fate::changed};
  if (outcome.fate == Fate::unchanged) co_return written;
  std::vector<PageChange> told{{.world = written.page.world, .page_id = written.page.id, .version = written.page.version}};
  GIBSEY_CO_CHECK(co_await tell(told));
  written.seq = told[0].seq;
  co_return written;
}

/// Another process may take the same number first; then the next is tried.
Async<WrittenPage> CassandraPageStore::put_unnamed_page(model::PageContent content, std::optional<std::int64_t> expected) {
  GIBSEY_CO_CHECK(check_version(content.page, 0, expected));
  const auto held = co_await locks_.take(lock_of(content.page.world, ""));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto named = content;
    GIBSEY_CO_TRY(named.page.id, co_await new_id(content.page.world));
    auto written = co_await put_page(std::move(named), 0);
    if (written || written.error().code != ErrorCode::conflict) co_return written;
  }
  co_return std::unexpected(too_many_writers("new"));
}

Async<std::string> CassandraPageStore::new_id(std::string world) {
  GIBSEY_CO_TRY(const auto states, co_await read_states(session_, world));
  GIBSEY_CO_TRY(const auto digests, co_await read_digests(session_, world));
  std::int64_t highest = 0;
  std::size_t digits = 0;
  const auto look_at = [&](const std::string& id) {
    if (!is_number(id)) return;
    highest = std::max<std::int64_t>(highest, std::stoll(id));
    digits = std::max(digits, id.size());
  };
  for (const auto& state : states) look_at(state.id);
  for (const auto& digest : digests) look_at(digest.id);
  co_return next_page_id(highest, digits);
}

Async<std::int64_t> CassandraPageStore::place_behind_the_last(std::string world) {
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT position FROM pages_in_order WHERE world = ? ORDER BY position "
                                           "DESC LIMIT 1",
                                           world)));
  std::int64_t last = -1;
  if (!rows.empty()) rows[0] >> last;
  co_return std::max<std::int64_t>(last + 1, 0);
}

Async<CassandraPageStore::Removal> CassandraPageStore::take_page(std::string world, std::string id, bool by_hand,
                                                                 std::optional<std::int64_t> expected) {
  const auto held = co_await locks_.take(lock_of(world, id));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto row, co_await read_page_row(session_, world, id));
    if (!row) co_return Removal();
    const auto& page = row->content.page;
    GIBSEY_CO_CHECK(check_version(page, page.version, expected));
    GIBSEY_CO_CHECK(co_await session_.write(
        cql("INSERT INTO page_intents (world, id, begun, by_hand) VALUES (?, ?, ?, ?)", world, id, unix_millis_now(), by_hand)));
    const auto version = page.version == 0 ? null() : Value(page.version);
    GIBSEY_CO_TRY(auto applied, co_await session_.apply(
                                    {cql("DELETE FROM pages WHERE world = ? AND id = ? IF version = ?", world, id, version)}));
    if (applied == Applied::unknown) {
      GIBSEY_CO_TRY(const auto still, co_await read_page_row(session_, world, id, Reading::serial));
      applied = still ? Applied::no : Applied::yes;
    }
    if (applied == Applied::no) continue;
    PageState gone{.id = id, .version = page.version, .position = page.order};
    GIBSEY_CO_CHECK(co_await name_removal(world, gone, by_hand));
    co_return Removal{.was_there = true, .change = {.world = world, .page_id = id, .version = page.version, .removed = true}};
  }
  co_return std::unexpected(too_many_writers(id));
}

Async<void> CassandraPageStore::name_removal(std::string world, PageState state, bool by_hand) {
  GIBSEY_CO_TRY(const auto sets, co_await read_vector_sets(session_, world));
  std::vector<Statement> batch;
  batch.push_back(cql("DELETE FROM pages_in_order WHERE world = ? AND position = ? AND id = ?", world, state.position, state.id));
  batch.push_back(cql("INSERT INTO page_states (world, id, version, position, edited, removed) VALUES (?, ?, ?, ?, ?, true)",
                      world, state.id, state.version, state.position, by_hand));
  for (const auto& set : sets) batch.push_back(drop_vectors_statement(world, set.embedding_model, state.id));
  co_return co_await session_.write_all(std::move(batch));
}

Async<PageChange> CassandraPageStore::remove_page(std::string world, std::string id, std::optional<std::int64_t> expected) {
  GIBSEY_CO_TRY(auto removal, co_await take_page(world, id, true, expected));
  if (!removal.was_there) co_return std::unexpected(unknown_page(world, id));
  std::vector<PageChange> told{std::move(removal.change)};
  GIBSEY_CO_CHECK(co_await tell(told));
  co_return told[0];
}

Async<void> CassandraPageStore::remove_world(std::string name) {
  GIBSEY_CO_TRY(const auto world, co_await find_world(name));
  GIBSEY_CO_TRY(const auto states, co_await read_states(session_, name));
  GIBSEY_CO_TRY(const auto digests, co_await read_digests(session_, name));
  if (!world && states.empty() && digests.empty()) co_return std::unexpected(unknown_world(name));
  GIBSEY_CO_TRY(const auto sets, co_await read_vector_sets(session_, name));
  for (const auto& set : sets) {
    GIBSEY_CO_CHECK(co_await session_.write(
        cql("DELETE FROM page_vectors WHERE world = ? AND embedding_model = ?", name, set.embedding_model)));
  }
  for (const auto& state : states) {
    GIBSEY_CO_CHECK(co_await session_.write(cql("DELETE FROM page_versions WHERE world = ? AND id = ?", name, state.id)));
  }
  GIBSEY_CO_CHECK(co_await remove_notes(session_, name));
  // The list of pages goes last: cut off before, the removal can be done again.
  for (const auto* table : {"vector_sets", "pages", "pages_in_order", "page_intents", "page_states"}) {
    GIBSEY_CO_CHECK(co_await session_.write(cql(std::string("DELETE FROM ") + table + " WHERE world = ?", name)));
  }
  co_return co_await session_.write(cql("DELETE FROM worlds WHERE name = ?", name));
}

Async<int> CassandraPageStore::repair() {
  struct Intent {
    std::string world;
    std::string id;
    std::int64_t begun = 0;
    bool by_hand = false;
  };
  constexpr UnixMillis kStillAtWork = 60'000;
  std::vector<Intent> intents;
  const auto keep = [&intents](Row row) {
    auto& intent = intents.emplace_back();
    row >> intent.world >> intent.id >> intent.begun >> intent.by_hand;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT world, id, begun, by_hand FROM page_intents"), keep));
  int repaired = 0;
  for (const auto& intent : intents) {
    if (intent.begun > unix_millis_now() - kStillAtWork) continue;
    GIBSEY_CO_TRY(const bool done, co_await repair_page(intent.world, intent.id, intent.by_hand));
    repaired += done ? 1 : 0;
  }
  co_return repaired;
}

Async<bool> CassandraPageStore::repair_page(std::string world, std::string id, bool by_hand) {
  const auto held = co_await locks_.take(lock_of(world, id));
  GIBSEY_CO_TRY(const auto row, co_await read_page_row(session_, world, id, Reading::serial));
  GIBSEY_CO_TRY(const auto state, co_await read_state(session_, world, id));
  PageChange change{.world = world, .page_id = id};
  if (row && row->content.page.version > 0) {
    change.version = row->content.page.version;
    GIBSEY_CO_CHECK(co_await name_page(row->content, state, by_hand, {}));
  } else if (!row && state) {
    change.version = state->version;
    change.removed = true;
    GIBSEY_CO_CHECK(co_await name_removal(world, *state, by_hand));
  } else {
    GIBSEY_CO_CHECK(co_await session_.write(cql("DELETE FROM page_intents WHERE world = ? AND id = ?", world, id)));
    co_return false;
  }
  std::vector<PageChange> told{change};
  GIBSEY_CO_CHECK(co_await tell(told));
  co_return true;
}

}  // namespace gibsey::store
