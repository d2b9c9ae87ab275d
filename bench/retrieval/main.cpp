// What does a search of a library cost?
//
// Workload: a made book of --passages (default 1,000,000), indexed from a store that makes its pages when asked. Its words follow
// Zipf's law with a vocabulary that goes on growing, in sentences, half of them English function words (testing/made_book.hpp).
// Its vectors have the neighbourhoods of real ones: 4,000 paragraphs of --texts (fewer where these have fewer) are embedded by
// the real model; each made vector is one of those plus the sum of four differences of random real pairs, 0.6 as long, so that
// the spectrum of the covariance is the real one's. Every thousandth page says something that no other says. Questions: a third
// made of the book's words, a third about what such a page says, a third nine words of such a page.
//
// Printed: time to build, sizes of files, time from open to ready, memory, latencies in wall and processor time (text, vectors in
// it, the question's embedding in it; page cache warm; pages are made instead of read), recall@10 of the vector search against an
// exact one, planted answers that were found, edits and removals.

#include "provider/llama/engine.hpp"
#include "provider/llama/llama_embedder.hpp"
#include "retrieval/large/claim_search.hpp"
#include "retrieval/large/index_builder.hpp"
#include "retrieval/large/large_search.hpp"
#include "retrieval/large/open_book.hpp"
#include "retrieval/made_store.hpp"
#include "retrieval/real_vectors.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <random>
#include <stdexcept>
#include <thread>

namespace gibsey {
namespace {

namespace fs = std::filesystem;
namespace large = retrieval::large;
using Clock = std::chrono::steady_clock;
constexpr std::size_t kQuestions = 300;
constexpr std::size_t kExactQuestions = 100;
constexpr float kSpread = 0.6f;

struct Options {
  std::size_t passages = 1'000'000;
  std::size_t segment_passages = 250'000;
  fs::path folder;
  std::vector<fs::path> texts{"worlds"};
  std::string model =
      std::string(std::getenv("HOME") == nullptr ? "" : std::getenv("HOME")) + "/.cache/gibsey/models/all-minilm-l6-v2-q8_0.gguf";
  bool without_vectors = false;  ///< none are made; those that lie there are searched
  bool recall = false;           ///< is measured then too
};

/// Where searches run, as in the retriever.
boost::asio::thread_pool& searchers() {
  static boost::asio::thread_pool pool(std::max(1U, std::thread::hardware_concurrency()));
  return pool;
}

template <typename T>
T wait(boost::asio::awaitable<Result<T>> work) {
  auto result = boost::asio::co_spawn(searchers(), std::move(work), boost::asio::use_future).get();
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

boost::asio::awaitable<retrieval::Embedded> known(std::vector<float> vector) {
  co_return retrieval::Embedded{.vector = std::move(vector), .scale = {}};
}

boost::asio::awaitable<retrieval::Embedded> embedding(provider::Embedder& embedder, std::string text) {
  auto vectors = co_await embedder.embed_questions({std::move(text)});
  if (!vectors) throw std::runtime_error(vectors.error().message);
  co_return retrieval::Embedded{.vector = std::move(vectors->front()), .scale = {}};
}

/// The questions of the worlds' questions.jsonl: English, so that they have as many tokens as a question has. A made-up word has
/// five.
std::vector<std::string> real_questions(const std::vector<fs::path>& folders) {
  std::vector<std::string> questions;
  for (const fs::path& folder : folders) {
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().filename() != "questions.jsonl") continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        const auto row = nlohmann::json::parse(line, nullptr, false);
        if (row.is_object() && row.contains("question")) questions.push_back(row["question"].get<std::string>());
      }
    }
  }
  if (questions.empty()) throw std::runtime_error("no questions.jsonl in the folders of texts");
  std::ranges::sort(questions);
  std::ranges::shuffle(questions, std::mt19937_64(1));
  return questions;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of all threads.
double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Latencies of one kind of search.
class Times {
 public:
  template <typename Work>
  auto measure(Work work) {
    const auto start = Clock::now();
    const double processor = processor_seconds();
    auto result = work();
    processor_.push_back((processor_seconds() - processor) * 1e3);
    wall_.push_back(seconds_since(start) * 1e3);
    return result;
  }
  void print(std::string_view what) {
    fmt::print("{:<34} wall p50 {:6.2f}  p95 {:6.2f}  p99 {:6.2f} ms   processor p50 {:6.2f}  p95 {:6.2f}  p99 {:6.2f} ms\n",
               what, at(wall_, 0.5), at(wall_, 0.95), at(wall_, 0.99), at(processor_, 0.5), at(processor_, 0.95),
               at(processor_, 0.99));
    std::fflush(stdout);
  }

 private:
  static double at(std::vector<double>& values, double share) {
    std::ranges::sort(values);
    return values.empty()
               ? 0
               : values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
  }
  std::vector<double> wall_;
  std::vector<double> processor_;
};

void print_sizes(const fs::path& folder) {
  std::map<std::string, double> sizes;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) sizes[entry.path().extension()] += static_cast<double>(entry.file_size()) / 1e6;
  }
  for (const auto& [kind, size] : sizes) fmt::print("files {:<12} {:8.1f} MB\n", kind, size);
}

void print_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Rss") || line.starts_with("VmRSS")) fmt::print("memory {}\n", line);
  }
}

struct Question {
  std::string text;
  std::optional<std::size_t> page;
};

std::vector<Question> questions_of(const testing::MadeBook& book) {
  std::vector<Question> questions;
  for (std::size_t i = 0; i < kQuestions; ++i) {
    const auto planted = book.planted((i * 7) % book.planted_count());
    if (i % 3 == 0) questions.push_back({book.some_question(i), std::nullopt});
    if (i % 3 == 1) questions.push_back({planted.question, planted.page});
    if (i % 3 == 2) questions.push_back({planted.half_remembered, planted.page});
  }
  return questions;
}

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)), book_({.pages = options_.passages / 3, .planted_every = 1000}) {
    fs::create_directories(options_.folder);
    auto engine = provider::LlamaEngine::open({.embedding_model_path = options_.model});
    if (!engine) throw std::runtime_error(engine.error().message);
    engine_ = std::move(*engine);
    embedder_ = std::make_unique<provider::LlamaEmbedder>(*engine_);
    made_.emplace(bench::real_vectors(*embedder_, options_.texts, 4000, options_.folder / "real.vectors"), kSpread, 1);
    store_.emplace(book_, options_.without_vectors ? nullptr : &*made_);
    plan_ = {.world = "library",
             .language = "en",
             .embedding_model = embedder_->model(),
             .folder = options_.folder / "library",
             .segment_passages = options_.segment_passages};
  }

  void build() {
    if (fs::exists(plan_.folder / "manifest.json")) return;
    const auto start = Clock::now();
    wait(large::build_index(*store_, plan_));
    fmt::print("built in {:.0f} s\n", seconds_since(start));
    std::fflush(stdout);
  }

  void open() {
    for (int i = 0; i < 3; ++i) {
      const auto start = Clock::now();
      large_ = wait(large::open_book(*store_, plan_));
      if (!large_) throw std::runtime_error("the index does not open");
      fmt::print("open to ready {:.2f} s\n", seconds_since(start));
    }
    print_sizes(plan_.folder);
    fmt::print("{} pages, {} passages, {} vectors, {} segments\n", large_->version().page_count(),
               large_->version().passage_count(), large_->vector_count(), large_->files().segments().size());
    print_memory();
    std::fflush(stdout);
  }

  void search(std::string_view when) {
    Times text;
    Times hybrid;
    Times whole;
    Times made_whole;
    Times embedded;
    std::size_t planted = 0;
    std::size_t first = 0;
    std::size_t among = 0;
    const auto questions = questions_of(book_);
    const auto english = real_questions(options_.texts);
    const auto find = [this](const retrieval::Query& query, boost::asio::awaitable<retrieval::Embedded> by) {
      return wait(large::search(*store_, large_, {.query = query, .subject = {}, .vector = {}, .scale = {}}, std::move(by)));
    };
    for (const int round : {0, 1}) {
      if (round == 1) text = hybrid = whole = made_whole = embedded = Times();
      planted = first = among = 0;
      for (std::size_t i = 0; i < questions.size(); ++i) {
        const retrieval::Query query{.world = "library", .text = questions[i].text, .k = 6};
        const auto vector = made_->question(i * 7919 % options_.passages, kSpread);
        const std::string& real = english[i % english.size()];
        text.measure([&] { return find(query, known({})); });
        hybrid.measure([&] { return find(query, known(vector)); });
        embedded.measure([&] { return wait(embedder_->embed_questions({real})); });
        whole.measure([&] { return find(query, embedding(*embedder_, real)); });
        const auto found = made_whole.measure([&] { return find(query, embedding(*embedder_, query.text)); });
        if (!questions[i].page) continue;
        ++planted;
        const std::string id = book_.page_id(*questions[i].page);
        const auto is_it = [&id](const retrieval::Hit& hit) { return hit.quote.page_id == id; };
        if (!found.hits.empty() && is_it(found.hits.front())) ++first;
        if (std::ranges::any_of(found.hits, is_it)) ++among;
      }
    }
    text.print(fmt::format("{}: text", when));
    hybrid.print(fmt::format("{}: hybrid, vector known", when));
    embedded.print(fmt::format("{}: embedding alone", when));
    whole.print(fmt::format("{}: hybrid with embedding", when));
    made_whole.print(fmt::format("{}: the same of made-up words", when));
    fmt::print("{}: planted answers first {} of {}, among six lines {}\n", when, first, planted, among);
    std::fflush(stdout);
  }

  /// Lines of the book, the same with a word changed, and lines that are made of other pages' words.
  void claims(std::string_view when) {
    Times true_lines;
    Times changed_lines;
    Times questions;
    std::size_t wrong = 0;
    const auto find = [this](const std::string& claim) { return wait(large::find_quote(*store_, large_, claim, {})); };
    for (std::size_t i = 0; i < kQuestions; ++i) {
      const std::size_t number = (i * 7919 + 13) % book_.page_count();
      const auto page = wait(store_->find_page("library", book_.page_id(number)));
      if (!page) continue;
      const auto from = page->text.find(". ", page->text.size() / 3) + 2;
      std::string line = page->text.substr(from, page->text.find('.', from) - from);
      wrong += true_lines.measure([&] { return find(line); }) ? 0 : 1;
      line.insert(line.rfind(' '), " not");
      wrong += changed_lines.measure([&] { return find(line); }) ? 1 : 0;
      const std::string asked = book_.some_question(i);
      questions.measure([&] { return find(asked); });
    }
    true_lines.print(fmt::format("{}: a claimed line, true", when));
    changed_lines.print(fmt::format("{}: with a word put in", when));
    questions.print(fmt::format("{}: words that stand nowhere so", when));
    fmt::print("{}: claims judged wrongly: {}\n", when, wrong);
    std::fflush(stdout);
  }

  void edit() {
    constexpr std::size_t kEdits = 500;
    Times edits;
    for (std::size_t i = 0; i < kEdits; ++i) {
      const std::size_t page = i * 6151 % book_.page_count();
      if (i % 4 == 3) {
        store_->remove(page);
        edits.measure([&] {
          if (auto without = large_->changed({}, {book_.page_id(page)})) large_ = std::move(without);
          return 0;
        });
        continue;
      }
      store_->edit(page, i * 31 % book_.page_count());
      auto content = wait(store_->find_contents("library", {book_.page_id(page)}, embedder_->model()));
      edits.measure([&] {
        if (auto with = large_->changed(std::move(content), {})) large_ = std::move(with);
        if (auto small = large_->wanted_merge(); !small.empty())
          large_ = large_->merged(small, retrieval::BookSegment(small, "en"));
        return 0;
      });
    }
    edits.print(fmt::format("an edit, of {}", kEdits));
  }

  void recall() {
    if (options_.without_vectors && !options_.recall) return;
    std::vector<std::vector<float>> questions;
    for (std::size_t i = 0; i < kExactQuestions; ++i) questions.push_back(made_->question(i * 7919 % options_.passages, kSpread));
    std::vector<large::TopList> exact(kExactQuestions, large::TopList(10));
    for (std::uint32_t i = 0; i < book_.passage_count(); ++i) {
      const auto vector = made_->vector(i);
      for (std::size_t q = 0; q < kExactQuestions; ++q) {
        float sum = 0;
        for (std::size_t d = 0; d < vector.size(); ++d) sum += vector[d] * questions[q][d];
        if (sum > exact[q].bar()) exact[q].show({sum, i});
      }
    }
    for (const std::size_t width : {64, 100, 200, 400}) {
      Times times;
      std::size_t right = 0;
      for (std::size_t q = 0; q < kExactQuestions; ++q) {
        const auto found = times.measure([&] {
          large::TopList best(10);
          const large::QueryVector query(questions[q]);
          for (const auto& segment : large_->files().segments()) {
            segment.vectors.find_best(query, width, segment.first_passage, {}, best);
          }
          return best.sorted();
        });
        const auto wanted = exact[q].sorted();
        for (const auto& hit : found) {
          right += static_cast<std::size_t>(std::ranges::count(wanted, hit.passage, &large::ScoredPassage::passage));
        }
      }
      times.print(fmt::format("vectors {}: recall@10 {:.3f}", width, static_cast<double>(right) / 10 / kExactQuestions));
    }
  }

 private:
  Options options_;
  testing::MadeBook book_;
  std::unique_ptr<provider::LlamaEngine> engine_;
  std::unique_ptr<provider::LlamaEmbedder> embedder_;
  std::optional<testing::MadeVectors> made_;
  std::optional<bench::MadeStore> store_;
  large::IndexPlan plan_;
  large::LargeBookPtr large_;
};

}  // namespace
}  // namespace gibsey

int main(int argc, char** argv) {
  CLI::App app("Search of a library: speed and recall");
  gibsey::Options options;
  app.add_option("--passages", options.passages);
  app.add_option("--segment", options.segment_passages, "passages of a segment, at most");
  app.add_option("--folder", options.folder, "holds the index, and keeps it for the next run")->required();
  app.add_option("--texts", options.texts, "folders of Markdown, text and corpus.jsonl, for real vectors");
  app.add_option("--model", options.model, "the embedding model");
  app.add_flag("--without-vectors", options.without_vectors, "make none");
  app.add_flag("--recall", options.recall, "measure it though none are made: those that lie there must be of these texts");
  CLI11_PARSE(app, argc, argv);
  gibsey::Bench bench(options);
  bench.build();
  bench.open();
  bench.search("as built");
  bench.claims("as built");
  bench.recall();
  bench.edit();
  bench.search("after edits");
}
