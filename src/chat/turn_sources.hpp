#pragma once
#include "chat/turn.hpp"
#include "retrieval/quote_finder.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace gibsey::chat {

/// What the book says of a question.
struct FoundSources {
  std::vector<model::Source> sources;
  bool has_book = false;
  bool in_book = false;
  bool missing = false;            ///< the passages could not be looked up
  std::size_t missing_shards = 0;  ///< parts of the book that could not be looked at, of `shards`
  std::size_t shards = 0;
  std::string method = "none";
  std::shared_ptr<const retrieval::QuoteFinder> book;  ///< null: nothing to check quotations against
  bool book_goes_on = false;  ///< `book` has the sources alone; what they do not hold is to be asked of PassageFinder::find_quote
};

/// Looks the question up. Passages that cannot be looked up are `missing`, or the error where the turn needs them. In the cited
/// chat each source has the words around it and its author's name. Errors: those of PassageFinder and the store.
boost::asio::awaitable<Result<FoundSources>> find_sources(AdmittedTurn& turn, TurnParts& parts);

}  // namespace gibsey::chat
