// How long a search takes that is scattered over memory nodes, beside one process that holds the book: a made book with vectors,
// nodes as HTTP servers of this process on loopback, one question after another.
//   shard_bench [--pages 400,1200,12000] [--nodes 1,2,4] [--questions 300]        prints JSON
#include "retrieval/large/testing/made_book.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/sharded/testing/shard_cluster.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/page_store.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <vector>

namespace gibsey {
namespace {

using gibsey::testing::run;
using Clock = std::chrono::steady_clock;

struct Options {
  std::vector<std::size_t> pages{400, 1200, 12'000};
  std::vector<std::size_t> nodes{1, 2, 4};
  std::size_t questions = 300;
};

/// A book whose passages have unit vectors of 384 numbers in clusters.
struct Book {
  explicit Book(std::size_t pages) : made({.pages = pages, .planted_every = 10}) {
    run(store.put_world({.name = "library", .title = "Library"})).value();
    const auto vectors = testing::clustered_vectors(made.passage_count(), 384, 5);
    std::vector<model::PageContent> contents;
    std::vector<model::PassageVector> of_passages;
    for (std::size_t i = 0; i < pages; ++i) {
      contents.push_back(made.page(i));
      for (const auto& passage : contents.back().passages)
        of_passages.push_back({contents.back().page.id, passage.number, vectors[of_passages.size()], 1});
    }
    run(store.put_pages(std::move(contents), false)).value();
    run(store.put_vectors("library", "made", std::move(of_passages))).value();
    for (std::size_t i = 0; i < 64; ++i) questions.vectors.push_back(vectors[i * vectors.size() / 64]);
  }

  /// Gives questions vectors near some of the book's, in no time.
  struct Questions final : provider::Embedder {
    boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts) override {
      std::vector<std::vector<float>> found;
      for (const auto& text : texts) found.push_back(vectors[std::hash<std::string>()(text) % vectors.size()]);
      co_return found;
    }
    [[nodiscard]] std::string model() const override { return "made"; }
    [[nodiscard]] int dimension() const override { return 384; }
    std::vector<std::vector<float>> vectors;
  };

  store::MemoryPageStore store;
  testing::MadeBook made;
  Questions questions;
};

nlohmann::json measure(const Book& book, std::size_t questions,
                       const std::function<Result<retrieval::Retrieved>(retrieval::Query)>& ask) {
  std::vector<double> times;
  for (std::uint64_t i = 0; i < questions + 20; ++i) {
    const auto start = Clock::now();
    const auto found = ask({.world = "library", .text = book.made.some_question(i)});
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (!found || !found->missing_shards.empty()) throw std::runtime_error("a question was not answered whole");
    if (i >= 20) times.push_back(ms);
  }
  std::ranges::sort(times);
  const auto at = [&times](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  return {{"p50_ms", at(0.5)}, {"p95_ms", at(0.95)}, {"p99_ms", at(0.99)}};
}

/// Of this process, in MB.
double resident() {
  std::ifstream file("/proc/self/statm");
  double whole = 0;
  double held = 0;
  file >> whole >> held;
  return held * 4096 / 1e6;
}

int main_of(const Options& options) {
  for (const std::size_t pages : options.pages) {
    Book book(pages);
    nlohmann::json result{{"pages", pages}, {"passages", book.made.passage_count()}};
    {
      const double before = resident();
      retrieval::Retriever alone(book.store, &book.questions);
      run(alone.load("library")).value();
      result["one_process_mb"] = resident() - before;
      result["one_process"] =
          measure(book, options.questions, [&alone](auto query) { return run(alone.retrieve(std::move(query))); });
    }
    for (const std::size_t nodes : options.nodes) {
      retrieval::testing::ShardCluster cluster(book.store, &book.questions, {.nodes = nodes});
      cluster.load("library");
      result[fmt::format("nodes_{}", nodes)] =
          measure(book, options.questions, [&cluster](auto query) { return cluster.ask(std::move(query)); });
    }
    std::puts(result.dump().c_str());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace gibsey

int main(int argc, char** argv) {
  gibsey::Options options;
  CLI::App app("Times of searches that are scattered over memory nodes");
  app.add_option("--pages", options.pages)->delimiter(',');
  app.add_option("--nodes", options.nodes)->delimiter(',');
  app.add_option("--questions", options.questions);
  CLI11_PARSE(app, argc, argv);
  return gibsey::main_of(options);
}
