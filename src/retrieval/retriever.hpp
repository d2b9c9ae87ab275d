#pragma once
#include "base/result.hpp"
#include "model/page.hpp"
#include "provider/embedder.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::retrieval {

class QuoteFinder;

struct Query {
  std::string world;
  std::string text;
  int k = 8;              ///< quotes wanted, 1..50
  std::string character;  ///< id; pages in this voice count a little more; may be empty
  std::string page_id;    ///< the page the reader has open; may be empty
};

/// A line of the book that fits the query, best first. Quotes are verbatim and fewer than 40 words.
struct Hit {
  model::QuoteCandidate quote;
  std::string label;
  std::string title;
  std::string chapter;
  std::int64_t page_version = 0;
  double score = 0;         ///< fused; comparable within one result only
  double text_score = 0;    ///< BM25 of the passage, 0 when the text index did not find it
  double pair_score = 0;    ///< BM25 over adjacent word pairs of the page
  double vector_score = 0;  ///< cosine, -1..1
};

struct Retrieved {
  std::vector<Hit> hits;       ///< at most k; at most two from one passage; no two overlap
  /// Whether the best hit is about the question at all (see retriever.cpp for the bar and how it was set). Below it a
  /// character says that the book does not tell.
  bool above_threshold = false;
  std::string method;          ///< "hybrid", "text" (no embedder), "vector", "none" (no hits)
  double embed_ms = 0;
  double search_ms = 0;
};

/// Finds lines of a world's book for a question. Holds an immutable index a world in memory, built from the store; a reload
/// swaps in a new one, readers keep the old one until they are done. Safe to call from any executor.
class Retriever {
 public:
  /// `embedder` may be null: text alone is searched then. Both must outlive the retriever.
  Retriever(store::PageStore& pages, provider::Embedder* embedder);
  ~Retriever();
  Retriever(const Retriever&) = delete;
  Retriever& operator=(const Retriever&) = delete;

  /// (Re)builds the index of one world from the store. A failure changes nothing.
  boost::asio::awaitable<Result<void>> load(std::string world);
  void unload(const std::string& world);
  /// not_found for a world that is not loaded; invalid_argument for an empty text or a k out of range.
  boost::asio::awaitable<Result<Retrieved>> retrieve(Query query);
  /// The exact-quotation search of a loaded world; null when it is not loaded.
  [[nodiscard]] std::shared_ptr<const QuoteFinder> quotes(const std::string& world) const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gibsey::retrieval
