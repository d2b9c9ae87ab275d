#include "store/sqlite/page_rows.hpp"

#include "store/page_check.hpp"

#include <set>
#include <unordered_map>

namespace gibsey::store::sqlite {
namespace {

const std::string kColumns = "world, id, label, title, chapter, text, source, voice, \"order\", version, content_hash, updated";

model::Page read_page(Row& row) {
  model::Page page;
  row >> page.world >> page.id >> page.label >> page.title >> page.chapter >> page.text >> page.source >> page.voice >>
      page.order >> page.version >> page.content_hash >> page.updated;
  return page;
}

struct StoredPage {
  std::int64_t number = 0;
  std::int64_t version = 0;
  std::string content_hash;
};

Result<std::optional<StoredPage>> find_stored(Connection& db, const model::Page& page) {
  return db.find<StoredPage>(
      "SELECT number, version, content_hash FROM pages WHERE world = ? AND id = ?",
      [](Row row) {
        StoredPage stored;
        row >> stored.number >> stored.version >> stored.content_hash;
        return stored;
      },
      page.world, page.id);
}

Result<std::int64_t> next_seq(Connection& db) {
  return db.value<std::int64_t>("UPDATE watermark SET seq = seq + 1 RETURNING seq");
}

UnixMillis time_of(const model::Page& page) {
  return page.updated != 0 ? page.updated : unix_millis_now();
}

Result<void> write_parts(Connection& db, std::int64_t page, const model::PageContent& content) {
  for (const auto& passage : content.passages) {
    GIBSEY_CHECK(db.run("INSERT INTO passages (page, number, start, \"end\", text) VALUES (?, ?, ?, ?, ?)", page, passage.number,
                        passage.start, passage.end, passage.text));
  }
  std::int64_t number = 0;
  for (const auto& quote : content.quotes) {
    GIBSEY_CHECK(db.run(
        "INSERT INTO quotes (page, number, passage, start, \"end\", words, sentences, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        page, number++, quote.passage, quote.start, quote.end, quote.words, quote.sentences, quote.text));
  }
  return {};
}

Result<void> insert_page(Connection& db, const model::PageContent& content) {
  const auto& page = content.page;
  // A page that was here before goes on where it ended: an old version is never given out for a new text.
  GIBSEY_TRY(const auto last_version,
             db.value<std::int64_t>("SELECT coalesce(max(version), 0) FROM page_versions WHERE world = ? AND id = ?", page.world,
                                    page.id));
  GIBSEY_TRY(const auto seq, next_seq(db));
  static const std::string kInsert =
      "INSERT INTO pages (" + kColumns + ", seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number";
  GIBSEY_TRY(const auto number,
             db.value<std::int64_t>(kInsert, page.world, page.id, page.label, page.title, page.chapter, page.text, page.source,
                                    page.voice, page.order, last_version + 1, page.content_hash, time_of(page), seq));
  return write_parts(db, number, content);
}

Result<void> keep_version(Connection& db, std::int64_t number) {
  static const std::string kKeep =
      "INSERT INTO page_versions (" + kColumns + ") SELECT " + kColumns + " FROM pages WHERE number = ?";
  return db.run(kKeep, number);
}

Result<void> change_page(Connection& db, const StoredPage& stored, const model::PageContent& content) {
  const auto& page = content.page;
  GIBSEY_CHECK(keep_version(db, stored.number));
  GIBSEY_TRY(const auto seq, next_seq(db));
  GIBSEY_CHECK(
      db.run("UPDATE pages SET label = ?, title = ?, chapter = ?, text = ?, source = ?, voice = ?, \"order\" = ?, version = ?, "
             "content_hash = ?, updated = ?, seq = ? WHERE number = ?",
             page.label, page.title, page.chapter, page.text, page.source, page.voice, page.order, stored.version + 1,
             page.content_hash, time_of(page), seq, stored.number));
  GIBSEY_CHECK(db.run("DELETE FROM passages WHERE page = ?", stored.number));
  GIBSEY_CHECK(db.run("DELETE FROM quotes WHERE page = ?", stored.number));
  return write_parts(db, stored.number, content);
}

/// The page's place in the book may move without a change of what it says.
Result<void> follow_place(Connection& db, const StoredPage& stored, const model::Page& page) {
  GIBSEY_CHECK(
      db.run("UPDATE pages SET \"order\" = ?1, label = ?2, chapter = ?3 WHERE number = ?4 "
             "AND (\"order\" <> ?1 OR label <> ?2 OR chapter <> ?3)",
             page.order, page.label, page.chapter, stored.number));
  if (db.changes() == 0) return {};
  GIBSEY_TRY(const auto seq, next_seq(db));
  return db.run("UPDATE pages SET seq = ? WHERE number = ?", seq, stored.number);
}

Result<void> put_page(Connection& db, const model::PageContent& content, PageChanges& changes) {
  GIBSEY_TRY(const auto stored, find_stored(db, content.page));
  if (!stored) {
    ++changes.added;
    return insert_page(db, content);
  }
  if (stored->content_hash == content.page.content_hash) {
    ++changes.unchanged;
    return follow_place(db, *stored, content.page);
  }
  ++changes.changed;
  return change_page(db, *stored, content);
}

Result<void> remove_absent(Connection& db, const std::vector<model::PageContent>& pages, PageChanges& changes) {
  std::set<std::string_view> given;
  for (const auto& content : pages) given.insert(content.page.id);
  std::vector<std::int64_t> absent;
  GIBSEY_CHECK(db.each(
      "SELECT number, id FROM pages WHERE world = ?",
      [&](Row row) -> Result<void> {
        std::int64_t number = 0;
        std::string id;
        row >> number >> id;
        if (!given.contains(id)) absent.push_back(number);
        return {};
      },
      pages.front().page.world));
  for (const auto number : absent) {
    GIBSEY_CHECK(keep_version(db, number));
    GIBSEY_CHECK(db.run("DELETE FROM pages WHERE number = ?", number));
    ++changes.removed;
  }
  return {};
}

using PagesByNumber = std::unordered_map<std::int64_t, model::PageContent*>;

Result<void> load_passages(Connection& db, const std::string& world, const PagesByNumber& pages) {
  return db.each(
      "SELECT s.page, s.number, s.start, s.\"end\", s.text FROM passages s JOIN pages p ON p.number = s.page "
      "WHERE p.world = ? ORDER BY s.page, s.number",
      [&](Row row) -> Result<void> {
        std::int64_t page = 0;
        model::Passage passage;
        row >> page >> passage.number >> passage.start >> passage.end >> passage.text;
        auto& content = *pages.at(page);
        passage.world = content.page.world;
        passage.page_id = content.page.id;
        content.passages.push_back(std::move(passage));
        return {};
      },
      world);
}

Result<void> load_quotes(Connection& db, const std::string& world, const PagesByNumber& pages) {
  return db.each(
      "SELECT q.page, q.passage, q.start, q.\"end\", q.words, q.sentences, q.text FROM quotes q "
      "JOIN pages p ON p.number = q.page WHERE p.world = ? ORDER BY q.page, q.number",
      [&](Row row) -> Result<void> {
        std::int64_t page = 0;
        model::QuoteCandidate quote;
        row >> page >> quote.passage >> quote.start >> quote.end >> quote.words >> quote.sentences >> quote.text;
        auto& content = *pages.at(page);
        quote.world = content.page.world;
        quote.page_id = content.page.id;
        content.quotes.push_back(std::move(quote));
        return {};
      },
      world);
}

}  // namespace

Result<PageChanges> put_pages(Connection& db, const std::vector<model::PageContent>& pages, bool remove_others) {
  GIBSEY_CHECK(check_pages(pages, remove_others));
  PageChanges changes;
  for (const auto& content : pages) GIBSEY_CHECK(put_page(db, content, changes));
  if (remove_others) GIBSEY_CHECK(remove_absent(db, pages, changes));
  return changes;
}

Result<bool> remove_pages(Connection& db, const std::string& world) {
  GIBSEY_CHECK(db.run("DELETE FROM pages WHERE world = ?", world));
  const auto removed = db.changes();
  GIBSEY_CHECK(db.run("DELETE FROM page_versions WHERE world = ?", world));
  return removed + db.changes() > 0;
}

Result<std::optional<model::Page>> find_page(Connection& db, const std::string& world, const std::string& id) {
  static const std::string kFind = "SELECT " + kColumns + " FROM pages WHERE world = ? AND id = ?";
  return db.find<model::Page>(kFind, read_page, world, id);
}

Result<std::optional<model::Page>> find_page_version(Connection& db, const std::string& world, const std::string& id,
                                                     std::int64_t version) {
  static const std::string kFind = "SELECT " + kColumns +
                                   " FROM pages WHERE world = ?1 AND id = ?2 AND version = ?3 UNION ALL SELECT " + kColumns +
                                   " FROM page_versions WHERE world = ?1 AND id = ?2 AND version = ?3";
  return db.find<model::Page>(kFind, read_page, world, id, version);
}

Result<std::vector<model::Page>> list_pages(Connection& db, const std::string& world, const std::string& after, int limit) {
  static const std::string kOrder = " ORDER BY \"order\", id LIMIT max(?, 0)";
  static const std::string kFromStart = "SELECT " + kColumns + " FROM pages WHERE world = ?" + kOrder;
  if (after.empty()) return db.list<model::Page>(kFromStart, read_page, world, limit);
  GIBSEY_TRY(const auto place,
             db.find_value<std::int64_t>("SELECT \"order\" FROM pages WHERE world = ? AND id = ?", world, after));
  if (!place) return std::unexpected(unknown_page(world, after));
  static const std::string kFromThere =
      "SELECT " + kColumns + " FROM pages WHERE world = ? AND (\"order\", id) > (?, ?)" + kOrder;
  return db.list<model::Page>(kFromThere, read_page, world, *place, after, limit);
}

Result<std::int64_t> count_pages(Connection& db, const std::string& world) {
  return db.value<std::int64_t>("SELECT count(*) FROM pages WHERE world = ?", world);
}

Result<std::vector<model::PageContent>> load_contents(Connection& db, const std::string& world) {
  static const std::string kLoad = "SELECT number, " + kColumns + " FROM pages WHERE world = ? ORDER BY \"order\", id";
  std::vector<std::int64_t> numbers;
  GIBSEY_TRY(auto contents, db.list<model::PageContent>(
                                kLoad,
                                [&](Row row) {
                                  row >> numbers.emplace_back();
                                  return model::PageContent{.page = read_page(row), .passages = {}, .quotes = {}};
                                },
                                world));
  PagesByNumber by_number;
  for (std::size_t i = 0; i < contents.size(); ++i) by_number.emplace(numbers[i], &contents[i]);
  GIBSEY_CHECK(load_passages(db, world, by_number));
  GIBSEY_CHECK(load_quotes(db, world, by_number));
  return contents;
}

}  // namespace gibsey::store::sqlite
