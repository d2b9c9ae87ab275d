#pragma once
#include "base/result.hpp"
#include "retrieval/large/index_builder.hpp"
#include "retrieval/large/large_book.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace gibsey::retrieval::large {

using LargeBookPtr = std::shared_ptr<const LargeBook>;

/// The book with what the store has of it now: the changes behind its files' cursor, vectors that were made since, and the pages
/// of `also`. Errors: those of the store.
boost::asio::awaitable<Result<LargeBookPtr>> catch_up(store::PageStore& pages, LargeBookPtr book, std::vector<std::string> also);

/// Opens the index of `plan.folder` and catches up; removes what a killed build left there. nullptr where there is no index, or
/// none that fits: altered files (told in the log), another embedding model or language, pages that its changes do not account
/// for, or so many that changed since that they had better not be held in memory.
boost::asio::awaitable<Result<LargeBookPtr>> open_book(store::PageStore& pages, IndexPlan plan);

}  // namespace gibsey::retrieval::large
