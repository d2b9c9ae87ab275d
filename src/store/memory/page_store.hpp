#pragma once
#include "store/character_store.hpp"
#include "store/memory/casts.hpp"
#include "store/page_store.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace gibsey::store {

/// Worlds, pages and characters in memory, gone with the object: for tests and for trying things out. Never suspends.
class MemoryPageStore final : public PageStore, public CharacterStore {
 public:
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
  /// A page as it stands, and its passages' vectors by (embedding model, passage).
  struct StoredPage {
    model::PageContent content;
    std::map<std::pair<std::string, int>, std::vector<float>> vectors;
    std::int64_t seq = 0;
    bool edited = false;  ///< by hand, not with its book
  };
  struct RemovedPage {
    PageChange change;
    bool edited = false;
  };
  struct Pages {
    std::map<std::string, StoredPage> current;                                    ///< by page id
    std::map<std::pair<std::string, std::int64_t>, model::Page> former_versions;  ///< by page id and version
    std::map<std::string, RemovedPage> removed;                                   ///< by page id
  };

  PageChanges write_book(std::vector<model::PageContent> pages, bool remove_others, bool over_edits);
  StoredPage& write_page(Pages& pages, model::PageContent content, PageChanges& changes);
  PageChange take_page(Pages& pages, const std::string& id, bool by_hand);
  static std::vector<model::PassageVector> vectors_of(const StoredPage& page, const std::string& embedding_model);
  std::vector<const StoredPage*> in_book_order(const std::string& world) const;
  static std::int64_t newest_former(const Pages& pages, const std::string& id);

  mutable std::mutex mutex_;
  std::int64_t last_change_ = 0;
  std::vector<model::World> worlds_;
  std::map<std::string, Pages> pages_;  ///< by world
  Casts casts_;
};

}  // namespace gibsey::store
