#pragma once
#include "model/page.hpp"
#include "store/page_store.hpp"
#include "store/sqlite/connection.hpp"

#include <optional>
#include <string>
#include <vector>

/// The statements of PageStore on pages, passages and quotes; each function does what the method of that name promises,
/// inside the caller's transaction.
namespace gibsey::store::sqlite {

/// What becomes of the world's pages that are not given.
enum class OtherPages {
  leave,
  remove,
  remove_unless_edited,  ///< and what was written or removed by hand stays so
};

/// The columns of a page, and how they are read.
extern const std::string kPageColumns;
model::Page read_page(Row& row);
/// The next place in the order of all changes.
Result<std::int64_t> next_seq(Connection& db);

Result<PageChanges> put_pages(Connection& db, const std::vector<model::PageContent>& pages, OtherPages others);
/// Inserts or changes one page as put_pages does, counting what it did.
Result<void> write_page(Connection& db, const model::PageContent& content, PageChanges& changes);
/// Takes a page away, keeping its version; it must be there.
Result<void> take_page(Connection& db, const std::string& world, const std::string& id, bool by_hand);
/// False when the world had no page, old versions included.
Result<bool> remove_pages(Connection& db, const std::string& world);

Result<std::optional<model::Page>> find_page(Connection& db, const std::string& world, const std::string& id);
Result<std::optional<model::Page>> find_page_version(Connection& db, const std::string& world, const std::string& id,
                                                     std::int64_t version);
Result<std::vector<model::Page>> list_pages(Connection& db, const std::string& world, const std::string& after, int limit);
Result<std::int64_t> count_pages(Connection& db, const std::string& world);
Result<std::vector<model::PageContent>> load_contents(Connection& db, const std::string& world);
Result<std::vector<IndexedPage>> find_contents(Connection& db, const std::string& world, const std::vector<std::string>& ids,
                                               const std::string& embedding_model);
Result<std::int64_t> count_passages(Connection& db, const std::string& world);
Result<std::vector<IndexedPage>> list_contents(Connection& db, const std::string& world, const BookPosition& after, int limit,
                                               const std::string& embedding_model);

}  // namespace gibsey::store::sqlite
