#include "store/page_store.hpp"

#include <utility>

namespace gibsey::store {

Async<std::optional<IndexedPage>> PageStore::find_content(std::string world, std::string id, std::string embedding_model) {
  std::vector<std::string> ids;
  ids.push_back(std::move(id));
  GIBSEY_CO_TRY(auto found, co_await find_contents(std::move(world), std::move(ids), std::move(embedding_model)));
  if (found.empty()) co_return std::nullopt;
  co_return std::move(found.front());
}

}  // namespace gibsey::store
