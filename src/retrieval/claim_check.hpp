#pragma once
#include "base/result.hpp"
#include "retrieval/passage_finder.hpp"
#include "retrieval/quote_finder.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gibsey::retrieval {

/// What became of somebody's claim that words stand in a book.
struct CheckedClaim {
  bool verbatim = false;
  std::optional<QuoteLocation> place;  ///< where it stands; else the nearest line, nullopt where nothing is near
};

/// The check that every reply passes (PassageFinder::find_quote). `preferred_pages` are looked at first. `finder` outlives the
/// call. Errors: unavailable (the book cannot be looked at here), those of retrieve().
boost::asio::awaitable<Result<CheckedClaim>> check_claim(PassageFinder& finder, std::string world, std::string claim,
                                                         std::vector<std::string> preferred_pages);

}  // namespace gibsey::retrieval
