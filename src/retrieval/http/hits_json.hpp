#pragma once
#include "base/result.hpp"
#include "retrieval/passage_finder.hpp"

#include <string>
#include <vector>

namespace gibsey::retrieval::http {

/// The hits in the answer to `query`, best first, at most `query.k`; see RemoteFinder for what is left out and made up. corrupt:
/// it is no list.
[[nodiscard]] Result<std::vector<Hit>> read_hits(const std::string& body, const Query& query);

/// `url` with the query as its parameters. A text that would make the address too long for a server is cut.
[[nodiscard]] std::string address_of(const std::string& url, const Query& query);

}  // namespace gibsey::retrieval::http
