#include "retrieval/retriever.hpp"

#include "retrieval/async_lock.hpp"
#include "retrieval/book_parts.hpp"
#include "retrieval/cosine_scale.hpp"
#include "retrieval/follow_up.hpp"
#include "retrieval/fusion.hpp"
#include "retrieval/quote_choice.hpp"
#include "retrieval/quote_finder.hpp"
#include "retrieval/text_index.hpp"
#include "retrieval/vector_index.hpp"
#include "retrieval/words.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace gibsey::retrieval {
namespace {

namespace asio = boost::asio;

constexpr int kMostQuotes = 50;
// How many times the passages that are quoted from are looked at, since a page may come again and again.
constexpr std::size_t kSpare = 3;
// What a page in the asked character's voice, or the page that lies open, is ahead, as a share of the best passage's score (which
// is 3 for a vague question and 15 for one with names). Tried on the bundled world: with less, a character asked "why did you"
// quotes the others' accounts of its own deeds.
constexpr float kVoiceBonus = 0.10f;
constexpr float kAddressedBonus = 0.30f;
constexpr float kOpenPageBonus = 0.10f;
constexpr float kBesideOpenPageBonus = 0.05f;
// The same for pages quoted just before and those beside them, where the question points back.
constexpr float kEarlierPageBonus = 0.15f;

/// "Why did you climb the tower?" asks for the character's own account.
bool addresses_the_character(std::string_view text) {
  const auto words = words_of(text);
  return std::ranges::any_of(words,
                             [](const std::string& word) { return word == "you" || word == "your" || word == "yourself"; });
}

// The bar. A question is held to be about the book when one of the three best passages holds most of what it names (by idf), or
// is close in meaning, or both to a lesser degree; or when a line of it stands in the book. Share of questions that pass, asked
// of their own book / of another one (`gibsey eval retrieval`, all-MiniLM-L6-v2; by these the numbers were chosen):
// fairytaleqa_dev 0.978 / 0.075 (2,137 questions), novel_pages_dev 0.990 / 0.071 (630 lines); without vectors 0.905 / 0.097 and
// 0.997 / 0.103. The bundled world, which had no part in it: 146 of 150, and 0 of 50 that it does not answer (without vectors 150
// and 5). Cosines are MiniLM's by CosineScale. A question without any content word ("Who are you?") passes by its meaning only.
constexpr float kCoverageAlone = 0.60f;
constexpr float kCosineAlone = 0.50f;
constexpr float kCosinePlusCoverage = 0.75f;
constexpr float kCoverageWithoutVectors = 0.33f;
constexpr int kRunAlone = 5;
constexpr int kRunInMarks = 3;

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// All of one world that a lookup needs.
class BookIndex {
 public:
  explicit BookIndex(BookParts parts)
      : contents_(std::move(parts)),
        text_(contents_.text_index()),
        vectors_(contents_.vector_index()),
        quotes_(contents_.quote_finder()) {
    for (std::size_t page = 0; page < contents_.size(); ++page) add_passages(static_cast<std::uint32_t>(page));
  }

  /// What a question is about where it only points back to those before it; "" where it speaks for itself.
  [[nodiscard]] std::string subject_of(const Query& query) const {
    if (query.earlier.empty() || !leans_on_earlier(query.text, text_)) return {};
    return retrieval::subject_of(text_, query.earlier);
  }

  /// `subject`: that of subject_of().
  [[nodiscard]] Retrieved search(const Query& query, const std::string& subject, std::span<const float> vector,
                                 const CosineScale& scale) const {
    TextScores scores = text_.score(query.text);
    if (!subject.empty()) add_subject(scores, text_.score(subject));
    const std::vector<float> cosines = vectors_.score(vector);
    const std::vector<float> fused = fuse(scores, cosines, page_of_, choose_weights(scores, !cosines.empty()));
    const std::vector<RankedPassage> best = best_passages(query, !subject.empty(), scores, cosines, fused);
    Retrieved result;
    for (const ChosenQuote& chosen : choose_quotes(query.text, text_, best, query.k)) {
      result.hits.push_back(make_hit(chosen, scores, cosines));
    }
    const bool by_text = !result.hits.empty() && std::ranges::any_of(scores.passages, [](float score) { return score > 0; });
    result.method = result.hits.empty() ? "none" : cosines.empty() ? "text" : by_text ? "hybrid" : "vector";
    result.above_threshold = !result.hits.empty() && is_about_book(scores, cosines, scale, best);
    return result;
  }

  [[nodiscard]] const std::shared_ptr<const QuoteFinder>& quotes() const { return quotes_; }
  [[nodiscard]] const BookParts& parts() const { return contents_; }
  [[nodiscard]] bool has_pages() const { return contents_.size() > 0; }
  [[nodiscard]] bool has_vectors() const { return vectors_.size() > 0; }
  [[nodiscard]] BookSize size() const { return {contents_.size(), page_of_.size(), page_of_.size() - vectors_.size()}; }

 private:
  void add_passages(std::uint32_t page) {
    const model::PageContent& content = contents_[page];
    auto next = content.quotes.begin();
    for (const model::Passage& passage : content.passages) {
      const auto in_passage = [&](const model::QuoteCandidate& quote) { return quote.passage == passage.number; };
      const auto first = std::find_if(next, content.quotes.end(), in_passage);
      const auto last = std::find_if_not(first, content.quotes.end(), in_passage);
      page_of_.push_back(page);
      quotes_of_.emplace_back(first, last);
      if (first != last) next = last;
    }
  }

  [[nodiscard]] std::optional<std::uint32_t> place_of(const std::string& page_id) const {
    if (page_id.empty()) return std::nullopt;
    for (std::uint32_t page = 0; page < contents_.size(); ++page) {
      if (contents_[page].page.id == page_id) return page;
    }
    return std::nullopt;
  }

  /// Whether a page or the one before or after it was quoted in answer to the questions before.
  [[nodiscard]] bool is_near_earlier(const Query& query, std::uint32_t page) const {
    const std::uint32_t last = static_cast<std::uint32_t>(contents_.size()) - 1;
    for (std::uint32_t near = page > 0 ? page - 1 : 0; near <= std::min(last, page + 1); ++near) {
      if (std::ranges::find(query.earlier_pages, contents_[near].page.id) != query.earlier_pages.end()) return true;
    }
    return false;
  }

  [[nodiscard]] std::vector<RankedPassage> best_passages(const Query& query, bool follows_up, const TextScores& scores,
                                                         const std::vector<float>& cosines,
                                                         const std::vector<float>& fused) const {
    std::vector<RankedPassage> passages;
    const float best = fused.empty() ? 0.0f : std::max(0.0f, *std::ranges::max_element(fused));
    const float voice_bonus = best * (addresses_the_character(query.text) ? kAddressedBonus : kVoiceBonus);
    const std::optional<std::uint32_t> open = place_of(query.page_id);
    for (std::uint32_t i = 0; i < fused.size(); ++i) {
      const bool found = scores.passages[i] > 0 || scores.pairs[page_of_[i]] > 0 || (!cosines.empty() && cosines[i] > 0);
      if (!found || quotes_of_[i].empty()) continue;
      const model::Page& page = contents_[page_of_[i]].page;
      if (query.only_character && page.voice != query.character) continue;
      float score = fused[i];
      if (!query.character.empty() && page.voice == query.character) score += voice_bonus;
      if (open && page_of_[i] == *open) score += best * kOpenPageBonus;
      if (open && (page_of_[i] + 1 == *open || page_of_[i] == *open + 1)) score += best * kBesideOpenPageBonus;
      if (follows_up && is_near_earlier(query, page_of_[i])) score += best * kEarlierPageBonus;
      passages.push_back({i, score, quotes_of_[i]});
    }
    const std::size_t wanted = std::min(passages.size(), kSpare * passages_quoted_from(query.k));
    std::ranges::partial_sort(passages, passages.begin() + static_cast<std::ptrdiff_t>(wanted), std::greater{},
                              &RankedPassage::score);
    passages.resize(wanted);
    return passages;
  }

  [[nodiscard]] Hit make_hit(const ChosenQuote& chosen, const TextScores& scores, const std::vector<float>& cosines) const {
    const std::uint32_t page_number = page_of_[chosen.passage];
    const model::Page& page = contents_[page_number].page;
    Hit hit{*chosen.quote, page.label, page.title, page.chapter, page.voice, page.version, chosen.score, 0, 0, 0};
    hit.text_score = static_cast<double>(scores.passages[chosen.passage]);
    hit.pair_score = static_cast<double>(scores.pairs[page_number]);
    const bool known = !cosines.empty() && cosines[chosen.passage] != VectorIndex::kNone;
    hit.vector_score = known ? static_cast<double>(cosines[chosen.passage]) : 0.0;
    return hit;
  }

  static bool is_about_book(const TextScores& scores, const std::vector<float>& cosines, const CosineScale& scale,
                            std::span<const RankedPassage> best) {
    const int run = scores.longest_run;
    if (run >= kRunAlone) return true;
    if (scores.quotes_line && run >= kRunInMarks && run * 2 >= scores.pairs_asked) return true;
    const float alone = cosines.empty() ? kCoverageWithoutVectors : kCoverageAlone;
    for (const RankedPassage& passage : best.first(std::min<std::size_t>(best.size(), 3))) {
      const float coverage = scores.coverage[passage.passage];
      const float cosine = cosines.empty() ? 0.0f : scale.of(cosines[passage.passage]);
      if (coverage >= alone || cosine >= kCosineAlone || coverage + cosine >= kCosinePlusCoverage) return true;
    }
    return false;
  }

  BookParts contents_;
  TextIndex text_;
  VectorIndex vectors_;
  std::shared_ptr<const QuoteFinder> quotes_;
  std::vector<std::uint32_t> page_of_;
  std::vector<std::span<const model::QuoteCandidate>> quotes_of_;
};

asio::awaitable<std::shared_ptr<const BookIndex>> build_index(std::vector<model::PageContent> contents,
                                                              std::vector<model::PassageVector> vectors, std::string language) {
  co_return std::make_shared<const BookIndex>(BookParts(std::move(contents), vectors, std::move(language)));
}

}  // namespace

/// The index of a world is replaced, never changed. Whoever makes a new one out of the current one does so on the one thread of
/// builders_, so that none is lost; what reads the store before that holds changing_, so that nothing old replaces what is newer.
class Retriever::State {
 public:
  State(store::PageStore& pages, provider::Embedder* embedder) : pages_(pages), embedder_(embedder) {}

  asio::awaitable<Result<void>> load(std::string world) {
    const auto held = co_await changing_.take();
    GIBSEY_CO_TRY(const auto found, co_await pages_.find_world(world));
    if (!found) co_return fail(ErrorCode::not_found, fmt::format("no world {}", world));
    GIBSEY_CO_TRY(auto contents, co_await pages_.load_contents(world));
    std::vector<model::PassageVector> vectors;
    if (embedder_ != nullptr) {
      GIBSEY_CO_TRY(vectors, co_await pages_.load_vectors(world, embedder_->model()));
    }
    auto index = co_await asio::co_spawn(builders_, build_index(std::move(contents), std::move(vectors), found->language),
                                         asio::use_awaitable);
    put(world, std::move(index));
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> follow(std::string world, std::string page_id) {
    const auto held = co_await changing_.take();
    if (!find(world)) co_return Result<void>();
    std::string model;
    if (embedder_ != nullptr) model = embedder_->model();
    GIBSEY_CO_TRY(auto page, co_await pages_.find_content(world, page_id, std::move(model)));
    co_await asio::co_spawn(builders_, replace_page(std::move(world), std::move(page_id), std::move(page)), asio::use_awaitable);
    co_return Result<void>();
  }

  void unload(const std::string& world) {
    const std::scoped_lock lock(mutex_);
    worlds_.erase(world);
  }

  asio::awaitable<Result<Retrieved>> retrieve(Query query) {
    const auto index = find(query.world);
    if (!index) co_return fail(ErrorCode::not_found, fmt::format("no world {} is loaded", query.world));
    if (query.k < 1 || query.k > kMostQuotes) {
      co_return fail(ErrorCode::invalid_argument, fmt::format("k must be 1 to {}, not {}", kMostQuotes, query.k));
    }
    if (query.text.find_first_not_of(" \t\r\n") == std::string::npos) {
      co_return fail(ErrorCode::invalid_argument, "the text to look for is empty");
    }
    const std::string subject = index->subject_of(query);
    const auto start = std::chrono::steady_clock::now();
    std::vector<float> vector;
    if (embedder_ != nullptr && index->has_vectors()) {
      std::vector<std::string> texts{subject.empty() ? query.text : subject + " " + query.text};
      auto embedded = co_await embedder_->embed_questions(std::move(texts));
      // Words alone still find lines; a reader is better served by those than by an error.
      if (embedded && !embedded->empty()) vector = std::move(embedded->front());
    }
    const CosineScale cosine_scale = vector.empty() ? CosineScale() : co_await scale();
    const double embed_ms = milliseconds_since(start);
    const auto searching = std::chrono::steady_clock::now();
    Retrieved result = index->search(query, subject, vector, cosine_scale);
    result.embed_ms = embed_ms;
    result.search_ms = milliseconds_since(searching);
    co_return result;
  }

  /// What the embedder's cosines mean, measured with the first question; MiniLM's where the embedder stops before that.
  asio::awaitable<CosineScale> scale() {
    if (embedder_->model() == kReferenceEmbedder) co_return CosineScale();
    if (const auto known = known_scale()) co_return *known;
    const auto measured = co_await measure_scale(*embedder_);
    if (!measured) co_return CosineScale();
    const std::scoped_lock lock(mutex_);
    scale_ = *measured;
    co_return *measured;
  }

  [[nodiscard]] std::optional<CosineScale> known_scale() const {
    const std::scoped_lock lock(mutex_);
    return scale_;
  }

  [[nodiscard]] std::shared_ptr<const BookIndex> find(const std::string& world) const {
    const std::scoped_lock lock(mutex_);
    const auto at = worlds_.find(world);
    return at == worlds_.end() ? nullptr : at->second;
  }

 private:
  void put(const std::string& world, std::shared_ptr<const BookIndex> index) {
    const std::scoped_lock lock(mutex_);
    worlds_[world] = std::move(index);
  }

  /// Runs on builders_, without a pause.
  asio::awaitable<void> replace_page(std::string world, std::string page_id, std::optional<store::IndexedPage> page) {
    const auto index = find(world);
    if (!index) co_return;
    const BookParts& book = index->parts();
    auto changed = page ? book.with(std::move(page->content), page->vectors) : book.without(page_id);
    auto small = merging_.contains(world) ? BookSegment::Pages() : changed.wanted_merge();
    put(world, std::make_shared<const BookIndex>(std::move(changed)));
    if (small.empty()) co_return;
    merging_.insert(world);
    asio::post(mergers_, [this, world, small = std::move(small), language = book.language()] {
      BookSegment segment(small, language);
      asio::post(builders_, [this, world, small, segment = std::move(segment)]() mutable {
        merging_.erase(world);
        if (const auto now = find(world))
          put(world, std::make_shared<const BookIndex>(now->parts().merged(small, std::move(segment))));
      });
    });
  }

  store::PageStore& pages_;
  provider::Embedder* embedder_;
  mutable std::mutex mutex_;  ///< guards worlds_ and scale_
  std::map<std::string, std::shared_ptr<const BookIndex>> worlds_;
  std::optional<CosineScale> scale_;
  std::set<std::string> merging_;  ///< worlds whose segments are being put together; used on builders_ alone
  // No executor of a caller may stand still while an index is made. A merge takes up to seconds, an edit may not wait for it.
  asio::thread_pool builders_{1};
  AsyncLock changing_{builders_.get_executor()};
  asio::thread_pool mergers_{1};
};

Retriever::Retriever(store::PageStore& pages, provider::Embedder* embedder) : state_(std::make_unique<State>(pages, embedder)) {}

Retriever::~Retriever() = default;

asio::awaitable<Result<void>> Retriever::load(std::string world) {
  return state_->load(std::move(world));
}

asio::awaitable<Result<void>> Retriever::follow(std::string world, std::string page_id) {
  return state_->follow(std::move(world), std::move(page_id));
}

std::optional<BookSize> Retriever::size(const std::string& world) const {
  const auto index = state_->find(world);
  return index ? std::optional(index->size()) : std::nullopt;
}

void Retriever::unload(const std::string& world) {
  state_->unload(world);
}

asio::awaitable<Result<Retrieved>> Retriever::retrieve(Query query) {
  return state_->retrieve(std::move(query));
}

std::shared_ptr<const QuoteFinder> Retriever::quotes(const std::string& world) const {
  const auto index = state_->find(world);
  return index && index->has_pages() ? index->quotes() : nullptr;
}

bool Retriever::has_book(const std::string& world) const {
  const auto index = state_->find(world);
  return index && index->has_pages();
}

}  // namespace gibsey::retrieval
