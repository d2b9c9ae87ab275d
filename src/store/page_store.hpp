#pragma once
#include "model/page.hpp"
#include "model/world.hpp"
#include "store/store_fwd.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gibsey::store {

/// How a set of pages differs from what was stored.
struct PageChanges {
  int added = 0;
  int changed = 0;
  int unchanged = 0;
  int removed = 0;
};

struct PassageKey {
  std::string page_id;
  int passage = 0;
};

/// Worlds, their pages with passages and quote candidates, and the passages' vectors. Every write is atomic and durable
/// when it returns. Errors: unavailable (store cannot be used), corrupt, and those named below. Safe to call concurrently.
class PageStore {
 public:
  virtual ~PageStore() = default;

  virtual Async<void> put_world(model::World world) = 0;  ///< inserts or replaces the world's own row, not its pages
  virtual Async<std::optional<model::World>> find_world(std::string name) = 0;
  virtual Async<std::vector<model::World>> list_worlds() = 0;  ///< in order of first insertion
  /// Removes the world with all its pages, passages, quotes and vectors, old versions too; not_found when neither world
  /// nor pages are there. Its characters stay: replace_characters removes them.
  virtual Async<void> remove_world(std::string name) = 0;

  /// Writes pages whose content_hash differs from the stored one: their version is raised (from 1), the text they had
  /// stays readable by find_page_version, their passages and quotes are replaced and their vectors dropped. Pages with an
  /// equal hash are left alone, but for `order`, `label` and `chapter`, which follow. With `remove_others`, pages of the
  /// world that are not in `pages` are removed (their old versions stay readable, and one that comes back goes on
  /// counting). All in one transaction. The version given is ignored; `updated` is now where it is 0. Every page must
  /// name the same world, which need not have been put. invalid_argument: pages of two worlds, an id twice, a passage
  /// number twice in a page, a quote in a passage that is not there, no page at all with `remove_others`.
  virtual Async<PageChanges> put_pages(std::vector<model::PageContent> pages, bool remove_others) = 0;

  virtual Async<std::optional<model::Page>> find_page(std::string world, std::string id) = 0;
  virtual Async<std::optional<model::Page>> find_page_version(std::string world, std::string id, std::int64_t version) = 0;
  /// In the book's order (`order`, then id), after the page `after` ("" from the start; not_found when there is no such
  /// page), at most `limit`.
  virtual Async<std::vector<model::Page>> list_pages(std::string world, std::string after, int limit) = 0;
  virtual Async<std::int64_t> count_pages(std::string world) = 0;
  /// Everything of a world that an index needs, in the book's order.
  virtual Async<std::vector<model::PageContent>> load_contents(std::string world) = 0;

  /// Vectors belong to a (world, embedding model); the dimension is that of the values, one for all (else
  /// invalid_argument). A second vector for a passage replaces the first. A vector for a passage that is gone is ignored.
  virtual Async<void> put_vectors(std::string world, std::string embedding_model, std::vector<model::PassageVector> vectors) = 0;
  /// In the book's order, as is the next.
  virtual Async<std::vector<model::PassageVector>> load_vectors(std::string world, std::string embedding_model) = 0;
  virtual Async<std::vector<PassageKey>> passages_without_vector(std::string world, std::string embedding_model) = 0;
};

}  // namespace gibsey::store
