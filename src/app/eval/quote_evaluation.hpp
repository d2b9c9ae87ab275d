#pragma once
#include "app/eval/question_set.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace gibsey::app {

/// Claims of one kind, and where the check was wrong.
struct KindOfClaim {
  std::string kind;
  std::size_t claims = 0;
  std::size_t admitted_false = 0;  ///< found, though the book does not have it
  std::size_t refused_true = 0;    ///< not found, though it stands there
  std::size_t other_page = 0;      ///< found, but on another page than the stated one
};

struct QuoteReport {
  std::vector<KindOfClaim> kinds;  ///< by name
  std::vector<std::string> wrong;  ///< the claims that were judged wrongly
  double claim_ms = 0;             ///< mean time of a check
};

/// Has retrieval::QuoteFinder judge every claim. A claim about a book that is not there counts as one that stands nowhere.
[[nodiscard]] QuoteReport evaluate_quotes(const ClaimSet& set);

}  // namespace gibsey::app
