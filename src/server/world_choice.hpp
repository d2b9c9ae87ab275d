#pragma once
#include "base/result.hpp"
#include "model/world.hpp"
#include "retrieval/passage_finder.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace gibsey::server {

[[nodiscard]] std::string no_world(const std::string& name);

/// The world that a request names, or the first one for "". not_found with a sentence for the reader.
boost::asio::awaitable<Result<model::World>> choose_world(store::PageStore& pages, std::string name);
/// The same, of the worlds that have a book.
boost::asio::awaitable<Result<model::World>> choose_book(store::PageStore& pages, const retrieval::PassageFinder& passages,
                                                         std::string name);

}  // namespace gibsey::server
