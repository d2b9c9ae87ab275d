#pragma once
#include "app/eval/measures.hpp"
#include "app/eval/question_set.hpp"
#include "base/result.hpp"
#include "provider/embedder.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::app {

/// One way of ranking a book's pages, over all questions of a set.
struct RankedSignal {
  std::string name;
  bool single = false;  ///< one signal by itself, not a mixture
  std::vector<double> ndcg;
  std::vector<double> recall;
  std::vector<double> first;
  std::size_t quotes = 0;        ///< lines that would be offered
  std::size_t valid_quotes = 0;  ///< those of them that stand at the stated place of the stated page
};

struct PassingShare {
  std::size_t asked = 0;
  std::size_t passed = 0;  ///< held to be about the book
};

struct RetrievalReport {
  std::string name;
  std::size_t books = 0;
  std::size_t pages = 0;
  std::size_t passages = 0;
  std::size_t questions = 0;
  /// The text signals and the vectors by themselves, "text" (all text signals), "fused" (what the program uses), and "lines",
  /// the pages of the lines that a reader is shown, where a page can be left out because another has two lines.
  std::vector<RankedSignal> signals;
  std::string best_single;
  Interval fused_less_best;  ///< nDCG@10 of "fused" less that of the best single signal
  PassingShare own;
  PassingShare other;         ///< the same questions asked of another book of the set
  PassingShare unanswerable;  ///< questions of the set that no page answers
  double lookup_p50_ms = 0;   ///< without the question's embedding
  double lookup_p95_ms = 0;
};

/// done and total count passages while embedding (stage "vectors") and questions (stage "questions").
using EvaluationProgress = std::function<void(const std::string& stage, std::size_t done, std::size_t total)>;

/// Asks all questions. `embedder` null: by text alone. The seed of the bootstrap is fixed. Errors: those of the embedder.
boost::asio::awaitable<Result<RetrievalReport>> evaluate_retrieval(QuestionSet set, provider::Embedder* embedder,
                                                                   EvaluationProgress progress);

}  // namespace gibsey::app
