#pragma once
#include "base/result.hpp"
#include "retrieval/large/large_book.hpp"
#include "retrieval/quote_finder.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::retrieval::large {

/// Pages of the files that may hold a claim, by their numbers there: first those that have all of its word pairs, then those that
/// lack some, as one does where a word is broken over the end of a line; each in the book's order, a hundred or two at most.
[[nodiscard]] std::vector<std::uint32_t> pages_for_claim(const BookVersion& book, std::string_view claim);

/// As QuoteFinder::find, over a book in files: the pages that may hold the claim are read from the store and looked at by
/// QuoteFinder. Of words that stand together on some hundred pages without standing so, the line may be missed. Errors: those of
/// the store.
boost::asio::awaitable<Result<std::optional<QuoteLocation>>> find_quote(store::PageStore& pages,
                                                                        std::shared_ptr<const LargeBook> book, std::string claim,
                                                                        std::vector<std::string> preferred_pages);

}  // namespace gibsey::retrieval::large
