#include "retrieval/claim_check.hpp"

namespace gibsey::retrieval {

boost::asio::awaitable<Result<CheckedClaim>> check_claim(PassageFinder& finder, std::string world, std::string claim,
                                                         std::vector<std::string> preferred_pages) {
  GIBSEY_CO_TRY(auto place, co_await finder.find_quote(world, claim, std::move(preferred_pages)));
  if (place) co_return CheckedClaim{true, std::move(place)};
  GIBSEY_CO_TRY(const auto near, co_await finder.retrieve({.world = world, .text = std::move(claim), .k = 1}));
  if (near.hits.empty()) co_return CheckedClaim{};
  const auto& hit = near.hits.front();
  co_return CheckedClaim{false, QuoteLocation{.page_id = hit.quote.page_id,
                                              .label = hit.label,
                                              .title = hit.title,
                                              .start = hit.quote.start,
                                              .end = hit.quote.end,
                                              .text = hit.quote.text}};
}

}  // namespace gibsey::retrieval
