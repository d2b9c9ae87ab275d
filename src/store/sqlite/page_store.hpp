#pragma once
#include "store/character_store.hpp"
#include "store/note_store.hpp"
#include "store/page_store.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::store {

namespace sqlite {
class Database;
}

/// Worlds, pages and characters in `pages.db`. Commits are synced to the disk: what is acknowledged survives a crash and
/// a power loss. Suspends the caller; all SQL runs on the file's own threads. Besides the errors of the interfaces: busy,
/// when more calls wait than the queue holds (10,000).
class SqlitePageStore final : public PageStore, public CharacterStore {
 public:
  /// Opens or makes `folder`/pages.db, making the folder if need be and bringing an older file to this program's form.
  /// Blocks. Errors: unavailable (cannot be opened or written, or written by a newer program), corrupt.
  static Result<std::unique_ptr<SqlitePageStore>> open(const std::filesystem::path& folder);

  SqlitePageStore(const SqlitePageStore&) = delete;
  SqlitePageStore& operator=(const SqlitePageStore&) = delete;
  ~SqlitePageStore() override;

  /// Finishes what is queued, then closes the file; blocks until that is done. Later calls answer unavailable. To be
  /// called, here or by the destructor, while the executors of the waiting callers still exist.
  void close();

  /// Copies the file, as it is at this moment, to the new file `file`, while others go on reading and writing: a whole database
  /// of the same form, synced to the disk. Takes one of the reading threads until it is done. Errors: conflict when `file`
  /// exists; unavailable when it cannot be made or written, and then nothing is left of it.
  Async<void> backup(std::filesystem::path file);
  /// Reads the whole file: its pages, indexes, constraints and references between rows. Error: corrupt, with the first complaint.
  Async<void> check_integrity();

  /// What the book wrote about itself; lives as long as this store.
  [[nodiscard]] NoteStore& notes() { return *notes_; }

  Async<void> put_world(model::World world) override;
  Async<std::optional<model::World>> find_world(std::string name) override;
  Async<std::vector<model::World>> list_worlds() override;
  Async<void> remove_world(std::string name) override;

  Async<PageChanges> put_pages(std::vector<model::PageContent> pages, bool remove_others) override;
  Async<PageChanges> sync_pages(std::vector<model::PageContent> pages) override;
  Async<WrittenPage> put_page(model::PageContent content, std::optional<std::int64_t> expected) override;
  Async<PageChange> remove_page(std::string world, std::string id, std::optional<std::int64_t> expected) override;
  Async<std::int64_t> last_version(std::string world, std::string id) override;
  Async<std::int64_t> last_change() override;
  Async<std::vector<PageChange>> changes_after(std::int64_t after, int limit) override;
  Async<std::optional<model::Page>> find_page(std::string world, std::string id) override;
  Async<std::optional<model::Page>> find_page_version(std::string world, std::string id, std::int64_t version) override;
  Async<std::vector<model::Page>> list_pages(std::string world, std::string after, int limit) override;
  Async<std::int64_t> count_pages(std::string world) override;
  Async<std::int64_t> count_passages(std::string world) override;
  Async<std::vector<model::PageContent>> load_contents(std::string world) override;
  Async<std::vector<IndexedPage>> find_contents(std::string world, std::vector<std::string> ids,
                                                std::string embedding_model) override;
  Async<std::vector<IndexedPage>> list_contents(std::string world, BookPosition after, int limit,
                                                std::string embedding_model) override;

  Async<void> put_vectors(std::string world, std::string embedding_model, std::vector<model::PassageVector> vectors) override;
  Async<std::vector<model::PassageVector>> load_vectors(std::string world, std::string embedding_model) override;
  Async<std::vector<PassageKey>> passages_without_vector(std::string world, std::string embedding_model) override;

  Async<void> replace_characters(std::string world, std::vector<model::Character> characters) override;
  Async<void> put_character(model::Character character) override;
  Async<void> remove_character(std::string world, std::string id) override;
  Async<std::vector<model::Character>> list_characters(std::string world) override;
  Async<std::optional<model::Character>> find_character(std::string world, std::string id) override;

 private:
  explicit SqlitePageStore(std::unique_ptr<sqlite::Database> database);

  std::unique_ptr<sqlite::Database> database_;
  std::unique_ptr<NoteStore> notes_;
};

}  // namespace gibsey::store
