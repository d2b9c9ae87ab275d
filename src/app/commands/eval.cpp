#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/eval/quote_evaluation.hpp"
#include "app/eval/retrieval_evaluation.hpp"
#include "app/eval/vector_cache.hpp"
#include "app/progress.hpp"
#include "retrieval/text_index.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::app {
namespace {

constexpr std::size_t kWrongShown = 20;

/// A question that quotes a line, without the marks, or the line by itself: as readers type who remember it only half.
std::string changed(std::string text, LineForm form) {
  if (form == LineForm::alone && !retrieval::quoted_line(text).empty()) return std::string(retrieval::quoted_line(text));
  if (form == LineForm::unmarked) std::erase(text, '"');
  return text;
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void show_share(const char* what, const PassingShare& passing) {
  if (passing.asked == 0) return;
  fmt::print("  held to be about the book, {:<26} {:.3f} ({} of {})\n", what, share(passing.passed, passing.asked),
             passing.passed, passing.asked);
}

void show(const RetrievalReport& report) {
  fmt::print("{}: {} questions, {} books, {} pages, {} passages\n", report.name, report.questions, report.books, report.pages,
             report.passages);
  fmt::print("  {:<18} {:>8} {:>10} {:>7} {:>15}\n", "", "nDCG@10", "recall@10", "hit@1", "quotes valid");
  for (const RankedSignal& signal : report.signals) {
    fmt::print("  {:<18} {:>8.4f} {:>10.4f} {:>7.4f} {:>15}\n", signal.name, mean_of(signal.ndcg), mean_of(signal.recall),
               mean_of(signal.first), fmt::format("{} of {}", signal.valid_quotes, signal.quotes));
  }
  const Interval& less = report.fused_less_best;
  fmt::print("  fused less the best single signal ({}): {:+.4f}, 95 % interval {:+.4f} to {:+.4f}\n", report.best_single,
             less.mean, less.low, less.high);
  show_share("asked of their own book", report.own);
  show_share("asked of another book", report.other);
  show_share("questions without an answer", report.unanswerable);
  fmt::print("  lookup without embedding: p50 {:.2f} ms, p95 {:.2f} ms\n", report.lookup_p50_ms, report.lookup_p95_ms);
}

Result<void> evaluate(Application& app, const EvalOptions& options, VectorCache* embedder) {
  for (const auto& folder : options.folders) {
    GIBSEY_TRY(auto set, read_question_set(folder));
    keep(set, options.half, options.limit);
    for (auto& question : set.questions) question.text = changed(std::move(question.text), options.line);
    const std::string name = set.name;
    GIBSEY_TRY(const auto report, app.runtime().wait(evaluate_retrieval(std::move(set), embedder, ProgressBar(name))));
    if (embedder != nullptr) GIBSEY_CHECK(embedder->write());
    show(report);
  }
  return {};
}

/// Whether no claim was judged wrongly.
bool show(const std::string& name, const QuoteReport& report) {
  fmt::print("{}\n  {:<22} {:>7} {:>15} {:>13} {:>11}\n", name, "", "claims", "false admitted", "true refused", "other page");
  KindOfClaim all{.kind = "all"};
  for (const KindOfClaim& kind : report.kinds) {
    fmt::print("  {:<22} {:>7} {:>15} {:>13} {:>11}\n", kind.kind, kind.claims, kind.admitted_false, kind.refused_true,
               kind.other_page);
    all.claims += kind.claims;
    all.admitted_false += kind.admitted_false;
    all.refused_true += kind.refused_true;
    all.other_page += kind.other_page;
  }
  fmt::print("  {:<22} {:>7} {:>15} {:>13} {:>11}\n", all.kind, all.claims, all.admitted_false, all.refused_true, all.other_page);
  fmt::print("  {:.3f} ms a claim\n", report.claim_ms);
  for (std::size_t i = 0; i < std::min(kWrongShown, report.wrong.size()); ++i) fmt::print("  wrong: {}\n", report.wrong[i]);
  return report.wrong.empty();
}

}  // namespace

int eval_retrieval(const Place& place, const EvalOptions& options) {
  // A folder that is none is told before a model is loaded.
  for (const auto& folder : options.folders) {
    if (const auto set = read_question_set(folder); !set) return complain(set.error());
  }
  const auto app = Application::open(place.config, place.installation, {.embedder = !options.text_only});
  if (!app) return complain(app.error());
  std::optional<VectorCache> cache;
  if (!options.text_only && (*app)->embedder() != nullptr) cache.emplace(*(*app)->embedder(), options.vectors);
  const auto done = evaluate(**app, options, cache ? &*cache : nullptr);
  return done ? 0 : complain(done.error());
}

int eval_quotes(const std::vector<std::filesystem::path>& folders) {
  bool right = true;
  for (const auto& folder : folders) {
    const auto set = read_claim_set(folder);
    if (!set) return complain(set.error());
    right = show(set->name, evaluate_quotes(*set)) && right;
  }
  return right ? 0 : 1;
}

}  // namespace gibsey::app
