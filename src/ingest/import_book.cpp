#include "ingest/content_hash.hpp"
#include "ingest/importer.hpp"
#include "retrieval/chunks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace gibsey::ingest {
namespace {

namespace asio = boost::asio;

// Passages given to the embedder at once: enough to fill its batches, few enough for a progress that moves.
constexpr std::size_t kEmbedBatch = 32;
constexpr std::size_t kProgressPages = 25;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Passages, quote candidates and the hash of every page.
void cut_pages(Book& book, ImportReport& report, const Progress& progress) {
  std::size_t done = 0;
  for (model::PageContent& content : book.pages) {
    content.page.world = book.world.name;
    retrieval::Chunks chunks = retrieval::cut_page(content.page, book.world.language);
    content.passages = std::move(chunks.passages);
    content.quotes = std::move(chunks.quotes);
    content.page.content_hash = content_hash(content.page);
    report.passages += content.passages.size();
    report.quotes += content.quotes.size();
    ++done;
    if (progress && (done % kProgressPages == 0 || done == book.pages.size())) progress("pages", done, book.pages.size());
  }
}

asio::awaitable<Result<bool>> world_exists(const std::string& name, store::PageStore& pages) {
  GIBSEY_CO_TRY(const auto world, co_await pages.find_world(name));
  co_return world.has_value();
}

/// A world may have no book at all, but a folder that has lost its text must not take a stored book with it.
asio::awaitable<Result<void>> check_no_book_is_lost(const std::string& name, store::PageStore& pages) {
  GIBSEY_CO_TRY(const std::int64_t stored, co_await pages.count_pages(name));
  if (stored == 0) co_return Result<void>{};
  co_return fail(ErrorCode::conflict,
                 fmt::format("the world {} has {} pages, and what was read now has none: put its text back, or give a "
                             "persona without a book another name",
                             name, stored));
}

}  // namespace

asio::awaitable<Result<ImportReport>> import_book(Book book, IfExists if_exists, store::PageStore& pages,
                                                  store::CharacterStore& characters, provider::Embedder* embedder,
                                                  Progress progress) {
  const auto start = std::chrono::steady_clock::now();
  const std::string name = book.world.name;
  if (if_exists == IfExists::fail) {
    GIBSEY_CO_TRY(const bool exists, co_await world_exists(name, pages));
    if (exists) {
      co_return fail(
          ErrorCode::conflict,
          fmt::format("the world {} exists already; give --replace to put this book in its place, or another --world", name));
    }
  }
  const bool has_book = !book.pages.empty();
  const bool whole = if_exists == IfExists::replace || if_exists == IfExists::sync;
  if (!has_book && whole) GIBSEY_CO_CHECK(co_await check_no_book_is_lost(name, pages));
  ImportReport report;
  cut_pages(book, report, progress);
  GIBSEY_CO_CHECK(co_await pages.put_world(std::move(book.world)));
  if (has_book) {
    GIBSEY_CO_TRY(report.pages, if_exists == IfExists::sync
                                    ? co_await pages.sync_pages(std::move(book.pages))
                                    : co_await pages.put_pages(std::move(book.pages), if_exists == IfExists::replace));
  }
  if (!book.characters.empty() || whole) {
    GIBSEY_CO_CHECK(co_await characters.replace_characters(name, std::move(book.characters)));
  }
  report.store_seconds = seconds_since(start);
  if (embedder == nullptr) co_return report;
  const auto embedding = std::chrono::steady_clock::now();
  GIBSEY_CO_TRY(report.embedded, co_await embed_missing(name, pages, *embedder, progress));
  report.embed_seconds = seconds_since(embedding);
  co_return report;
}

asio::awaitable<Result<std::size_t>> embed_missing(std::string world, store::PageStore& pages, provider::Embedder& embedder,
                                                   Progress progress) {
  const std::string model = embedder.model();
  GIBSEY_CO_TRY(const std::vector<store::PassageKey> missing, co_await pages.passages_without_vector(world, model));
  if (missing.empty()) co_return std::size_t{0};
  GIBSEY_CO_TRY(const std::vector<model::PageContent> contents, co_await pages.load_contents(world));
  struct Text {
    std::string text;
    std::int64_t page_version = 0;
  };
  std::map<std::pair<std::string, int>, Text> texts;
  for (const model::PageContent& content : contents) {
    for (const model::Passage& passage : content.passages) {
      texts[{passage.page_id, passage.number}] = {passage.text, content.page.version};
    }
  }
  std::size_t done = 0;
  for (std::size_t first = 0; first < missing.size(); first += kEmbedBatch) {
    std::vector<std::string> batch;
    std::vector<model::PassageVector> vectors;
    for (std::size_t i = first; i < std::min(first + kEmbedBatch, missing.size()); ++i) {
      const auto text = texts.find({missing[i].page_id, missing[i].passage});
      if (text == texts.end()) continue;  // an edit took the passage away meanwhile
      batch.push_back(text->second.text);
      vectors.push_back({missing[i].page_id, missing[i].passage, {}, text->second.page_version});
    }
    if (!batch.empty()) {
      GIBSEY_CO_TRY(auto embedded, co_await embedder.embed(std::move(batch)));
      for (std::size_t i = 0; i < vectors.size() && i < embedded.size(); ++i) vectors[i].values = std::move(embedded[i]);
      done += vectors.size();
      GIBSEY_CO_CHECK(co_await pages.put_vectors(world, model, std::move(vectors)));
    }
    if (progress) progress("vectors", std::min(first + kEmbedBatch, missing.size()), missing.size());
  }
  co_return done;
}

}  // namespace gibsey::ingest
