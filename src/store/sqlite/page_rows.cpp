#include "store/sqlite/page_rows.hpp"

#include "store/page_check.hpp"
#include "store/sqlite/vector_rows.hpp"

#include <set>
#include <unordered_map>

namespace gibsey::store::sqlite {

const std::string kPageColumns =
    "world, id, label, title, chapter, text, source, voice, \"order\", version, content_hash, updated";

model::Page read_page(Row& row) {
  model::Page page;
  row >> page.world >> page.id >> page.label >> page.title >> page.chapter >> page.text >> page.source >> page.voice >>
      page.order >> page.version >> page.content_hash >> page.updated;
  return page;
}

Result<std::int64_t> next_seq(Connection& db) {
  return db.value<std::int64_t>("UPDATE watermark SET seq = seq + 1 RETURNING seq");
}

namespace {

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
      "INSERT INTO pages (" + kPageColumns + ", seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number";
  GIBSEY_TRY(const auto number,
             db.value<std::int64_t>(kInsert, page.world, page.id, page.label, page.title, page.chapter, page.text, page.source,
                                    page.voice, page.order, last_version + 1, page.content_hash, time_of(page), seq));
  GIBSEY_CHECK(db.run("DELETE FROM removed_pages WHERE world = ? AND id = ?", page.world, page.id));
  return write_parts(db, number, content);
}

Result<void> keep_version(Connection& db, std::int64_t number) {
  static const std::string kKeep =
      "INSERT INTO page_versions (" + kPageColumns + ") SELECT " + kPageColumns + " FROM pages WHERE number = ?";
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
  GIBSEY_TRY(const auto vectors, vectors_by_text(db, stored.number));
  GIBSEY_CHECK(db.run("DELETE FROM passages WHERE page = ?", stored.number));
  GIBSEY_CHECK(db.run("DELETE FROM quotes WHERE page = ?", stored.number));
  GIBSEY_CHECK(write_parts(db, stored.number, content));
  return put_known_vectors(db, stored.number, content, vectors);
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

/// Whether a book that is read again must leave this page alone: it was written or removed by hand since.
Result<bool> was_changed_by_hand(Connection& db, const model::Page& page) {
  GIBSEY_TRY(const auto found,
             db.value<std::int64_t>("SELECT EXISTS (SELECT 1 FROM pages WHERE world = ?1 AND id = ?2 AND edited = 1) "
                                    "OR EXISTS (SELECT 1 FROM removed_pages WHERE world = ?1 AND id = ?2 AND edited = 1)",
                                    page.world, page.id));
  return found != 0;
}

Result<void> remove_absent(Connection& db, const std::vector<model::PageContent>& pages, bool edited_too, PageChanges& changes) {
  std::set<std::string_view> given;
  for (const auto& content : pages) given.insert(content.page.id);
  const auto& world = pages.front().page.world;
  std::vector<std::string> absent;
  GIBSEY_CHECK(db.each(
      "SELECT id, edited FROM pages WHERE world = ?",
      [&](Row row) -> Result<void> {
        std::string id;
        bool edited = false;
        row >> id >> edited;
        if (given.contains(id)) return {};
        if (!edited || edited_too)
          absent.push_back(std::move(id));
        else
          ++changes.kept;
        return {};
      },
      world));
  for (const auto& id : absent) {
    GIBSEY_CHECK(take_page(db, world, id, false));
    ++changes.removed;
  }
  return {};
}

using PagesByNumber = std::unordered_map<std::int64_t, model::PageContent*>;

// Which pages' parts: those of the world ?1, or the page ?2 of it alone.
const std::string kOfWorld = "p.world = ?1 AND ?2 = ''";
const std::string kOfPage = "p.world = ?1 AND p.id = ?2";

Result<void> load_passages(Connection& db, const std::string& world, const std::string& id, const PagesByNumber& pages) {
  static const std::string kLoad =
      "SELECT s.page, s.number, s.start, s.\"end\", s.text FROM pages p JOIN passages s ON s.page = p.number WHERE ";
  static const std::string kOrder = " ORDER BY s.page, s.number";
  return db.each(
      kLoad + (id.empty() ? kOfWorld : kOfPage) + kOrder,
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
      world, id);
}

Result<void> load_quotes(Connection& db, const std::string& world, const std::string& id, const PagesByNumber& pages) {
  static const std::string kLoad =
      "SELECT q.page, q.passage, q.start, q.\"end\", q.words, q.sentences, q.text FROM pages p "
      "JOIN quotes q ON q.page = p.number WHERE ";
  static const std::string kOrder = " ORDER BY q.page, q.number";
  return db.each(
      kLoad + (id.empty() ? kOfWorld : kOfPage) + kOrder,
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
      world, id);
}

/// The contents of a world's pages in the book's order, or that of one page.
Result<std::vector<model::PageContent>> read_contents(Connection& db, const std::string& world, const std::string& id) {
  static const std::string kLoad = "SELECT number, " + kPageColumns + " FROM pages p WHERE ";
  static const std::string kOrder = " ORDER BY \"order\", id";
  std::vector<std::int64_t> numbers;
  GIBSEY_TRY(auto contents, db.list<model::PageContent>(
                                kLoad + (id.empty() ? kOfWorld : kOfPage) + kOrder,
                                [&](Row row) {
                                  row >> numbers.emplace_back();
                                  return model::PageContent{.page = read_page(row), .passages = {}, .quotes = {}};
                                },
                                world, id));
  PagesByNumber by_number;
  for (std::size_t i = 0; i < contents.size(); ++i) by_number.emplace(numbers[i], &contents[i]);
  GIBSEY_CHECK(load_passages(db, world, id, by_number));
  GIBSEY_CHECK(load_quotes(db, world, id, by_number));
  return contents;
}

}  // namespace

Result<void> write_page(Connection& db, const model::PageContent& content, PageChanges& changes) {
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

Result<void> take_page(Connection& db, const std::string& world, const std::string& id, bool by_hand) {
  GIBSEY_TRY(const auto number, db.value<std::int64_t>("SELECT number FROM pages WHERE world = ? AND id = ?", world, id));
  GIBSEY_CHECK(keep_version(db, number));
  GIBSEY_TRY(const auto seq, next_seq(db));
  GIBSEY_CHECK(
      db.run("INSERT INTO removed_pages (world, id, version, seq, edited) SELECT world, id, version, ?, ? FROM pages "
             "WHERE number = ?",
             seq, by_hand, number));
  return db.run("DELETE FROM pages WHERE number = ?", number);
}

Result<PageChanges> put_pages(Connection& db, const std::vector<model::PageContent>& pages, OtherPages others) {
  GIBSEY_CHECK(check_pages(pages, others != OtherPages::leave));
  const bool over_edits = others != OtherPages::remove_unless_edited;
  PageChanges changes;
  for (const auto& content : pages) {
    GIBSEY_TRY(const bool by_hand, was_changed_by_hand(db, content.page));
    if (by_hand && !over_edits) {
      ++changes.kept;
      continue;
    }
    GIBSEY_CHECK(write_page(db, content, changes));
    if (by_hand)
      GIBSEY_CHECK(db.run("UPDATE pages SET edited = 0 WHERE world = ? AND id = ?", content.page.world, content.page.id));
  }
  if (others != OtherPages::leave) GIBSEY_CHECK(remove_absent(db, pages, over_edits, changes));
  return changes;
}

Result<bool> remove_pages(Connection& db, const std::string& world) {
  GIBSEY_CHECK(db.run("DELETE FROM pages WHERE world = ?", world));
  const auto removed = db.changes();
  GIBSEY_CHECK(db.run("DELETE FROM page_versions WHERE world = ?", world));
  const auto versions = db.changes();
  GIBSEY_CHECK(db.run("DELETE FROM removed_pages WHERE world = ?", world));
  return removed + versions > 0;
}

Result<std::optional<model::Page>> find_page(Connection& db, const std::string& world, const std::string& id) {
  static const std::string kFind = "SELECT " + kPageColumns + " FROM pages WHERE world = ? AND id = ?";
  return db.find<model::Page>(kFind, read_page, world, id);
}

Result<std::optional<model::Page>> find_page_version(Connection& db, const std::string& world, const std::string& id,
                                                     std::int64_t version) {
  static const std::string kFind = "SELECT " + kPageColumns +
                                   " FROM pages WHERE world = ?1 AND id = ?2 AND version = ?3 UNION ALL SELECT " + kPageColumns +
                                   " FROM page_versions WHERE world = ?1 AND id = ?2 AND version = ?3";
  return db.find<model::Page>(kFind, read_page, world, id, version);
}

Result<std::vector<model::Page>> list_pages(Connection& db, const std::string& world, const std::string& after, int limit) {
  static const std::string kOrder = " ORDER BY \"order\", id LIMIT max(?, 0)";
  static const std::string kFromStart = "SELECT " + kPageColumns + " FROM pages WHERE world = ?" + kOrder;
  if (after.empty()) return db.list<model::Page>(kFromStart, read_page, world, limit);
  GIBSEY_TRY(const auto place,
             db.find_value<std::int64_t>("SELECT \"order\" FROM pages WHERE world = ? AND id = ?", world, after));
  if (!place) return std::unexpected(unknown_page(world, after));
  static const std::string kFromThere =
      "SELECT " + kPageColumns + " FROM pages WHERE world = ? AND (\"order\", id) > (?, ?)" + kOrder;
  return db.list<model::Page>(kFromThere, read_page, world, *place, after, limit);
}

Result<std::int64_t> count_pages(Connection& db, const std::string& world) {
  return db.value<std::int64_t>("SELECT count(*) FROM pages WHERE world = ?", world);
}

Result<std::vector<model::PageContent>> load_contents(Connection& db, const std::string& world) {
  return read_contents(db, world, "");
}

Result<std::vector<IndexedPage>> find_contents(Connection& db, const std::string& world, const std::vector<std::string>& ids,
                                               const std::string& embedding_model) {
  std::vector<IndexedPage> pages;
  pages.reserve(ids.size());
  for (const std::string& id : ids) {
    if (id.empty()) continue;
    GIBSEY_TRY(auto contents, read_contents(db, world, id));
    if (contents.empty()) continue;
    auto& page = pages.emplace_back(IndexedPage{.content = std::move(contents.front()), .vectors = {}});
    if (embedding_model.empty()) continue;
    GIBSEY_TRY(page.vectors, page_vectors(db, world, id, embedding_model));
  }
  return pages;
}

Result<std::int64_t> count_passages(Connection& db, const std::string& world) {
  return db.value<std::int64_t>("SELECT count(*) FROM pages p JOIN passages s ON s.page = p.number WHERE p.world = ?", world);
}

Result<std::vector<IndexedPage>> list_contents(Connection& db, const std::string& world, const BookPosition& after, int limit,
                                               const std::string& embedding_model) {
  GIBSEY_TRY(const auto ids, db.list<std::string>(
                                 "SELECT id FROM pages WHERE world = ? AND (\"order\", id) > (?, ?) "
                                 "ORDER BY \"order\", id LIMIT max(?, 0)",
                                 [](Row row) {
                                   std::string id;
                                   row >> id;
                                   return id;
                                 },
                                 world, after.order, after.id, limit));
  return find_contents(db, world, ids, embedding_model);
}

}  // namespace gibsey::store::sqlite
