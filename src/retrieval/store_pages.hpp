#pragma once
#include "base/result.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace gibsey::retrieval {

/// What the store says of some pages.
struct StorePages {
  std::vector<store::IndexedPage> written;  ///< that are there, with their vectors
  std::vector<std::string> gone;            ///< ids of which there is none
};

/// Of these ids, no id twice, with the vectors of that embedding model ("" for none). Errors: those of the store.
boost::asio::awaitable<Result<StorePages>> look_up_pages(store::PageStore& pages, std::string world, std::vector<std::string> ids,
                                                         std::string embedding_model);

}  // namespace gibsey::retrieval
