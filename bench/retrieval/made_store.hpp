#pragma once
#include "retrieval/large/testing/made_book.hpp"
#include "store/page_store.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::bench {

/// A store whose pages are made when they are asked for, so that a library of any size can be indexed. What was edited is kept.
/// It has what an index asks for; nothing else.
class MadeStore final : public store::PageStore {
 public:
  MadeStore(const testing::MadeBook& book, const testing::MadeVectors* vectors) : book_(book), vectors_(vectors) {}

  /// Writes another page of the book in the place of this one.
  void edit(std::size_t page, std::size_t other);
  void remove(std::size_t page);

  store::Async<std::optional<model::World>> find_world(std::string name) override;
  store::Async<std::int64_t> last_change() override { co_return static_cast<std::int64_t>(changes_.size()); }
  store::Async<std::vector<store::PageChange>> changes_after(std::int64_t after, int limit) override;
  store::Async<std::int64_t> count_pages(std::string) override {
    co_return static_cast<std::int64_t>(book_.page_count() - removed_.size());
  }
  store::Async<std::int64_t> count_passages(std::string) override { co_return static_cast<std::int64_t>(book_.passage_count()); }
  store::Async<std::vector<store::IndexedPage>> find_contents(std::string world, std::vector<std::string> ids,
                                                              std::string model) override;
  store::Async<std::vector<store::IndexedPage>> list_contents(std::string world, store::BookPosition after, int limit,
                                                              std::string model) override;
  store::Async<std::vector<store::PassageKey>> passages_without_vector(std::string, std::string) override {
    co_return std::vector<store::PassageKey>();
  }

  store::Async<void> put_world(model::World) override { co_return none(); }
  store::Async<std::vector<model::World>> list_worlds() override { co_return none(); }
  store::Async<void> remove_world(std::string) override { co_return none(); }
  store::Async<store::PageChanges> put_pages(std::vector<model::PageContent>, bool) override { co_return none(); }
  store::Async<store::PageChanges> sync_pages(std::vector<model::PageContent>) override { co_return none(); }
  store::Async<store::WrittenPage> put_page(model::PageContent, std::optional<std::int64_t>) override { co_return none(); }
  store::Async<store::PageChange> remove_page(std::string, std::string, std::optional<std::int64_t>) override {
    co_return none();
  }
  store::Async<std::int64_t> last_version(std::string, std::string) override { co_return none(); }
  store::Async<std::optional<model::Page>> find_page(std::string world, std::string id) override;
  store::Async<std::optional<model::Page>> find_page_version(std::string, std::string, std::int64_t) override {
    co_return none();
  }
  store::Async<std::vector<model::Page>> list_pages(std::string, std::string, int) override { co_return none(); }
  store::Async<std::vector<model::PageContent>> load_contents(std::string) override { co_return none(); }
  store::Async<void> put_vectors(std::string, std::string, std::vector<model::PassageVector>) override { co_return none(); }
  store::Async<std::vector<model::PassageVector>> load_vectors(std::string, std::string) override { co_return none(); }

 private:
  static std::unexpected<Error> none() { return fail(ErrorCode::unavailable, "a made store has only what an index asks for"); }
  [[nodiscard]] store::IndexedPage page(std::size_t number, const std::string& model) const;

  const testing::MadeBook& book_;
  const testing::MadeVectors* vectors_;                                 ///< null: none
  std::vector<std::size_t> changes_;                                    ///< pages, in the order of their changes
  std::map<std::size_t, std::pair<std::size_t, std::int64_t>> edited_;  ///< page -> the other, version
  std::set<std::size_t> removed_;
};

}  // namespace gibsey::bench
