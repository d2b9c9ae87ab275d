// How well does retrieval find the right page, signal by signal and fused?
//
// Workloads: a folder in BEIR layout (corpus.jsonl, queries.jsonl, qrels.tsv) whose queries are asked inside the corpus documents
// that share their title, such as fairytaleqa_dev (a story's sections) and novel_pages_dev (a novel's pages). A page ranks by its
// best passage.
//
//   retrieval_eval --model all-minilm-l6-v2.gguf [--limit 1500] [--vectors CACHE] [--line as-is|unmarked|alone] FOLDER...
//
// --line changes questions that quote a line: `unmarked` takes the quotation marks away, `alone` leaves the line only.
//
// Prints one table a folder: nDCG@10 and hit@1 a signal, the same for the pages of the retriever's hits, the share of those
// within the first five, lookup times, and how often the threshold is passed by questions asked of their own book and of another
// one.

#include "provider/llama/llama_embedder.hpp"
#include "retrieval/chunks.hpp"
#include "retrieval/fusion.hpp"
#include "retrieval/retriever.hpp"
#include "retrieval/text_index.hpp"
#include "retrieval/vector_index.hpp"
#include "store/memory/page_store.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>

namespace gibsey {
namespace {

namespace fs = std::filesystem;
using Vector = std::vector<float>;

template <typename T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context context;
  auto result = boost::asio::co_spawn(context, std::move(work), boost::asio::use_future);
  context.run();
  return result.get();
}

template <typename T>
T require(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Vectors by text, kept in a file between runs: embedding a set takes minutes, everything else seconds.
class VectorCache : public provider::Embedder {
 public:
  VectorCache(provider::Embedder* embedder, fs::path file) : embedder_(embedder), file_(std::move(file)) { read(); }
  ~VectorCache() override = default;
  VectorCache(const VectorCache&) = delete;
  VectorCache& operator=(const VectorCache&) = delete;

  boost::asio::awaitable<Result<std::vector<Vector>>> embed(std::vector<std::string> texts) override {
    std::vector<std::string> unknown;
    for (const std::string& text : texts) {
      if (!known_.contains(std::hash<std::string>()(text))) unknown.push_back(text);
    }
    if (!unknown.empty()) {
      GIBSEY_CO_TRY(auto vectors, co_await embedder_->embed(unknown));
      for (std::size_t i = 0; i < unknown.size(); ++i) known_[std::hash<std::string>()(unknown[i])] = std::move(vectors[i]);
    }
    std::vector<Vector> found;
    for (const std::string& text : texts) found.push_back(known_.at(std::hash<std::string>()(text)));
    co_return found;
  }
  [[nodiscard]] std::string model() const override { return embedder_->model(); }
  [[nodiscard]] int dimension() const override { return embedder_->dimension(); }

  void write() const {
    if (file_.empty()) return;
    std::ofstream out(file_, std::ios::binary);
    for (const auto& [key, vector] : known_) {
      const std::size_t size = vector.size();
      out.write(reinterpret_cast<const char*>(&key), sizeof key);
      out.write(reinterpret_cast<const char*>(&size), sizeof size);
      out.write(reinterpret_cast<const char*>(vector.data()), static_cast<std::streamsize>(size * sizeof(float)));
    }
  }

 private:
  void read() {
    std::ifstream in(file_, std::ios::binary);
    std::size_t key = 0;
    std::size_t size = 0;
    while (in.read(reinterpret_cast<char*>(&key), sizeof key) && in.read(reinterpret_cast<char*>(&size), sizeof size)) {
      Vector vector(size);
      in.read(reinterpret_cast<char*>(vector.data()), static_cast<std::streamsize>(size * sizeof(float)));
      known_[key] = std::move(vector);
    }
  }

  provider::Embedder* embedder_;
  fs::path file_;
  std::map<std::size_t, Vector> known_;
};

struct Question {
  std::string text;
  std::string book;
  std::set<std::string> pages;
};

struct Workload {
  std::map<std::string, std::vector<model::PageContent>> books;
  std::vector<Question> questions;
};

std::string change_line(std::string text, const std::string& form) {
  if (form == "alone" && !retrieval::quoted_line(text).empty()) return std::string(retrieval::quoted_line(text));
  if (form == "unmarked") std::erase(text, '"');
  return text;
}

Workload read_workload(const fs::path& folder, std::size_t limit, const std::string& line_form) {
  Workload workload;
  std::map<std::string, std::string> book_of;
  std::ifstream corpus(folder / "corpus.jsonl");
  for (std::string line; std::getline(corpus, line);) {
    const auto json = nlohmann::json::parse(line);
    auto& book = workload.books[json["title"]];
    model::PageContent content;
    content.page.id = json["_id"];
    content.page.text = json["text"];
    content.page.order = static_cast<std::int64_t>(book.size());
    content.page.content_hash = content.page.id;
    retrieval::Chunks chunks = retrieval::cut_page(content.page, "en");
    content.passages = std::move(chunks.passages);
    content.quotes = std::move(chunks.quotes);
    // fairytaleqa_dev has one section twice.
    if (!book_of.emplace(content.page.id, json["title"]).second) continue;
    book.push_back(std::move(content));
  }
  std::map<std::string, std::set<std::string>> relevant;
  std::ifstream qrels(folder / "qrels.tsv");
  std::string line;
  std::getline(qrels, line);
  while (std::getline(qrels, line)) {
    const auto tab = line.find('\t');
    relevant[line.substr(0, tab)].insert(line.substr(tab + 1, line.rfind('\t') - tab - 1));
  }
  std::vector<Question> all;
  std::ifstream queries(folder / "queries.jsonl");
  while (std::getline(queries, line)) {
    const auto json = nlohmann::json::parse(line);
    const auto& pages = relevant[json["_id"]];
    if (!pages.empty()) all.push_back({change_line(json["text"], line_form), book_of.at(*pages.begin()), pages});
  }
  const std::size_t step = limit == 0 ? 1 : std::max<std::size_t>(1, (all.size() + limit - 1) / limit);
  for (std::size_t i = 0; i < all.size(); i += step) workload.questions.push_back(all[i]);
  return workload;
}

/// A book's indexes, and the same book behind the retriever.
struct LoadedBook {
  std::vector<model::PageContent> contents;
  std::unique_ptr<retrieval::TextIndex> text;
  std::unique_ptr<retrieval::VectorIndex> vectors;
  std::vector<std::uint32_t> page_of;
};

struct Measure {
  double ndcg = 0;
  double first = 0;
  double five = 0;
  int count = 0;

  void add(const std::vector<std::string>& ranking, const std::set<std::string>& relevant) {
    double gain = 0;
    double ideal = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(10, ranking.size()); ++i) {
      if (relevant.contains(ranking[i])) gain += 1 / std::log2(static_cast<double>(i) + 2);
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(10, relevant.size()); ++i)
      ideal += 1 / std::log2(static_cast<double>(i) + 2);
    ndcg += gain / ideal;
    first += !ranking.empty() && relevant.contains(ranking.front()) ? 1 : 0;
    const auto end = ranking.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(5, ranking.size()));
    five += std::any_of(ranking.begin(), end, [&](const std::string& page) { return relevant.contains(page); }) ? 1 : 0;
    ++count;
  }
};

class Evaluation {
 public:
  Evaluation(VectorCache* embedder, FILE* dump) : embedder_(embedder), retriever_(store_, embedder), dump_(dump) {}

  void load(const std::string& name, std::vector<model::PageContent> contents) {
    LoadedBook book;
    std::vector<model::PassageVector> vectors;
    for (auto& content : contents) {
      content.page.world = name;
      std::vector<std::string> texts;
      for (const auto& passage : content.passages) texts.push_back(passage.text);
      if (embedder_ != nullptr && !texts.empty()) {
        auto embedded = require(run(embedder_->embed(texts)));
        for (std::size_t i = 0; i < embedded.size(); ++i)
          vectors.push_back({content.page.id, static_cast<int>(i), std::move(embedded[i])});
      }
      book.page_of.insert(book.page_of.end(), content.passages.size(),
                          static_cast<std::uint32_t>(book.page_of.empty() ? 0 : book.page_of.back() + 1));
    }
    book.contents = contents;
    book.text = std::make_unique<retrieval::TextIndex>(book.contents, "en");
    book.vectors = std::make_unique<retrieval::VectorIndex>(book.contents, vectors);
    model::World world;
    world.name = name;
    require(run(store_.put_world(world)));
    require(run(store_.put_pages(std::move(contents), false)));
    if (embedder_ != nullptr) require(run(store_.put_vectors(name, embedder_->model(), std::move(vectors))));
    require(run(retriever_.load(name)));
    books_[name] = std::move(book);
  }

  void ask(const Question& question, const std::string& other_book) {
    const LoadedBook& book = books_.at(question.book);
    const auto scores = book.text->score(question.text);
    const Vector vector = embedder_ == nullptr ? Vector() : require(run(embedder_->embed({question.text}))).front();
    const auto cosines = book.vectors->score(vector);
    const auto rank = [&](const char* signal, auto score_of) { measures_[signal].add(ranked(book, score_of), question.pages); };
    rank("1 BM25 passage", [&](std::size_t i) { return scores.passages[i]; });
    rank("2 BM25 page", [&](std::size_t i) { return scores.pages[book.page_of[i]]; });
    rank("3 word pairs, page", [&](std::size_t i) { return scores.pairs[book.page_of[i]]; });
    if (!cosines.empty()) rank("4 vector", [&](std::size_t i) { return cosines[i]; });
    const auto fused = retrieval::fuse(scores, cosines, book.page_of, retrieval::choose_weights(scores, !cosines.empty()));
    rank("5 fused", [&](std::size_t i) { return fused[i]; });
    if (dump_ != nullptr) dump(question, book, scores, cosines);
    ask_retriever(question, other_book);
  }

  void print(const std::string& name) const {
    std::printf("%s\n", name.c_str());
    for (const auto& [signal, measure] : measures_) {
      std::printf("  %-22s nDCG@10 %.3f  hit@1 %.3f  in first 5 %.3f  (%d)\n", signal.c_str(), measure.ndcg / measure.count,
                  measure.first / measure.count, measure.five / measure.count, measure.count);
    }
    auto times = search_ms_;
    std::ranges::sort(times);
    std::printf("  lookup without embedding: p50 %.2f ms, p95 %.2f ms\n", times[times.size() / 2],
                times[times.size() * 95 / 100]);
    std::printf("  above the threshold: own book %.3f, another book %.3f\n", own_passed_ / asked_, other_passed_ / asked_);
  }

 private:
  template <typename Score>
  static std::vector<std::string> ranked(const LoadedBook& book, Score score_of) {
    std::vector<float> best(book.contents.size(), -1e9f);
    for (std::size_t i = 0; i < book.page_of.size(); ++i) best[book.page_of[i]] = std::max(best[book.page_of[i]], score_of(i));
    std::vector<std::size_t> order(best.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return best[a] != best[b] ? best[a] > best[b] : a < b; });
    std::vector<std::string> pages;
    for (const std::size_t page : order) pages.push_back(book.contents[page].page.id);
    return pages;
  }

  void ask_retriever(const Question& question, const std::string& other_book) {
    const auto own = require(run(retriever_.retrieve({question.book, question.text, 10, {}, {}})));
    std::vector<std::string> pages;
    for (const auto& hit : own.hits) {
      if (std::ranges::find(pages, hit.quote.page_id) == pages.end()) pages.push_back(hit.quote.page_id);
    }
    measures_["6 pages of the hits"].add(pages, question.pages);
    search_ms_.push_back(own.search_ms);
    const auto other = require(run(retriever_.retrieve({other_book, question.text, 10, {}, {}})));
    own_passed_ += own.above_threshold ? 1 : 0;
    other_passed_ += other.above_threshold ? 1 : 0;
    ++asked_;
  }

  /// A line for each passage, for trying out weights elsewhere.
  void dump(const Question& question, const LoadedBook& book, const retrieval::TextScores& scores, const Vector& cosines) {
    for (std::size_t i = 0; i < book.page_of.size(); ++i) {
      const auto page = book.page_of[i];
      std::fprintf(dump_, "%d\t%u\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%d\t%d\t%d\t%d\n", asked_, page,
                   question.pages.contains(book.contents[page].page.id) ? 1 : 0, static_cast<double>(scores.passages[i]),
                   static_cast<double>(scores.pages[page]), static_cast<double>(scores.pairs[page]),
                   static_cast<double>(scores.passage_pairs[i]), cosines.empty() ? 0.0 : static_cast<double>(cosines[i]),
                   static_cast<double>(scores.coverage[i]), scores.longest_run, scores.words, scores.content_words,
                   scores.known_content_words);
    }
  }

  VectorCache* embedder_;
  store::MemoryPageStore store_;
  retrieval::Retriever retriever_;
  FILE* dump_;
  std::map<std::string, LoadedBook> books_;
  std::map<std::string, Measure> measures_;
  std::vector<double> search_ms_;
  double own_passed_ = 0;
  double other_passed_ = 0;
  int asked_ = 0;
};

void evaluate(const fs::path& folder, std::size_t limit, const std::string& line_form, VectorCache* embedder, FILE* dump) {
  Workload workload = read_workload(folder, limit, line_form);
  std::set<std::string> wanted;
  for (const Question& question : workload.questions) wanted.insert(question.book);
  Evaluation evaluation(embedder, dump);
  for (const std::string& name : wanted) evaluation.load(name, workload.books.at(name));
  if (embedder != nullptr) embedder->write();
  for (const Question& question : workload.questions) {
    auto other = std::next(wanted.find(question.book));
    evaluation.ask(question, other == wanted.end() ? *wanted.begin() : *other);
  }
  evaluation.print(folder.filename().string());
}

int main_of(int argc, char** argv) {
  CLI::App app{"Measures retrieval on question sets in BEIR layout."};
  fs::path model;
  fs::path cache;
  std::string dump_path;
  std::size_t limit = 1500;
  std::vector<fs::path> folders;
  app.add_option("--model", model, "GGUF of the embedding model; without it text alone is measured");
  app.add_option("--limit", limit, "at most so many questions a set, evenly taken; 0 for all");
  app.add_option("--vectors", cache, "file that keeps vectors between runs");
  std::string line_form = "as-is";
  app.add_option("--line", line_form, "as-is, unmarked or alone")->check(CLI::IsMember({"as-is", "unmarked", "alone"}));
  app.add_option("--dump", dump_path, "file for all signals of all passages, tab separated");
  app.add_option("folders", folders, "folders with corpus.jsonl, queries.jsonl, qrels.tsv")->required();
  CLI11_PARSE(app, argc, argv);
  std::unique_ptr<provider::LlamaEngine> engine;
  std::unique_ptr<provider::LlamaEmbedder> llama;
  std::unique_ptr<VectorCache> embedder;
  if (!model.empty()) {
    provider::EngineOptions options;
    options.embedding_model_path = model;
    engine = require(provider::LlamaEngine::open(options));
    llama = std::make_unique<provider::LlamaEmbedder>(*engine);
    embedder = std::make_unique<VectorCache>(llama.get(), cache);
  }
  FILE* dump = dump_path.empty() ? nullptr : std::fopen(dump_path.c_str(), "w");
  for (const fs::path& folder : folders) evaluate(folder, limit, line_form, embedder.get(), dump);
  if (embedder) embedder->write();
  if (dump != nullptr) std::fclose(dump);
  return 0;
}

}  // namespace
}  // namespace gibsey

int main(int argc, char** argv) {
  try {
    return gibsey::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "retrieval_eval: %s\n", error.what());
    return 1;
  }
}
