#include "retrieval/retriever.hpp"

#include "base/log.hpp"
#include "retrieval/async_lock.hpp"
#include "retrieval/follow_up.hpp"
#include "retrieval/held_book.hpp"
#include "retrieval/large/claim_search.hpp"
#include "retrieval/large/large_search.hpp"
#include "retrieval/large/open_book.hpp"
#include "retrieval/question_embedder.hpp"
#include "retrieval/store_pages.hpp"

#include <fmt/format.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>

namespace gibsey::retrieval {
namespace {

namespace asio = boost::asio;

using Clock = std::chrono::steady_clock;
constexpr auto kAfterFailedRebuild = std::chrono::minutes(10);

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::size_t search_threads() {
  return std::max(1U, std::thread::hardware_concurrency());
}

asio::awaitable<std::shared_ptr<const HeldBook>> build_index(std::vector<model::PageContent> contents,
                                                             std::vector<model::PassageVector> vectors, std::string language) {
  co_return std::make_shared<const HeldBook>(BookParts(std::move(contents), vectors, std::move(language)));
}

}  // namespace

/// A world's book, in memory or in files.
struct LoadedBook {
  std::shared_ptr<const HeldBook> held;
  large::LargeBookPtr filed;

  explicit operator bool() const { return held != nullptr || filed != nullptr; }
  [[nodiscard]] bool has_pages() const { return held ? held->has_pages() : filed && filed->version().page_count() > 0; }
  [[nodiscard]] const std::string& language() const {
    return held ? held->parts().language() : filed->files().manifest().language;
  }
  [[nodiscard]] bool has_vectors() const { return held ? held->has_vectors() : filed->vector_count() > 0; }
  [[nodiscard]] BookSize size() const {
    if (held) return held->size();
    const std::size_t passages = filed->version().passage_count();
    return {.pages = filed->version().page_count(),
            .passages = passages,
            .without_vector = passages - filed->vector_count(),
            .files = IndexFiles{.bytes = filed->files().file_size(), .passages_since = filed->passages_since()}};
  }
};

/// The index of a world is replaced, never changed. All that puts one in place does so on the one thread of builders_, so that
/// none is lost; what reads the store before that holds changing_, so that nothing old replaces what is newer.
class Retriever::State {
 public:
  State(store::PageStore& pages, provider::Embedder* embedder, LargeBooks large)
      : pages_(pages), embedder_(embedder), questions_(embedder), large_(std::move(large)) {}
  ~State() {
    stop_.request_stop();
    rebuilders_.join();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  asio::awaitable<Result<void>> load(std::string world) {
    GIBSEY_CO_TRY(const auto found, co_await pages_.find_world(world));
    if (!found) co_return fail(ErrorCode::not_found, fmt::format("no world {}", world));
    GIBSEY_CO_TRY(const bool is_large, co_await load_large(*found));
    if (is_large) co_return Result<void>();
    const auto held = co_await changing_.take();
    GIBSEY_CO_TRY(auto contents, co_await pages_.load_contents(world));
    std::vector<model::PassageVector> vectors;
    if (embedder_ != nullptr) {
      GIBSEY_CO_TRY(vectors, co_await pages_.load_vectors(world, embedder_->model()));
    }
    auto index = co_await asio::co_spawn(builders_, build_index(std::move(contents), std::move(vectors), found->language),
                                         asio::use_awaitable);
    co_await swap_in(std::move(world), {.held = std::move(index)});
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> follow(std::string world, std::vector<std::string> page_ids) {
    const auto held = co_await changing_.take();
    if (!find(world)) co_return Result<void>();
    std::string model;
    if (embedder_ != nullptr) model = embedder_->model();
    GIBSEY_CO_TRY(auto found, co_await look_up_pages(pages_, world, std::move(page_ids), std::move(model)));
    co_await asio::co_spawn(builders_, replace_pages(std::move(world), std::move(found)), asio::use_awaitable);
    co_return Result<void>();
  }

  void unload(const std::string& world) {
    const std::scoped_lock lock(mutex_);
    worlds_.erase(world);
  }

  asio::awaitable<Result<Retrieved>> retrieve(Query query) {
    const auto index = find(query.world);
    if (!index) co_return fail(ErrorCode::not_found, fmt::format("no world {} is loaded", query.world));
    GIBSEY_CO_CHECK(check_query(query));
    const std::string subject = subject_of(query, index.language());
    std::string asked = subject.empty() ? query.text : subject + " " + query.text;
    auto embedding = questions_.embed(index.has_vectors() ? std::move(asked) : std::string());
    if (index.filed) {
      large::Question question{.query = std::move(query), .subject = subject, .vector = {}, .scale = {}};
      // It is not ended half-way from another thread; it takes milliseconds.
      auto to_the_end = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable_t<>());
      co_return co_await asio::co_spawn(searchers_, large::search(pages_, index.filed, std::move(question), std::move(embedding)),
                                        std::move(to_the_end));
    }
    const Embedded embedded = co_await std::move(embedding);
    const auto start = Clock::now();
    Retrieved result = index.held->search(query, subject, embedded);
    result.embed_ms = embedded.ms;
    result.search_ms = milliseconds_since(start);
    co_return result;
  }

  asio::awaitable<Result<std::optional<QuoteLocation>>> find_quote(std::string world, std::string claim,
                                                                   std::vector<std::string> preferred_pages) {
    const auto book = find(world);
    if (!book.has_pages())
      co_return fail(ErrorCode::unavailable, fmt::format("The book of '{}' cannot be looked at here.", world));
    if (book.held) co_return book.held->quotes()->find(claim, preferred_pages);
    auto to_the_end = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable_t<>());
    co_return co_await asio::co_spawn(
        searchers_, large::find_quote(pages_, book.filed, std::move(claim), std::move(preferred_pages)), std::move(to_the_end));
  }

  [[nodiscard]] std::optional<BookSize> size(const std::string& world) const {
    const auto book = find(world);
    if (!book) return std::nullopt;
    BookSize size = book.size();
    const std::scoped_lock lock(mutex_);
    if (size.files) size.files->rebuilding = rebuilding_.contains(world);
    return size;
  }

  [[nodiscard]] LoadedBook find(const std::string& world) const {
    const std::scoped_lock lock(mutex_);
    const auto at = worlds_.find(world);
    return at == worlds_.end() ? LoadedBook() : at->second;
  }

 private:
  /// A book that was read from the store, in the place of the one that is there. On builders_, so that none is made of the old
  /// one meanwhile and put over it.
  asio::awaitable<void> swap_in(std::string world, LoadedBook book) {
    co_await asio::co_spawn(builders_, put(std::move(world), std::move(book)), asio::use_awaitable);
  }

  asio::awaitable<void> put(std::string world, LoadedBook book) {
    const std::scoped_lock lock(mutex_);
    worlds_[world] = std::move(book);
    co_return;
  }

  /// What was made of the book that is there; nothing where it was unloaded meanwhile.
  void replace(const std::string& world, LoadedBook book) {
    const std::scoped_lock lock(mutex_);
    if (const auto at = worlds_.find(world); at != worlds_.end()) at->second = std::move(book);
  }

  AsyncLock& filing(const std::string& world) {
    const std::scoped_lock lock(mutex_);
    return filing_.try_emplace(world, rebuilders_.get_executor()).first->second;
  }

  [[nodiscard]] large::IndexPlan plan_of(const model::World& world) const {
    return {.world = world.name,
            .language = world.language,
            .embedding_model = embedder_ != nullptr ? embedder_->model() : std::string(),
            .folder = large_.folder / world.name,
            .segment_passages = large_.segment_passages,
            .written_least = large_.written_least,
            .threads = large_.threads,
            .owns_folder = large_.owns_folder,
            .stop = stop_.get_token()};
  }

  /// False for a book that is to be held in memory. Edits of other books go on while files are made.
  asio::awaitable<Result<bool>> load_large(model::World world) {
    if (large_.folder.empty()) co_return false;
    GIBSEY_CO_TRY(const auto passages, co_await pages_.count_passages(world.name));
    if (static_cast<std::size_t>(passages) < large_.least_passages) co_return false;
    GIBSEY_CO_TRY(auto opened, co_await asio::co_spawn(rebuilders_, open_files(plan_of(world)), asio::use_awaitable));
    if (!opened) co_return false;
    // With what changed since the files were read.
    const auto held = co_await changing_.take();
    GIBSEY_CO_TRY(auto current, co_await large::catch_up(pages_, std::move(opened), {}));
    co_await swap_in(world.name, {.filed = std::move(current)});
    asio::post(builders_, [this, name = world.name] { rebuild_where_wanted(name); });
    co_return true;
  }

  // Whoever opens or makes the files of a world clears away what no manifest names: one at a time. Both run on rebuilders_, where
  // what holds the lock comes to its end even when the callers are gone.

  /// Makes them where they are not; nullptr where that is another's to do.
  asio::awaitable<Result<large::LargeBookPtr>> open_files(large::IndexPlan plan) {
    const auto held = co_await filing(plan.world).take();
    auto opened = co_await large::open_book(pages_, plan);
    if (!opened || *opened || !plan.owns_folder) co_return opened;
    GIBSEY_CO_TRY(auto made, co_await large::build_index(pages_, std::move(plan)));
    co_return std::make_shared<const large::LargeBook>(std::move(made));
  }

  asio::awaitable<Result<large::LargeBookPtr>> make_files(large::IndexPlan plan) {
    const auto held = co_await filing(plan.world).take();
    GIBSEY_CO_TRY(auto made, co_await large::build_index(pages_, std::move(plan)));
    co_return std::make_shared<const large::LargeBook>(std::move(made));
  }

  /// Runs on builders_, without a pause.
  asio::awaitable<void> replace_pages(std::string world, StorePages found) {
    const auto index = find(world);
    if (!index) co_return;
    if (index.filed) {
      replace_filed(world, std::move(found), index.filed);
      co_return;
    }
    const BookParts& book = index.held->parts();
    auto changed = book.changed(std::move(found.written), found.gone);
    auto small = merging_.contains(world) ? BookSegment::Pages() : changed.wanted_merge();
    std::string language = book.language();
    replace(world, {.held = std::make_shared<const HeldBook>(std::move(changed))});
    merge(world, std::move(small), std::move(language));
  }

  void replace_filed(const std::string& world, StorePages found, const large::LargeBookPtr& book) {
    if (const auto at = followed_.find(world); at != followed_.end()) {
      for (const store::IndexedPage& page : found.written) at->second.push_back(page.content.page.id);
      std::ranges::copy(found.gone, std::back_inserter(at->second));
    }
    auto changed = book->changed(std::move(found.written), found.gone);
    if (!changed) return;
    replace(world, {.filed = changed});
    merge(world, merging_.contains(world) ? BookSegment::Pages() : changed->wanted_merge(), changed->files().manifest().language);
    rebuild_where_wanted(world);
  }

  /// Runs on builders_.
  void rebuild_where_wanted(const std::string& world) {
    const auto book = find(world).filed;
    if (!book || !large_.owns_folder || !book->wants_rebuild(large_.written_least)) return;
    if (followed_.contains(world) || Clock::now() < not_before_[world]) return;
    followed_[world];
    {
      const std::scoped_lock lock(mutex_);
      rebuilding_.insert(world);
    }
    asio::co_spawn(rebuilders_, rebuild(world), asio::detached);
  }

  /// Puts small segments together beside the edits.
  void merge(const std::string& world, BookSegment::Pages small, std::string language) {
    if (small.empty()) return;
    merging_.insert(world);
    asio::post(mergers_, [this, world, small = std::move(small), language = std::move(language)] {
      BookSegment segment(small, language);
      asio::post(builders_, [this, world, small, segment = std::move(segment)]() mutable {
        merging_.erase(world);
        const auto now = find(world);
        if (now.held) {
          replace(world, {.held = std::make_shared<const HeldBook>(now.held->parts().merged(small, std::move(segment)))});
        } else if (now.filed) {
          replace(world, {.filed = now.filed->merged(small, std::move(segment))});
        }
      });
    });
  }

  /// New files for a book that has changed much, beside the old ones, which are searched meanwhile.
  asio::awaitable<void> rebuild(std::string world) {
    auto done = co_await make_anew(world);
    if (!done) log::warn("world {}: its index was not made anew: {}", world, done.error().message);
    asio::post(builders_, [this, world, failed = !done] {
      followed_.erase(world);
      {
        const std::scoped_lock lock(mutex_);
        rebuilding_.erase(world);
      }
      // A full disk is not emptied by trying at each edit.
      if (failed) not_before_[world] = Clock::now() + kAfterFailedRebuild;
    });
  }

  asio::awaitable<Result<bool>> make_anew(std::string world) {
    GIBSEY_CO_TRY(const auto found, co_await pages_.find_world(world));
    if (!found) co_return false;
    GIBSEY_CO_TRY(auto book, co_await make_files(plan_of(*found)));
    const auto held = co_await changing_.take();
    auto also = co_await asio::co_spawn(builders_, pages_followed(world), asio::use_awaitable);
    GIBSEY_CO_TRY(auto current, co_await large::catch_up(pages_, std::move(book), std::move(also)));
    if (find(world)) co_await swap_in(world, {.filed = std::move(current)});
    co_return true;
  }

  asio::awaitable<std::vector<std::string>> pages_followed(std::string world) { co_return followed_[world]; }

  store::PageStore& pages_;
  provider::Embedder* embedder_;
  QuestionEmbedder questions_;
  LargeBooks large_;
  std::stop_source stop_;
  mutable std::mutex mutex_;  ///< guards worlds_, rebuilding_ and filing_
  std::map<std::string, LoadedBook> worlds_;
  std::set<std::string> rebuilding_;
  std::set<std::string> merging_;  ///< worlds whose segments are being put together; used on builders_ alone
  std::map<std::string, std::vector<std::string>> followed_;  ///< pages since a world's files are being made anew; there too
  std::map<std::string, Clock::time_point> not_before_;       ///< a world's files are made anew; there too
  // No executor of a caller may stand still while an index is made. A merge takes up to seconds, an edit may not wait for it.
  asio::thread_pool builders_{1};
  AsyncLock changing_{builders_.get_executor()};
  asio::thread_pool mergers_{1};
  asio::thread_pool rebuilders_{1};  ///< minutes at a time
  asio::thread_pool searchers_{search_threads()};
  std::map<std::string, AsyncLock> filing_;  ///< by world
};

Retriever::Retriever(store::PageStore& pages, provider::Embedder* embedder, LargeBooks large)
    : state_(std::make_unique<State>(pages, embedder, std::move(large))) {}

Retriever::~Retriever() = default;

asio::awaitable<Result<void>> Retriever::load(std::string world) {
  return state_->load(std::move(world));
}

asio::awaitable<Result<void>> Retriever::follow(std::string world, std::vector<std::string> page_ids) {
  return state_->follow(std::move(world), std::move(page_ids));
}

bool Retriever::holds(const std::string& world, const std::string& /*page_id*/) const {
  return static_cast<bool>(state_->find(world));
}

std::optional<BookSize> Retriever::size(const std::string& world) const {
  return state_->size(world);
}

void Retriever::unload(const std::string& world) {
  state_->unload(world);
}

asio::awaitable<Result<Retrieved>> Retriever::retrieve(Query query) {
  return state_->retrieve(std::move(query));
}

asio::awaitable<Result<std::optional<QuoteLocation>>> Retriever::find_quote(std::string world, std::string claim,
                                                                            std::vector<std::string> preferred_pages) {
  return state_->find_quote(std::move(world), std::move(claim), std::move(preferred_pages));
}

std::shared_ptr<const QuoteFinder> Retriever::quotes(const std::string& world) const {
  const auto index = state_->find(world);
  return index.held && index.has_pages() ? index.held->quotes() : nullptr;
}

bool Retriever::has_book(const std::string& world) const {
  const auto index = state_->find(world);
  return index.has_pages();
}

}  // namespace gibsey::retrieval
