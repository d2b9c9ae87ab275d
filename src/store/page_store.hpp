#pragma once
#include "model/page.hpp"
#include "model/world.hpp"
#include "store/store_fwd.hpp"

#include <limits>
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
  int kept = 0;  ///< left as they were edited or removed by hand (sync_pages only)
};

/// What became of a page, and its place in the order of all changes of a store.
struct PageChange {
  std::string world;
  std::string page_id;
  std::int64_t version = 0;  ///< that it has now; the last one that it had, where it was removed
  std::int64_t seq = 0;      ///< greater than that of any change before it
  bool removed = false;
};

/// A page as put_page left it.
struct WrittenPage {
  model::Page page;
  std::int64_t seq = 0;
  bool added = false;    ///< there was none of that id
  bool changed = false;  ///< its version was raised
};

/// All that an index needs of one page, out of one moment.
struct IndexedPage {
  model::PageContent content;
  std::vector<model::PassageVector> vectors;  ///< by passage; of one embedding model
};

/// A place in a book's order; that of a page is its `order` and id. The default is before every page.
struct BookPosition {
  std::int64_t order = std::numeric_limits<std::int64_t>::min();
  std::string id;
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
  /// counting). A vector stays with a passage whose text another passage of the page had before. All in one transaction.
  /// The version given is ignored; `updated` is now where it is 0. Every page must name the same world, which need not
  /// have been put. invalid_argument: pages of two worlds, an id twice, a passage number twice in a page, a quote in a
  /// passage that is not there, no page at all with `remove_others`.
  virtual Async<PageChanges> put_pages(std::vector<model::PageContent> pages, bool remove_others) = 0;
  /// As put_pages with `remove_others`, for a book that is read again: what put_page and remove_page did since stays.
  virtual Async<PageChanges> sync_pages(std::vector<model::PageContent> pages) = 0;

  /// Writes one page as put_pages does, and marks it as written by hand. An empty id gets the number after the highest that
  /// the world ever had, with as many digits as the longest ("075"). An empty label becomes the id without leading zeros. With an
  /// `order` below 0 a new page goes behind the last
  /// and one that is there stays in its place. With `expected` the page must have that version now (0: must never have been).
  /// Errors: conflict (it has not), invalid_argument as put_pages.
  virtual Async<WrittenPage> put_page(model::PageContent content, std::optional<std::int64_t> expected) = 0;
  /// Removes one page by hand; its versions stay readable. not_found when it is not there; conflict as put_page.
  virtual Async<PageChange> remove_page(std::string world, std::string id, std::optional<std::int64_t> expected) = 0;
  /// The version that a page had last, whether or not it is there; 0 for one that never was.
  virtual Async<std::int64_t> last_version(std::string world, std::string id) = 0;

  /// The place of the last change; 0 before the first.
  virtual Async<std::int64_t> last_change() = 0;
  /// The changes behind `after` in their order, at most `limit`; of several to one page the last alone. Removals of whole
  /// worlds are not among them.
  virtual Async<std::vector<PageChange>> changes_after(std::int64_t after, int limit) = 0;

  virtual Async<std::optional<model::Page>> find_page(std::string world, std::string id) = 0;
  virtual Async<std::optional<model::Page>> find_page_version(std::string world, std::string id, std::int64_t version) = 0;
  /// In the book's order (`order`, then id), after the page `after` ("" from the start; not_found when there is no such
  /// page), at most `limit`.
  virtual Async<std::vector<model::Page>> list_pages(std::string world, std::string after, int limit) = 0;
  virtual Async<std::int64_t> count_pages(std::string world) = 0;
  virtual Async<std::int64_t> count_passages(std::string world) = 0;
  /// Everything of a world that an index needs, in the book's order.
  virtual Async<std::vector<model::PageContent>> load_contents(std::string world) = 0;
  /// The same of these pages, no id twice, with their vectors of that embedding model ("" for none): those that are there, in the
  /// order of the ids.
  virtual Async<std::vector<IndexedPage>> find_contents(std::string world, std::vector<std::string> ids,
                                                        std::string embedding_model) = 0;
  /// The same of one page.
  Async<std::optional<IndexedPage>> find_content(std::string world, std::string id, std::string embedding_model);
  /// The same of pages in the book's order, behind `after`, at most `limit`: a book that is too long to be held is read by these.
  virtual Async<std::vector<IndexedPage>> list_contents(std::string world, BookPosition after, int limit,
                                                        std::string embedding_model) = 0;

  /// Vectors belong to a (world, embedding model); the dimension is that of the values, one for all (else
  /// invalid_argument). A second vector for a passage replaces the first. A vector for a passage that is gone, or was made of
  /// another version of the page, is ignored.
  virtual Async<void> put_vectors(std::string world, std::string embedding_model, std::vector<model::PassageVector> vectors) = 0;
  /// In the book's order, as is the next.
  virtual Async<std::vector<model::PassageVector>> load_vectors(std::string world, std::string embedding_model) = 0;
  virtual Async<std::vector<PassageKey>> passages_without_vector(std::string world, std::string embedding_model) = 0;
};

}  // namespace gibsey::store
