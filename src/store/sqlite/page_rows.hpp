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

Result<PageChanges> put_pages(Connection& db, const std::vector<model::PageContent>& pages, bool remove_others);
/// False when the world had no page, old versions included.
Result<bool> remove_pages(Connection& db, const std::string& world);

Result<std::optional<model::Page>> find_page(Connection& db, const std::string& world, const std::string& id);
Result<std::optional<model::Page>> find_page_version(Connection& db, const std::string& world, const std::string& id,
                                                     std::int64_t version);
Result<std::vector<model::Page>> list_pages(Connection& db, const std::string& world, const std::string& after, int limit);
Result<std::int64_t> count_pages(Connection& db, const std::string& world);
Result<std::vector<model::PageContent>> load_contents(Connection& db, const std::string& world);

}  // namespace gibsey::store::sqlite
