#include "retrieval/large/large_search.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator&&;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kParts = 2;

// The caller keeps what these refer to.

asio::awaitable<std::optional<BestByWords>> by_words(const LargeBook& book, const Question& question) {
  co_return book.find_by_words(question);
}

asio::awaitable<std::vector<ScoredPassage>> by_meaning(const LargeBook& book, std::span<const float> vector, std::size_t part) {
  // What is co_spawned by its own executor runs until it waits: the first part leaves the thread to the other.
  if (part == 0) co_await asio::post(asio::use_awaitable);
  co_return find_by_meaning(book.version(), vector, part, kParts);
}

asio::awaitable<std::vector<ScoredPassage>> by_meaning(const LargeBook& book, std::span<const float> vector) {
  if (!has_vectors(book.version(), vector)) co_return std::vector<ScoredPassage>();
  const auto [some, others] = co_await (by_meaning(book, vector, 0) && by_meaning(book, vector, 1));
  co_return best_of(some, others);
}

/// Reads pages, each once.
class PageReader {
 public:
  PageReader(store::PageStore& pages, std::string world) : pages_(pages), world_(std::move(world)) {}

  /// nullptr for a page that was written while this was ranked: it has other passages by now; the next question knows it.
  asio::awaitable<Result<const model::PageContent*>> content_of(const AskedPage& page) {
    if (page.content != nullptr) co_return page.content;
    auto known = read_.find(page.id);
    if (known == read_.end()) {
      GIBSEY_CO_TRY(auto found, co_await pages_.find_content(world_, page.id, ""));
      known = read_.emplace(page.id, std::move(found)).first;
    }
    const auto& found = known->second;
    co_return found && found->content.page.version == page.version ? &found->content : nullptr;
  }

 private:
  store::PageStore& pages_;
  std::string world_;
  std::map<std::string, std::optional<store::IndexedPage>> read_;
};

/// Of most questions the first dozen pages are enough.
asio::awaitable<Result<Retrieved>> quote(store::PageStore& pages, const LargeBook& book, const Question& question,
                                         Ranking& ranking) {
  PageReader reader(pages, question.query.world);
  std::vector<const model::PageContent*> contents;
  for (std::size_t wanted : {passages_quoted_from(question.query.k), ranking.pages.size()}) {
    for (wanted = std::min(wanted, ranking.pages.size()); contents.size() < wanted;) {
      GIBSEY_CO_TRY(const auto* const content, co_await reader.content_of(ranking.pages[contents.size()]));
      contents.push_back(content);
    }
    if (auto quoted = book.quote(question, ranking, contents)) co_return std::move(*quoted);
  }
  co_return Retrieved{.method = "none"};
}

}  // namespace

asio::awaitable<Result<Retrieved>> search(store::PageStore& pages, std::shared_ptr<const LargeBook> book, Question question,
                                          asio::awaitable<Embedded> embedding) {
  const auto start = Clock::now();
  // In this order: the embedding begins, waits, and leaves the thread to the words.
  auto [embedded, words] = co_await (std::move(embedding) && by_words(*book, question));
  question.vector = std::move(embedded.vector);
  question.scale = embedded.scale;
  const auto near = co_await by_meaning(*book, question.vector);
  Ranking ranking = book->rank(question, std::move(*words), near);
  GIBSEY_CO_TRY(auto found, co_await quote(pages, *book, question, ranking));
  const double whole_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  found.embed_ms = embedded.ms;
  found.search_ms = std::max(0.0, whole_ms - embedded.ms);
  co_return found;
}

}  // namespace gibsey::retrieval::large
