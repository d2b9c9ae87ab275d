#pragma once
#include "base/result.hpp"
#include "model/page.hpp"
#include "retrieval/quote_finder.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::retrieval {

struct Query {
  std::string world;
  std::string text;
  int k = 8;                    ///< quotes wanted, 1..50
  std::string character;        ///< id; pages in this voice count a little more; may be empty
  bool only_character = false;  ///< nothing but pages in that voice
  std::string page_id;          ///< the page the reader has open; may be empty
  /// What the conversation was about: the questions before this one, newest first, and the pages that were quoted in answer to
  /// them. Counts, at a lower weight, where `text` says too little by itself ("And why did she do that?").
  std::vector<std::string> earlier;
  std::vector<std::string> earlier_pages;
};

/// A line of the book that fits the query, best first. Quotes are verbatim and fewer than 40 words.
struct Hit {
  model::QuoteCandidate quote;
  std::string label;
  std::string title;
  std::string chapter;
  std::string voice;
  std::int64_t page_version = 0;
  double score = 0;         ///< fused; comparable within one result only
  double text_score = 0;    ///< BM25 of the passage, 0 when the text index did not find it
  double pair_score = 0;    ///< BM25 over adjacent word pairs of the page
  double vector_score = 0;  ///< cosine, -1..1
};

struct Retrieved {
  std::vector<Hit> hits;  ///< at most k; at most two from one passage; no two overlap
  /// Whether the best hit is about the question at all (see retriever.cpp for the bar and how it was set). Below it a
  /// character says that the book does not tell.
  bool above_threshold = false;
  std::string method;  ///< "hybrid", "text" (no embedder), "vector", "none" (no hits)
  double embed_ms = 0;
  double search_ms = 0;  ///< all but embed_ms; a large book is searched by words meanwhile
  /// Of a book whose shards lie on several nodes (sharded/sharded_finder.hpp): into how many it is cut, and those that did not
  /// answer in time. What they hold was not looked at.
  std::uint32_t shards = 0;
  std::vector<std::uint32_t> missing_shards;
};

/// Finds lines of a book for a question: in this process (retriever.hpp) or at another one's (http/remote_finder.hpp). Safe to
/// call from any executor.
class PassageFinder {
 public:
  virtual ~PassageFinder() = default;
  /// not_found for a world that is not there; invalid_argument for an empty text or a k out of range; unavailable, deadline where
  /// it is another process's.
  virtual boost::asio::awaitable<Result<Retrieved>> retrieve(Query query) = 0;
  /// Where words stand in a world's book, as QuoteFinder::find says it; nullopt where they stand nowhere. Errors: unavailable
  /// (the book cannot be looked at here: can_find_quotes), those of the store.
  virtual boost::asio::awaitable<Result<std::optional<QuoteLocation>>> find_quote(std::string world, std::string claim,
                                                                                  std::vector<std::string> preferred_pages) = 0;
  [[nodiscard]] virtual bool can_find_quotes(const std::string& world) const = 0;
  /// The exact-quotation search of a world, at once; null where there is none: a world without a book, one that is elsewhere, and
  /// one that is too long to be held in memory (find_quote).
  [[nodiscard]] virtual std::shared_ptr<const QuoteFinder> quotes(const std::string& world) const = 0;
  /// Whether a world has nothing to look up: no book.
  [[nodiscard]] virtual bool has_book(const std::string& world) const = 0;
  /// Why retrieve() would fail at once, without being tried: a service that is known to be away. nullopt: it would be tried.
  [[nodiscard]] virtual std::optional<Error> refusal() const { return std::nullopt; }
};

}  // namespace gibsey::retrieval
