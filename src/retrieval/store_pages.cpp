#include "retrieval/store_pages.hpp"

#include <iterator>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace gibsey::retrieval {

boost::asio::awaitable<Result<StorePages>> look_up_pages(store::PageStore& pages, std::string world, std::vector<std::string> ids,
                                                         std::string embedding_model) {
  StorePages found;
  GIBSEY_CO_TRY(found.written, co_await pages.find_contents(std::move(world), ids, std::move(embedding_model)));
  std::unordered_set<std::string_view> there;
  for (const store::IndexedPage& page : found.written) there.insert(page.content.page.id);
  for (std::string& id : ids) {
    if (!there.contains(id)) found.gone.push_back(std::move(id));
  }
  co_return found;
}

}  // namespace gibsey::retrieval
