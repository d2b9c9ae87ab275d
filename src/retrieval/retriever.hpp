#pragma once
#include "provider/embedder.hpp"
#include "retrieval/page_index.hpp"
#include "retrieval/passage_finder.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace gibsey::retrieval {

/// Where and from what length on books are searched from files (docs/decisions/0014).
struct LargeBooks {
  std::filesystem::path folder;            ///< a folder a world in it; empty: every book is held in memory
  std::size_t least_passages = 50'000;     ///< a shorter book is held in memory
  std::size_t segment_passages = 250'000;  ///< that one file holds, at most
  std::size_t written_least = 5'000;       ///< passages written since, up to which the files are not made anew in any case
  int threads = 2;                         ///< that build an index
  /// Nobody else writes there. Otherwise what is there is searched, nothing is made or removed, and a book without files that fit
  /// is held in memory.
  bool owns_folder = true;
};

/// Finds lines of a world's book for a question. Holds an immutable index a world in memory, built from the store; a reload or a
/// changed page swaps in a new one, readers keep the old one until they are done. Safe to call from any executor.
class Retriever : public PassageFinder, public PageIndex {
 public:
  /// `embedder` may be null: text alone is searched then. Both must outlive the retriever.
  Retriever(store::PageStore& pages, provider::Embedder* embedder, LargeBooks large = {});
  ~Retriever() override;
  Retriever(const Retriever&) = delete;
  Retriever& operator=(const Retriever&) = delete;

  /// Of a large book the files are opened and brought in step; where there are none yet, altered ones, or ones that the book has
  /// left far behind, they are made, for minutes.
  boost::asio::awaitable<Result<void>> load(std::string world) override;
  /// In time by the page's words and the book's number of pages; the result is that of load().
  boost::asio::awaitable<Result<void>> follow(std::string world, std::vector<std::string> page_ids) override;
  void unload(const std::string& world);
  [[nodiscard]] bool holds(const std::string& world, const std::string& page_id) const override;
  [[nodiscard]] std::optional<BookSize> size(const std::string& world) const override;
  boost::asio::awaitable<Result<Retrieved>> retrieve(Query query) override;
  boost::asio::awaitable<Result<std::optional<QuoteLocation>>> find_quote(std::string world, std::string claim,
                                                                          std::vector<std::string> preferred_pages) override;
  [[nodiscard]] bool can_find_quotes(const std::string& world) const override { return has_book(world); }
  [[nodiscard]] std::shared_ptr<const QuoteFinder> quotes(const std::string& world) const override;
  [[nodiscard]] bool has_book(const std::string& world) const override;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gibsey::retrieval
