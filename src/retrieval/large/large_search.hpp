#pragma once
#include "base/result.hpp"
#include "retrieval/large/large_book.hpp"
#include "retrieval/passage_finder.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace gibsey::retrieval::large {

/// Ranks the book's passages and quotes from the best, whose pages are read from the store. Errors: those of the store.
boost::asio::awaitable<Result<Retrieved>> search(store::PageStore& pages, std::shared_ptr<const LargeBook> book,
                                                 Question question);

}  // namespace gibsey::retrieval::large
