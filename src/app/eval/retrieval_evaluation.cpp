#include "app/eval/retrieval_evaluation.hpp"

#include "app/eval/judged_book.hpp"
#include "retrieval/fusion.hpp"
#include "retrieval/retriever.hpp"
#include "store/memory/page_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace gibsey::app {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t kSeed = 20240917;
constexpr int kLinesAsked = 10;

using Vector = std::vector<float>;
using Scores = std::vector<float>;

double percentile(std::vector<double> values, std::size_t percent) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

/// One value a passage from one a page.
Scores of_passages(const JudgedBook& book, const std::vector<float>& pages) {
  Scores scores;
  for (const std::uint32_t page : book.page_of()) scores.push_back(pages[page]);
  return scores;
}

class Evaluation {
 public:
  Evaluation(QuestionSet& set, provider::Embedder* embedder, EvaluationProgress progress)
      : set_(set), embedder_(embedder), progress_(std::move(progress)), retriever_(store_, embedder) {}

  asio::awaitable<Result<RetrievalReport>> run() {
    report_.name = set_.name;
    report_.books = set_.books.size();
    report_.questions = set_.questions.size();
    std::size_t passages = 0;
    for (const auto& [name, contents] : set_.books) {
      report_.pages += contents.size();
      for (const auto& content : contents) passages += content.passages.size();
    }
    for (auto& [name, contents] : set_.books) GIBSEY_CO_CHECK(co_await load(name, std::move(contents), passages));
    for (std::size_t i = 0; i < set_.questions.size(); ++i) {
      GIBSEY_CO_CHECK(co_await ask(set_.questions[i]));
      progress_("questions", i + 1, set_.questions.size());
    }
    for (const std::string& question : set_.unanswerable) {
      GIBSEY_CO_TRY(const auto found, co_await retriever_.retrieve({.world = set_.books.begin()->first, .text = question}));
      count(report_.unanswerable, found);
    }
    settle();
    co_return std::move(report_);
  }

 private:
  static void count(PassingShare& share, const retrieval::Retrieved& found) {
    ++share.asked;
    share.passed += found.above_threshold ? 1 : 0;
  }

  asio::awaitable<Result<void>> load(std::string name, std::vector<model::PageContent> contents, std::size_t all_passages) {
    std::vector<model::PassageVector> vectors;
    for (auto& content : contents) {
      content.page.world = name;
      content.page.version = 1;  // what the store gives a new page; vectors of any other are left out
      std::vector<std::string> texts;
      for (const auto& passage : content.passages) texts.push_back(passage.text);
      report_.passages += texts.size();
      if (embedder_ == nullptr || texts.empty()) continue;
      GIBSEY_CO_TRY(auto embedded, co_await embedder_->embed(std::move(texts)));
      for (std::size_t i = 0; i < embedded.size(); ++i)
        vectors.push_back({content.page.id, content.passages[i].number, std::move(embedded[i]), content.page.version});
      progress_("vectors", report_.passages, all_passages);
    }
    model::World world;
    world.name = name;
    GIBSEY_CO_CHECK(co_await store_.put_world(std::move(world)));
    GIBSEY_CO_TRY([[maybe_unused]] const auto changes, co_await store_.put_pages(contents, false));
    books_.emplace(name, JudgedBook(std::move(contents), vectors));
    if (!vectors.empty()) GIBSEY_CO_CHECK(co_await store_.put_vectors(name, embedder_->model(), std::move(vectors)));
    GIBSEY_CO_CHECK(co_await retriever_.load(name));
    if (embedder_ != nullptr && retriever_.size(name)->without_vector > 0) {
      co_return fail(ErrorCode::internal, fmt::format("{} is searched without some of its vectors", name));
    }
    co_return Result<void>{};
  }

  asio::awaitable<Result<void>> ask(const JudgedQuestion& question) {
    const JudgedBook& book = books_.at(question.book);
    Vector vector;
    if (embedder_ != nullptr) {
      std::vector<std::string> texts{question.text};
      GIBSEY_CO_TRY(auto embedded, co_await embedder_->embed_questions(std::move(texts)));
      vector = std::move(embedded.front());
    }
    score_signals(question, book, vector);
    GIBSEY_CO_TRY(const auto own, co_await retriever_.retrieve(query(question.book, question.text)));
    score_lines(question, book, own);
    if (books_.size() > 1) {
      auto other = std::next(books_.find(question.book));
      if (other == books_.end()) other = books_.begin();
      GIBSEY_CO_TRY(const auto found, co_await retriever_.retrieve(query(other->first, question.text)));
      count(report_.other, found);
    }
    co_return Result<void>{};
  }

  static retrieval::Query query(const std::string& book, const std::string& text) {
    return {.world = book, .text = text, .k = kLinesAsked};
  }

  void score_signals(const JudgedQuestion& question, const JudgedBook& book, const Vector& vector) {
    const retrieval::TextScores scores = book.text().score(question.text);
    const Scores cosines = book.vectors().score(vector);
    add(signal("BM25, passage", true), question, book, scores.passages);
    add(signal("BM25, page", true), question, book, of_passages(book, scores.pages));
    add(signal("word pairs, page", true), question, book, of_passages(book, scores.pairs));
    if (!cosines.empty()) add(signal("vector", true), question, book, cosines);
    const auto mix = [&](const Scores& vectors) {
      return retrieval::fuse(scores, vectors, book.page_of(), retrieval::choose_weights(scores, !vectors.empty()));
    };
    add(signal("text", false), question, book, mix({}));
    if (!cosines.empty()) add(signal("fused", false), question, book, mix(cosines));
  }

  void score_lines(const JudgedQuestion& question, const JudgedBook& book, const retrieval::Retrieved& own) {
    std::vector<std::string> pages;
    std::vector<model::QuoteCandidate> lines;
    for (const auto& hit : own.hits) {
      lines.push_back(hit.quote);
      if (std::ranges::find(pages, hit.quote.page_id) == pages.end()) pages.push_back(hit.quote.page_id);
    }
    add(signal("lines", false), question, book, pages, lines);
    lookup_ms_.push_back(own.search_ms);
    count(report_.own, own);
  }

  RankedSignal& signal(const std::string& name, bool single) {
    const auto at = std::ranges::find(report_.signals, name, &RankedSignal::name);
    if (at != report_.signals.end()) return *at;
    report_.signals.push_back({.name = name, .single = single});
    return report_.signals.back();
  }

  static void add(RankedSignal& signal, const JudgedQuestion& question, const JudgedBook& book, const Scores& scores) {
    add(signal, question, book, book.rank_pages(scores), book.lines(question.text, scores));
  }

  static void add(RankedSignal& signal, const JudgedQuestion& question, const JudgedBook& book,
                  const std::vector<std::string>& pages, const std::vector<model::QuoteCandidate>& lines) {
    const RankingScore score = score_ranking(pages, question.relevant);
    signal.ndcg.push_back(score.ndcg);
    signal.recall.push_back(score.recall);
    signal.first.push_back(score.first);
    signal.quotes += lines.size();
    signal.valid_quotes +=
        static_cast<std::size_t>(std::ranges::count_if(lines, [&book](const auto& line) { return book.stands(line); }));
  }

  void settle() {
    const RankedSignal* best = nullptr;
    const RankedSignal* fused = nullptr;
    for (const RankedSignal& one : report_.signals) {
      if (one.single && (best == nullptr || mean_of(one.ndcg) > mean_of(best->ndcg))) best = &one;
      if (one.name == "fused" || (one.name == "text" && embedder_ == nullptr)) fused = &one;
    }
    if (best != nullptr && fused != nullptr) {
      report_.best_single = best->name;
      report_.fused_less_best = bootstrap_difference(fused->ndcg, best->ndcg, kSeed);
    }
    report_.lookup_p50_ms = percentile(lookup_ms_, 50);
    report_.lookup_p95_ms = percentile(lookup_ms_, 95);
  }

  QuestionSet& set_;
  provider::Embedder* embedder_;
  EvaluationProgress progress_;
  store::MemoryPageStore store_;
  retrieval::Retriever retriever_;
  std::map<std::string, JudgedBook> books_;
  std::vector<double> lookup_ms_;
  RetrievalReport report_;
};

}  // namespace

asio::awaitable<Result<RetrievalReport>> evaluate_retrieval(QuestionSet set, provider::Embedder* embedder,
                                                            EvaluationProgress progress) {
  Evaluation evaluation(set, embedder, std::move(progress));
  co_return co_await evaluation.run();
}

}  // namespace gibsey::app
