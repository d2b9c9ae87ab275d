#pragma once
#include "store/cassandra/block_log.hpp"
#include "store/cassandra/keyed_locks.hpp"
#include "store/cassandra/page_rows.hpp"
#include "store/cassandra/rising_clock.hpp"
#include "store/cassandra/session.hpp"
#include "store/character_store.hpp"
#include "store/page_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gibsey::store {

/// Worlds, pages and characters on Cassandra (docs/cassandra_tables.md). A page is written by one conditional write of its row,
/// and then named in the other tables; what a crash leaves unnamed is made up for by repair(). So each page is atomic, a whole
/// book is not: its pages come one after the other. A cast is written by one batch of one partition; of two processes that write
/// one cast at the same moment the later word counts. Errors as Session's, and busy where others write one row all the time.
class CassandraPageStore final : public PageStore, public CharacterStore {
 public:
  /// `session` uses a keyspace of the current form and outlives this.
  explicit CassandraPageStore(cassandra::Session& session);

  /// Names in the other tables the pages whose writer ended between the two steps, more than a minute ago; how many there were.
  Async<int> repair();

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
  /// Who writes: a reader of this page, a book that replaces what is there, a book that is read again.
  enum class Hand { own, book, sync };
  enum class Fate { kept, unchanged, moved, added, changed };
  struct Outcome {
    Fate fate = Fate::unchanged;
    model::Page page;
    std::int64_t seq = 0;  ///< of its last change that was told
  };
  struct Removal {
    bool was_there = false;
    PageChange change;
  };
  struct BookPlace {
    std::string id;
    std::int64_t version = 0;
  };

  Async<Outcome> write_page(model::PageContent content, Hand hand, std::optional<std::int64_t> expected);
  Async<std::optional<Outcome>> try_write(model::PageContent& content, Hand hand, std::optional<std::int64_t> expected);
  Async<std::optional<Outcome>> leave_text(cassandra::PageRow row, const model::PageContent& content, Hand hand,
                                           const std::optional<cassandra::PageState>& state);
  Async<bool> put_row(const model::PageContent& content, std::int64_t now, Hand hand);
  Async<void> name_page(const model::PageContent& content, const std::optional<cassandra::PageState>& state, bool edited,
                        const std::vector<model::Passage>& before);
  Async<void> carry_vectors(const model::PageContent& content, const std::vector<model::Passage>& before);
  Async<Removal> take_page(std::string world, std::string id, bool by_hand, std::optional<std::int64_t> expected);
  Async<void> name_removal(std::string world, cassandra::PageState state, bool by_hand);
  /// Adds the changes to the log and gives them their numbers.
  Async<void> tell(std::vector<PageChange>& changes);
  Async<PageChanges> write_book(std::vector<model::PageContent> pages, bool remove_others, Hand hand);
  Async<void> remove_absent(std::string world, const std::vector<std::string>& given, Hand hand, PageChanges& changes,
                            std::vector<PageChange>& told);
  Async<WrittenPage> put_unnamed_page(model::PageContent content, std::optional<std::int64_t> expected);
  Async<std::string> new_id(std::string world);
  Async<std::int64_t> place_behind_the_last(std::string world);
  Async<std::vector<BookPlace>> places(std::string world, BookPosition after, int limit);
  Async<bool> repair_page(std::string world, std::string id, bool by_hand);
  struct CastMember {
    model::Character character;
    std::int64_t position = 0;
    bool edited = false;
    bool removed = false;
  };
  Async<std::vector<CastMember>> read_cast(std::string world);
  /// In every world, by one look into an index. Fails while that is being built.
  Async<std::vector<model::Character>> characters_with_id(std::string id);
  /// Worlds in their order, then those that have characters alone.
  Async<std::vector<std::string>> worlds_with_casts();

  cassandra::Session& session_;
  cassandra::BlockLog log_;
  cassandra::KeyedLocks locks_;
  cassandra::RisingClock clock_;
};

}  // namespace gibsey::store
