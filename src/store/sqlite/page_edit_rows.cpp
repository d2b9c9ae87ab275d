#include "store/sqlite/page_edit_rows.hpp"

#include "store/page_check.hpp"
#include "store/sqlite/page_rows.hpp"

namespace gibsey::store::sqlite {
namespace {

/// Longer ones are names that happen to be digits.
constexpr int kMostDigits = 18;

Result<std::string> new_id(Connection& db, const std::string& world) {
  std::int64_t highest = 0;
  std::int64_t digits = 0;
  GIBSEY_CHECK(db.each(
      "SELECT coalesce(max(CAST(id AS INTEGER)), 0), coalesce(max(length(id)), 0) FROM "
      "(SELECT id FROM pages WHERE world = ?1 UNION SELECT id FROM page_versions WHERE world = ?1) "
      "WHERE id NOT GLOB '*[^0-9]*' AND length(id) <= ?2",
      [&](Row row) -> Result<void> {
        row >> highest >> digits;
        return {};
      },
      world, kMostDigits));
  return next_page_id(highest, static_cast<std::size_t>(digits));
}

Result<std::int64_t> place_behind_the_last(Connection& db, const std::string& world) {
  return db.value<std::int64_t>("SELECT coalesce(max(\"order\"), -1) + 1 FROM pages WHERE world = ?", world);
}

Result<std::int64_t> seq_of(Connection& db, const model::Page& page) {
  return db.value<std::int64_t>("SELECT seq FROM pages WHERE world = ? AND id = ?", page.world, page.id);
}

}  // namespace

Result<WrittenPage> put_page(Connection& db, const model::PageContent& given, std::optional<std::int64_t> expected) {
  auto content = given;
  auto& page = content.page;
  if (page.id.empty()) {
    GIBSEY_TRY(page.id, new_id(db, page.world));
  }
  if (page.label.empty()) page.label = label_of_id(page.id);
  GIBSEY_CHECK(check_pages({content}, false));
  GIBSEY_TRY(const auto stored, find_page(db, page.world, page.id));
  GIBSEY_CHECK(check_version(page, stored ? stored->version : 0, expected));
  if (page.order < 0 && stored) {
    page.order = stored->order;
  } else if (page.order < 0) {
    GIBSEY_TRY(page.order, place_behind_the_last(db, page.world));
  }
  PageChanges changes;
  GIBSEY_CHECK(write_page(db, content, changes));
  GIBSEY_CHECK(db.run("UPDATE pages SET edited = 1 WHERE world = ? AND id = ?", page.world, page.id));
  WrittenPage written{.added = changes.added > 0, .changed = changes.added + changes.changed > 0};
  GIBSEY_TRY(auto now, find_page(db, page.world, page.id));
  GIBSEY_TRY(written.seq, seq_of(db, page));
  written.page = *std::move(now);
  return written;
}

Result<PageChange> remove_page(Connection& db, const std::string& world, const std::string& id,
                               std::optional<std::int64_t> expected) {
  GIBSEY_TRY(const auto stored, find_page(db, world, id));
  if (!stored) return std::unexpected(unknown_page(world, id));
  GIBSEY_CHECK(check_version(*stored, stored->version, expected));
  GIBSEY_CHECK(take_page(db, world, id, true));
  GIBSEY_TRY(const auto seq, db.value<std::int64_t>("SELECT seq FROM removed_pages WHERE world = ? AND id = ?", world, id));
  return PageChange{.world = world, .page_id = id, .version = stored->version, .seq = seq, .removed = true};
}

Result<std::int64_t> last_version(Connection& db, const std::string& world, const std::string& id) {
  return db.value<std::int64_t>(
      "SELECT coalesce(max(version), 0) FROM (SELECT version FROM pages WHERE world = ?1 AND id = ?2 UNION ALL "
      "SELECT version FROM page_versions WHERE world = ?1 AND id = ?2)",
      world, id);
}

Result<std::int64_t> last_change(Connection& db) {
  return db.value<std::int64_t>("SELECT seq FROM watermark");
}

Result<std::vector<PageChange>> changes_after(Connection& db, std::int64_t after, int limit) {
  return db.list<PageChange>(
      "SELECT world, id, version, seq, 0 FROM pages WHERE seq > ?1 UNION ALL "
      "SELECT world, id, version, seq, 1 FROM removed_pages WHERE seq > ?1 ORDER BY seq LIMIT max(?2, 0)",
      [](Row row) {
        PageChange change;
        row >> change.world >> change.page_id >> change.version >> change.seq >> change.removed;
        return change;
      },
      after, limit);
}

}  // namespace gibsey::store::sqlite
