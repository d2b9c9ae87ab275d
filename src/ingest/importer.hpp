#pragma once
#include "base/result.hpp"
#include "model/page.hpp"
#include "model/world.hpp"
#include "provider/embedder.hpp"
#include "store/character_store.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace gibsey::ingest {

/// A book as read from files, before it is stored.
struct Book {
  model::World world;  ///< title, author, language as far as the files tell
  std::vector<model::PageContent> pages;
  std::vector<model::Character> characters;  ///< from character_profiles.json or characters/*.toml; may be empty
  std::vector<std::string> notes;            ///< what was guessed or left out, one plain sentence each
};

/// Reads a TXT, Markdown, JSONL, HTML, EPUB, DOCX or PDF file (by its content where that tells, else by its ending), or a folder:
/// a world folder (world.toml), the author's folder form (pages.json beside numbered Markdown pages), or a folder of TXT,
/// Markdown, HTML or DOCX files in name order (a chapter each). Several paths are one book in the order given. Errors: not_found,
/// invalid_argument (naming file and line), too_large (over 1 GiB, or what a reader of formats/ sets), unavailable (no
/// pdftotext).
[[nodiscard]] Result<Book> read_book(const std::string& world_name, const std::vector<std::filesystem::path>& paths);

/// done and total count pages while storing (stage "pages") and passages while embedding (stage "vectors").
using Progress = std::function<void(const std::string& stage, std::size_t done, std::size_t total)>;

struct ImportReport {
  store::PageChanges pages;
  std::size_t passages = 0;
  std::size_t quotes = 0;
  std::size_t embedded = 0;  ///< vectors made in this run
  double store_seconds = 0;  ///< until searchable by text
  double embed_seconds = 0;
};

enum class IfExists {
  fail,     ///< conflict with an error that says what to do
  update,   ///< the same world re-ingested: only what changed changes
  replace,  ///< put in the place of what is there: pages and characters that are not in the book are removed
  sync,     ///< as replace, but pages that were edited or removed by hand since stay so
};

/// Stores the book's world, pages and characters (each only where the book has any), then embeds what has no vector yet, in
/// batches. `embedder` may be null: no vectors are made. A stop in between leaves a world that the next run completes. A persona
/// without a book has no pages; conflict where IfExists::replace or sync would put one in the place of stored pages.
boost::asio::awaitable<Result<ImportReport>> import_book(Book book, IfExists if_exists, store::PageStore& pages,
                                                         store::CharacterStore& characters, provider::Embedder* embedder,
                                                         Progress progress);

/// The vectors that are missing in a world: what import_book does last, and what a start does after an interrupted ingest.
boost::asio::awaitable<Result<std::size_t>> embed_missing(std::string world, store::PageStore& pages,
                                                          provider::Embedder& embedder, Progress progress);

}  // namespace gibsey::ingest
