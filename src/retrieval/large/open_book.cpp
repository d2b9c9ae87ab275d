#include "retrieval/large/open_book.hpp"

#include "base/log.hpp"
#include "retrieval/store_pages.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

namespace asio = boost::asio;
constexpr int kChangesARead = 1000;
// Of the files' pages; twice as many as let a running server make them anew.
constexpr std::size_t kChangedShare = 10;

/// Pages that changed behind the book's cursor.
asio::awaitable<Result<void>> add_changed(store::PageStore& pages, const LargeBook& book, std::set<std::string>& changed) {
  std::int64_t after = book.files().manifest().cursor;
  for (;;) {
    GIBSEY_CO_TRY(const auto changes, co_await pages.changes_after(after, kChangesARead));
    for (const store::PageChange& change : changes) {
      if (change.world == book.files().manifest().world) changed.insert(change.page_id);
    }
    if (changes.size() < static_cast<std::size_t>(kChangesARead)) co_return Result<void>();
    after = changes.back().seq;
  }
}

/// Pages of the files for which the store has more vectors by now. A vector is no change of its page.
asio::awaitable<Result<void>> add_embedded(store::PageStore& pages, const LargeBook& book, std::set<std::string>& changed) {
  const Manifest& manifest = book.files().manifest();
  if (manifest.embedding_model.empty()) co_return Result<void>();
  const auto without = book.pages_without_vector();
  if (without.empty()) co_return Result<void>();
  GIBSEY_CO_TRY(const auto owed, co_await pages.passages_without_vector(manifest.world, manifest.embedding_model));
  std::unordered_map<std::string, std::size_t> owed_by_page;
  for (const store::PassageKey& key : owed) ++owed_by_page[key.page_id];
  for (const auto& [id, count] : without) {
    const auto still = owed_by_page.find(id);
    if (still == owed_by_page.end() || still->second < count) changed.insert(id);
  }
  co_return Result<void>();
}

/// Whether the manifest is of this world as it is to be searched.
bool fits(const Manifest& manifest, const IndexPlan& plan, std::int64_t last_change) {
  return manifest.world == plan.world && manifest.language == plan.language && manifest.embedding_model == plan.embedding_model &&
         manifest.cursor <= last_change;
}

Result<std::shared_ptr<const SegmentSet>> open_files(const IndexPlan& plan, std::int64_t last_change) {
  auto manifest = read_manifest(plan.folder);
  if (!manifest) return std::unexpected(manifest.error());
  if (plan.owns_folder) remove_litter(plan.folder, *manifest);
  if (!*manifest || !fits(**manifest, plan, last_change)) return nullptr;
  return SegmentSet::open(plan.folder, std::move(**manifest));
}

/// Pages that are not as they were when the book's files were made.
asio::awaitable<Result<std::set<std::string>>> changed_since(store::PageStore& pages, const LargeBook& book) {
  std::set<std::string> changed;
  GIBSEY_CO_CHECK(co_await add_changed(pages, book, changed));
  GIBSEY_CO_CHECK(co_await add_embedded(pages, book, changed));
  co_return changed;
}

/// The book with these pages as the store has them now.
asio::awaitable<Result<LargeBookPtr>> take_in(store::PageStore& pages, LargeBookPtr book, std::set<std::string> changed) {
  const Manifest& manifest = book->files().manifest();
  GIBSEY_CO_TRY(auto found,
                co_await look_up_pages(pages, manifest.world, {changed.begin(), changed.end()}, manifest.embedding_model));
  auto now = book->changed(std::move(found.written), found.gone);
  co_return now ? std::move(now) : std::move(book);
}

}  // namespace

asio::awaitable<Result<LargeBookPtr>> catch_up(store::PageStore& pages, LargeBookPtr book, std::vector<std::string> also) {
  GIBSEY_CO_TRY(auto changed, co_await changed_since(pages, *book));
  changed.insert(also.begin(), also.end());
  co_return co_await take_in(pages, std::move(book), std::move(changed));
}

asio::awaitable<Result<LargeBookPtr>> open_book(store::PageStore& pages, IndexPlan plan) {
  GIBSEY_CO_TRY(const auto last_change, co_await pages.last_change());
  auto files = open_files(plan, last_change);
  if (!files && files.error().code != ErrorCode::corrupt) co_return std::unexpected(std::move(files).error());
  if (!files) log::warn("world {}: its index is made anew: {}", plan.world, files.error().message);
  if (!files || !*files) co_return nullptr;
  LargeBookPtr book = std::make_shared<const LargeBook>(std::move(*files));
  GIBSEY_CO_TRY(auto changed, co_await changed_since(pages, *book));
  // Where nothing can be made they are held all the same.
  if (plan.owns_folder && changed.size() > std::max(plan.written_least, book->files().page_count() / kChangedShare)) {
    log::info("world {}: {} pages have changed since its index was made; it is made anew", plan.world, changed.size());
    co_return nullptr;
  }
  GIBSEY_CO_TRY(book, co_await take_in(pages, std::move(book), std::move(changed)));
  // Changes do not tell of a world that was removed as a whole and came back.
  GIBSEY_CO_TRY(const auto count, co_await pages.count_pages(plan.world));
  if (static_cast<std::size_t>(count) != book->version().page_count()) co_return nullptr;
  co_return book;
}

}  // namespace gibsey::retrieval::large
