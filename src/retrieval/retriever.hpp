#pragma once
#include "provider/embedder.hpp"
#include "retrieval/passage_finder.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace gibsey::retrieval {

/// Finds lines of a world's book for a question. Holds an immutable index a world in memory, built from the store; a reload
/// swaps in a new one, readers keep the old one until they are done. Safe to call from any executor.
class Retriever : public PassageFinder {
 public:
  /// `embedder` may be null: text alone is searched then. Both must outlive the retriever.
  Retriever(store::PageStore& pages, provider::Embedder* embedder);
  ~Retriever() override;
  Retriever(const Retriever&) = delete;
  Retriever& operator=(const Retriever&) = delete;

  /// (Re)builds the index of one world from the store. A failure changes nothing.
  boost::asio::awaitable<Result<void>> load(std::string world);
  void unload(const std::string& world);
  boost::asio::awaitable<Result<Retrieved>> retrieve(Query query) override;
  [[nodiscard]] std::shared_ptr<const QuoteFinder> quotes(const std::string& world) const override;
  [[nodiscard]] bool has_book(const std::string& world) const override;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gibsey::retrieval
