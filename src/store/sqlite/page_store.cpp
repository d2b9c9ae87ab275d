#include "store/sqlite/page_store.hpp"

#include "store/page_check.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/character_rows.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/note_store.hpp"
#include "store/sqlite/page_edit_rows.hpp"
#include "store/sqlite/page_rows.hpp"
#include "store/sqlite/page_schema.hpp"
#include "store/sqlite/vector_rows.hpp"
#include "store/sqlite/world_rows.hpp"

namespace gibsey::store {

using sqlite::Connection;

SqlitePageStore::SqlitePageStore(std::unique_ptr<sqlite::Database> database)
    : database_(std::move(database)), notes_(std::make_unique<SqliteNoteStore>(*database_)) {}
SqlitePageStore::~SqlitePageStore() = default;

Result<std::unique_ptr<SqlitePageStore>> SqlitePageStore::open(const std::filesystem::path& folder) {
  GIBSEY_TRY(auto database, sqlite::Database::open(folder / "pages.db", sqlite::page_migrations()));
  return std::unique_ptr<SqlitePageStore>(new SqlitePageStore(std::move(database)));
}

void SqlitePageStore::close() {
  database_->close();
}

Async<void> SqlitePageStore::backup(std::filesystem::path file) {
  return database_->read([file = std::move(file)](Connection& db) { return sqlite::write_backup(db, file); });
}

Async<void> SqlitePageStore::check_integrity() {
  return database_->read(sqlite::check_integrity);
}

Async<void> SqlitePageStore::put_world(model::World world) {
  return database_->write([world = std::move(world)](Connection& db) { return sqlite::put_world(db, world); });
}

Async<std::optional<model::World>> SqlitePageStore::find_world(std::string name) {
  return database_->read([name = std::move(name)](Connection& db) { return sqlite::find_world(db, name); });
}

Async<std::vector<model::World>> SqlitePageStore::list_worlds() {
  return database_->read(sqlite::list_worlds);
}

Async<void> SqlitePageStore::remove_world(std::string name) {
  return database_->write([name = std::move(name)](Connection& db) -> Result<void> {
    GIBSEY_TRY(const bool had_row, sqlite::remove_world_row(db, name));
    GIBSEY_TRY(const bool had_pages, sqlite::remove_pages(db, name));
    GIBSEY_CHECK(sqlite::remove_notes(db, name));
    if (!had_row && !had_pages) return std::unexpected(unknown_world(name));
    return {};
  });
}

Async<PageChanges> SqlitePageStore::put_pages(std::vector<model::PageContent> pages, bool remove_others) {
  const auto others = remove_others ? sqlite::OtherPages::remove : sqlite::OtherPages::leave;
  return database_->write([pages = std::move(pages), others](Connection& db) { return sqlite::put_pages(db, pages, others); });
}

Async<PageChanges> SqlitePageStore::sync_pages(std::vector<model::PageContent> pages) {
  return database_->write([pages = std::move(pages)](Connection& db) {
    return sqlite::put_pages(db, pages, sqlite::OtherPages::remove_unless_edited);
  });
}

Async<WrittenPage> SqlitePageStore::put_page(model::PageContent content, std::optional<std::int64_t> expected) {
  return database_->write(
      [content = std::move(content), expected](Connection& db) { return sqlite::put_page(db, content, expected); });
}

Async<PageChange> SqlitePageStore::remove_page(std::string world, std::string id, std::optional<std::int64_t> expected) {
  return database_->write([world = std::move(world), id = std::move(id), expected](Connection& db) {
    return sqlite::remove_page(db, world, id, expected);
  });
}

Async<std::int64_t> SqlitePageStore::last_version(std::string world, std::string id) {
  return database_->read(
      [world = std::move(world), id = std::move(id)](Connection& db) { return sqlite::last_version(db, world, id); });
}

Async<std::int64_t> SqlitePageStore::last_change() {
  return database_->read(sqlite::last_change);
}

Async<std::vector<PageChange>> SqlitePageStore::changes_after(std::int64_t after, int limit) {
  return database_->read([after, limit](Connection& db) { return sqlite::changes_after(db, after, limit); });
}

Async<std::optional<model::Page>> SqlitePageStore::find_page(std::string world, std::string id) {
  return database_->read(
      [world = std::move(world), id = std::move(id)](Connection& db) { return sqlite::find_page(db, world, id); });
}

Async<std::optional<model::Page>> SqlitePageStore::find_page_version(std::string world, std::string id, std::int64_t version) {
  return database_->read([world = std::move(world), id = std::move(id), version](Connection& db) {
    return sqlite::find_page_version(db, world, id, version);
  });
}

Async<std::vector<model::Page>> SqlitePageStore::list_pages(std::string world, std::string after, int limit) {
  return database_->read([world = std::move(world), after = std::move(after), limit](Connection& db) {
    return sqlite::list_pages(db, world, after, limit);
  });
}

Async<std::int64_t> SqlitePageStore::count_pages(std::string world) {
  return database_->read([world = std::move(world)](Connection& db) { return sqlite::count_pages(db, world); });
}

Async<std::vector<model::PageContent>> SqlitePageStore::load_contents(std::string world) {
  return database_->read([world = std::move(world)](Connection& db) { return sqlite::load_contents(db, world); });
}

Async<std::vector<IndexedPage>> SqlitePageStore::find_contents(std::string world, std::vector<std::string> ids,
                                                               std::string embedding_model) {
  return database_->read([world = std::move(world), ids = std::move(ids), embedding_model = std::move(embedding_model)](
                             Connection& db) { return sqlite::find_contents(db, world, ids, embedding_model); });
}

Async<std::int64_t> SqlitePageStore::count_passages(std::string world) {
  return database_->read([world = std::move(world)](Connection& db) { return sqlite::count_passages(db, world); });
}

Async<std::vector<IndexedPage>> SqlitePageStore::list_contents(std::string world, BookPosition after, int limit,
                                                               std::string embedding_model) {
  return database_->read(
      [world = std::move(world), after = std::move(after), limit, embedding_model = std::move(embedding_model)](Connection& db) {
        return sqlite::list_contents(db, world, after, limit, embedding_model);
      });
}

Async<void> SqlitePageStore::put_vectors(std::string world, std::string embedding_model,
                                         std::vector<model::PassageVector> vectors) {
  return database_->write([world = std::move(world), embedding_model = std::move(embedding_model), vectors = std::move(vectors)](
                              Connection& db) { return sqlite::put_vectors(db, world, embedding_model, vectors); });
}

Async<std::vector<model::PassageVector>> SqlitePageStore::load_vectors(std::string world, std::string embedding_model) {
  return database_->read([world = std::move(world), embedding_model = std::move(embedding_model)](Connection& db) {
    return sqlite::load_vectors(db, world, embedding_model);
  });
}

Async<std::vector<PassageKey>> SqlitePageStore::passages_without_vector(std::string world, std::string embedding_model) {
  return database_->read([world = std::move(world), embedding_model = std::move(embedding_model)](Connection& db) {
    return sqlite::passages_without_vector(db, world, embedding_model);
  });
}

Async<void> SqlitePageStore::replace_characters(std::string world, std::vector<model::Character> characters) {
  return database_->write([world = std::move(world), characters = std::move(characters)](Connection& db) {
    return sqlite::replace_characters(db, world, characters);
  });
}

Async<void> SqlitePageStore::put_character(model::Character character) {
  return database_->write([character = std::move(character)](Connection& db) { return sqlite::put_character(db, character); });
}

Async<void> SqlitePageStore::remove_character(std::string world, std::string id) {
  return database_->write(
      [world = std::move(world), id = std::move(id)](Connection& db) { return sqlite::remove_character(db, world, id); });
}

Async<std::vector<model::Character>> SqlitePageStore::list_characters(std::string world) {
  return database_->read([world = std::move(world)](Connection& db) { return sqlite::list_characters(db, world); });
}

Async<std::optional<model::Character>> SqlitePageStore::find_character(std::string world, std::string id) {
  return database_->read(
      [world = std::move(world), id = std::move(id)](Connection& db) { return sqlite::find_character(db, world, id); });
}

}  // namespace gibsey::store
