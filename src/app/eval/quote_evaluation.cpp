#include "app/eval/quote_evaluation.hpp"

#include "retrieval/quote_finder.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>

namespace gibsey::app {

QuoteReport evaluate_quotes(const ClaimSet& set) {
  std::map<std::string, std::unique_ptr<retrieval::QuoteFinder>> finders;
  for (const auto& [name, pages] : set.books) finders[name] = std::make_unique<retrieval::QuoteFinder>(pages);
  std::map<std::string, KindOfClaim> kinds;
  QuoteReport report;
  const auto start = std::chrono::steady_clock::now();
  for (const Claim& claim : set.claims) {
    const auto finder = finders.find(claim.book);
    const auto place = finder == finders.end() ? std::nullopt : finder->second->find(claim.text, {claim.page_id});
    KindOfClaim& kind = kinds[claim.kind];
    kind.kind = claim.kind;
    ++kind.claims;
    if (place && !claim.verbatim) ++kind.admitted_false;
    if (!place && claim.verbatim) ++kind.refused_true;
    if (place && claim.verbatim && !claim.page_id.empty() && place->page_id != claim.page_id) ++kind.other_page;
    if (place.has_value() != claim.verbatim) report.wrong.push_back(claim.kind + ": " + claim.text);
  }
  const auto taken = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  report.claim_ms = set.claims.empty() ? 0 : taken / static_cast<double>(set.claims.size());
  for (auto& [name, kind] : kinds) report.kinds.push_back(std::move(kind));
  return report;
}

}  // namespace gibsey::app
