// How CassandraPageStore reads.
#include "store/cassandra/page_store.hpp"

#include "store/cassandra/vector_rows.hpp"
#include "store/model_json.hpp"
#include "store/page_check.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <set>

namespace gibsey::store {

using namespace cassandra;

CassandraPageStore::CassandraPageStore(Session& session)
    : session_(session), log_(session, "page_changes", "world, page_id, version, removed", 4) {}

Async<void> CassandraPageStore::put_world(model::World world) {
  const auto held = co_await locks_.take("world " + world.name);
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql("SELECT number FROM worlds WHERE name = ?", world.name)));
  std::int64_t number = 0;
  if (!rows.empty()) rows[0] >> number;
  if (number == 0) number = clock_.next();
  co_return co_await session_.write(cql(
      "INSERT INTO worlds (name, number, title, author, language, licence, origin, character_cost, narrator_cost, max_tokens, "
      "mandate, prompt_template, small_prompt_template, narrator) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      world.name, number, world.title, world.author, world.language, world.licence, world.origin, world.character_cost,
      world.narrator_cost, world.max_tokens, world.mandate, world.prompt_template, world.small_prompt_template,
      encode(world.narrator)));
}

namespace {

const std::string kSelectWorld =
    "SELECT number, name, title, author, language, licence, origin, character_cost, narrator_cost, max_tokens, mandate, "
    "prompt_template, small_prompt_template, narrator FROM worlds";

Result<std::pair<std::int64_t, model::World>> read_world(Row row) {
  std::pair<std::int64_t, model::World> numbered;
  auto& world = numbered.second;
  std::string narrator;
  row >> numbered.first >> world.name >> world.title >> world.author >> world.language >> world.licence >> world.origin >>
      world.character_cost >> world.narrator_cost >> world.max_tokens >> world.mandate >> world.prompt_template >>
      world.small_prompt_template >> narrator;
  if (!narrator.empty()) GIBSEY_CHECK(decode(narrator, world.narrator));
  return numbered;
}

}  // namespace

Async<std::optional<model::World>> CassandraPageStore::find_world(std::string name) {
  static const std::string kFind = kSelectWorld + " WHERE name = ?";
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(kFind, name)));
  if (rows.empty()) co_return std::nullopt;
  GIBSEY_CO_TRY(auto world, read_world(rows[0]));
  co_return std::move(world.second);
}

Async<std::vector<model::World>> CassandraPageStore::list_worlds() {
  std::map<std::pair<std::int64_t, std::string>, model::World> in_order;
  const auto keep = [&in_order](Row row) -> Result<void> {
    GIBSEY_TRY(auto world, read_world(row));
    auto key = std::pair(world.first, world.second.name);
    in_order.emplace(std::move(key), std::move(world.second));
    return {};
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql(kSelectWorld), keep));
  std::vector<model::World> worlds;
  for (auto& [key, world] : in_order) worlds.push_back(std::move(world));
  co_return worlds;
}

Async<std::int64_t> CassandraPageStore::last_version(std::string world, std::string id) {
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql("SELECT version FROM pages WHERE world = ? AND id = ?", world, id)));
  GIBSEY_CO_TRY(const auto state, co_await read_state(session_, world, id));
  std::int64_t version = 0;
  if (!rows.empty()) rows[0] >> version;
  co_return std::max(version, state ? state->version : 0);
}

Async<std::int64_t> CassandraPageStore::last_change() {
  co_return co_await log_.last();
}

Async<std::vector<PageChange>> CassandraPageStore::changes_after(std::int64_t after, int limit) {
  std::vector<PageChange> all;
  const auto keep = [&all](Row row) {
    auto& change = all.emplace_back();
    row >> change.world >> change.page_id >> change.version >> change.seq >> change.removed;
    return Result<void>();
  };
  GIBSEY_CO_TRY(const auto last, co_await log_.last());
  after = std::max<std::int64_t>(after, 0);
  for (auto block = BlockLog::block_of(after + 1); after < last && block <= BlockLog::block_of(last); ++block) {
    GIBSEY_CO_CHECK(
        co_await session_.each(cql("SELECT world, page_id, version, seq, removed FROM page_changes WHERE block = ? AND "
                                   "seq > ?",
                                   block, after),
                               keep));
  }
  // Of several to one page the last alone, and none of a world that is gone.
  std::map<std::string, bool> there;
  std::set<std::pair<std::string, std::string>> later;
  std::vector<PageChange> changes;
  for (auto change = all.rbegin(); change != all.rend(); ++change) {
    if (!later.emplace(change->world, change->page_id).second) continue;
    const auto [known, fresh] = there.try_emplace(change->world, false);
    if (fresh) {
      GIBSEY_CO_TRY(const auto rows,
                    co_await session_.read(cql("SELECT id FROM page_states WHERE world = ? LIMIT 1", change->world)));
      known->second = !rows.empty();
    }
    if (known->second) changes.push_back(std::move(*change));
  }
  std::ranges::reverse(changes);
  changes.resize(std::min(changes.size(), static_cast<std::size_t>(std::max(limit, 0))));
  co_return changes;
}

Async<std::optional<model::Page>> CassandraPageStore::find_page(std::string world, std::string id) {
  GIBSEY_CO_TRY(auto row, co_await read_page_row(session_, world, id));
  if (!row) co_return std::nullopt;
  co_return std::move(row->content.page);
}

Async<std::optional<model::Page>> CassandraPageStore::find_page_version(std::string world, std::string id, std::int64_t version) {
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql(kSelectVersion, world, id, version)));
  if (!rows.empty()) co_return read_version(rows[0]);
  // The row of a writer who is between the two steps.
  GIBSEY_CO_TRY(auto page, co_await find_page(world, id));
  if (page && page->version != version) page.reset();
  co_return page;
}

Async<std::vector<CassandraPageStore::BookPlace>> CassandraPageStore::places(std::string world, BookPosition after, int limit) {
  std::vector<BookPlace> places;
  if (limit <= 0) co_return places;
  const auto keep = [&places](Row row) {
    auto& place = places.emplace_back();
    row >> place.id >> place.version;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(
      co_await session_.each(cql("SELECT id, version FROM pages_in_order WHERE world = ? AND (position, id) > (?, ?) LIMIT ?",
                                 world, after.order, after.id, limit),
                             keep));
  co_return places;
}

namespace {

constexpr int kAll = std::numeric_limits<int>::max();

/// `contents` in the order of `ids`; a page that is not there is left out.
std::vector<model::PageContent> in_order(std::vector<model::PageContent> contents, const std::vector<std::string>& ids) {
  std::map<std::string, model::PageContent*> by_id;
  for (auto& content : contents) by_id[content.page.id] = &content;
  std::vector<model::PageContent> ordered;
  for (const auto& id : ids) {
    const auto found = by_id.find(id);
    if (found == by_id.end() || found->second == nullptr) continue;
    ordered.push_back(std::move(*std::exchange(found->second, nullptr)));
  }
  return ordered;
}

template <typename Place>
std::vector<std::string> ids_of(const std::vector<Place>& places) {
  std::vector<std::string> ids;
  for (const auto& place : places) ids.push_back(place.id);
  return ids;
}

}  // namespace

Async<std::vector<model::Page>> CassandraPageStore::list_pages(std::string world, std::string after, int limit) {
  BookPosition start;
  if (!after.empty()) {
    GIBSEY_CO_TRY(const auto state, co_await read_state(session_, world, after));
    if (!state || state->removed) co_return std::unexpected(unknown_page(world, after));
    start = {.order = state->position, .id = after};
  }
  GIBSEY_CO_TRY(const auto here, co_await places(world, start, limit));
  const auto ids = ids_of(here);
  GIBSEY_CO_TRY(auto contents, co_await read_page_rows(session_, world, ids));
  std::vector<model::Page> pages;
  for (auto& content : in_order(std::move(contents), ids)) pages.push_back(std::move(content.page));
  co_return pages;
}

Async<std::int64_t> CassandraPageStore::count_pages(std::string world) {
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql("SELECT count(*) FROM pages_in_order WHERE world = ?", world)));
  std::int64_t count = 0;
  if (!rows.empty()) rows[0] >> count;
  co_return count;
}

Async<std::int64_t> CassandraPageStore::count_passages(std::string world) {
  GIBSEY_CO_TRY(const auto rows, co_await session_.read(cql("SELECT sum(passages) FROM pages_in_order WHERE world = ?", world)));
  std::int64_t count = 0;
  if (!rows.empty()) rows[0] >> count;
  co_return count;
}

Async<std::vector<model::PageContent>> CassandraPageStore::load_contents(std::string world) {
  GIBSEY_CO_TRY(const auto here, co_await places(world, {}, kAll));
  GIBSEY_CO_TRY(auto contents, co_await read_all_page_rows(session_, world));
  co_return in_order(std::move(contents), ids_of(here));
}

namespace {

/// Those that are of the page as it is.
std::vector<model::PassageVector> of_version(std::vector<model::PassageVector> vectors, std::int64_t version) {
  std::erase_if(vectors, [version](const model::PassageVector& vector) { return vector.page_version != version; });
  return vectors;
}

}  // namespace

Async<std::vector<IndexedPage>> CassandraPageStore::find_contents(std::string world, std::vector<std::string> ids,
                                                                  std::string embedding_model) {
  GIBSEY_CO_TRY(auto contents, co_await read_page_rows(session_, world, ids));
  std::map<std::string, std::vector<model::PassageVector>> by_page;
  if (!embedding_model.empty() && !contents.empty()) {
    GIBSEY_CO_TRY(auto vectors, co_await read_page_vectors(session_, world, embedding_model, ids));
    for (auto& vector : vectors) by_page[vector.page_id].push_back(std::move(vector));
  }
  std::vector<IndexedPage> pages;
  for (auto& content : in_order(std::move(contents), ids)) {
    auto vectors = of_version(std::move(by_page[content.page.id]), content.page.version);
    pages.push_back({.content = std::move(content), .vectors = std::move(vectors)});
  }
  co_return pages;
}

Async<std::vector<IndexedPage>> CassandraPageStore::list_contents(std::string world, BookPosition after, int limit,
                                                                  std::string embedding_model) {
  GIBSEY_CO_TRY(const auto here, co_await places(world, after, limit));
  co_return co_await find_contents(std::move(world), ids_of(here), std::move(embedding_model));
}

Async<std::vector<model::PassageVector>> CassandraPageStore::load_vectors(std::string world, std::string embedding_model) {
  GIBSEY_CO_TRY(const auto here, co_await places(world, {}, kAll));
  GIBSEY_CO_TRY(auto stored, co_await read_vectors(session_, world, embedding_model));
  std::map<std::string, std::vector<model::PassageVector>> by_page;
  for (auto& vector : stored) by_page[vector.page_id].push_back(std::move(vector));
  std::vector<model::PassageVector> vectors;
  for (const auto& place : here) {
    const auto found = by_page.find(place.id);
    if (found == by_page.end()) continue;
    std::ranges::move(of_version(std::move(found->second), place.version), std::back_inserter(vectors));
  }
  co_return vectors;
}

Async<void> CassandraPageStore::put_vectors(std::string world, std::string embedding_model,
                                            std::vector<model::PassageVector> vectors) {
  GIBSEY_CO_TRY(const auto sets, co_await read_vector_sets(session_, world));
  const auto set = std::ranges::find(sets, embedding_model, &VectorSet::embedding_model);
  std::size_t dimension = set == sets.end() ? 0 : static_cast<std::size_t>(set->dimension);
  if (dimension != 0 && !check_vectors(vectors, dimension)) {
    // Another dimension can begin where no vector is left.
    GIBSEY_CO_TRY(const auto left, co_await load_vectors(world, embedding_model));
    if (left.empty()) dimension = 0;
  }
  GIBSEY_CO_CHECK(check_vectors(vectors, dimension));
  if (vectors.empty()) co_return Result<void>();
  std::set<std::string> ids;
  for (const auto& vector : vectors) ids.insert(vector.page_id);
  GIBSEY_CO_TRY(const auto contents, co_await read_page_rows(session_, world, {ids.begin(), ids.end()}));
  std::map<std::string, const model::PageContent*> by_id;
  for (const auto& content : contents) by_id[content.page.id] = &content;
  if (dimension == 0 && !contents.empty()) {
    GIBSEY_CO_CHECK(co_await session_.write(cql("INSERT INTO vector_sets (world, embedding_model, dimension) VALUES (?, ?, ?)",
                                                world, embedding_model, vectors.front().values.size())));
  }
  constexpr std::size_t kMost = 30;  // of 1.5 KB each
  std::vector<Statement> batch;
  for (const auto& vector : vectors) {
    const auto page = by_id.find(vector.page_id);
    if (page == by_id.end() || page->second->page.version != vector.page_version) continue;
    if (std::ranges::find(page->second->passages, vector.passage, &model::Passage::number) == page->second->passages.end())
      continue;
    batch.push_back(put_vector_statement(world, embedding_model, vector));
    if (batch.size() < kMost) continue;
    GIBSEY_CO_CHECK(co_await session_.write_all(std::exchange(batch, {})));
  }
  co_return co_await session_.write_all(std::move(batch));
}

Async<std::vector<PassageKey>> CassandraPageStore::passages_without_vector(std::string world, std::string embedding_model) {
  GIBSEY_CO_TRY(const auto vectors, co_await load_vectors(world, embedding_model));
  std::set<std::pair<std::string, int>> have;
  for (const auto& vector : vectors) have.emplace(vector.page_id, vector.passage);
  GIBSEY_CO_TRY(const auto contents, co_await load_contents(world));
  std::vector<PassageKey> keys;
  for (const auto& content : contents) {
    for (const auto& passage : content.passages) {
      if (!have.contains({content.page.id, passage.number}))
        keys.push_back({.page_id = content.page.id, .passage = passage.number});
    }
  }
  co_return keys;
}

}  // namespace gibsey::store
