#pragma once
#include "model/page.hpp"
#include "store/page_store.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The statements of PageStore on single pages written by hand, and on the order of all changes; each function does what the
/// method of that name promises, inside the caller's transaction.
namespace gibsey::store::sqlite {

Result<WrittenPage> put_page(Connection& db, const model::PageContent& content, std::optional<std::int64_t> expected);
Result<PageChange> remove_page(Connection& db, const std::string& world, const std::string& id,
                               std::optional<std::int64_t> expected);
Result<std::int64_t> last_version(Connection& db, const std::string& world, const std::string& id);

Result<std::int64_t> last_change(Connection& db);
Result<std::vector<PageChange>> changes_after(Connection& db, std::int64_t after, int limit);

}  // namespace gibsey::store::sqlite
