#pragma once
#include "base/result.hpp"
#include "retrieval/large/large_book.hpp"
#include "retrieval/passage_finder.hpp"
#include "retrieval/question_embedder.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace gibsey::retrieval::large {

/// Ranks the book's passages and quotes from the best, whose pages are read from the store. The words are searched while the
/// question is embedded, and the vectors in two parts, side by side where the executor has more threads than one. The question's
/// own vector and scale are not used. Errors: those of the store.
boost::asio::awaitable<Result<Retrieved>> search(store::PageStore& pages, std::shared_ptr<const LargeBook> book,
                                                 Question question, boost::asio::awaitable<Embedded> embedding);

}  // namespace gibsey::retrieval::large
