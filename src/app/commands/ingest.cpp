#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/progress.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>

namespace gibsey::app {
namespace {

double rate(std::size_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

void show(const ingest::ImportReport& report, double read_seconds) {
  const auto& pages = report.pages;
  fmt::print("{} pages new, {} changed, {} unchanged, {} removed; {} passages, {} quote candidates\n", pages.added, pages.changed,
             pages.unchanged, pages.removed, report.passages, report.quotes);
  fmt::print("searchable by text after {:.2f} s", read_seconds + report.store_seconds);
  if (report.embedded > 0) {
    fmt::print(", by meaning after {:.2f} s more ({} passages, {:.0f}/s)", report.embed_seconds, report.embedded,
               rate(report.embedded, report.embed_seconds));
  }
  fmt::print("\n");
}

/// The file `pages.db` may be written beside a running server; it learns of the change by SIGHUP.
void tell_server(const Config& config) {
  const auto holder = store::FolderLock::find_holder(config.data);
  if (!holder || !*holder || (*holder)->address.empty()) return;
  if (kill((*holder)->pid, SIGHUP) == 0) fmt::print("the server at {} is loading it\n", (*holder)->address);
}

}  // namespace

int ingest_book(const Place& place, const IngestOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  auto book = ingest::read_book(options.world, options.paths);
  if (!book) return complain(book.error());
  for (const auto& note : book->notes) fmt::print("note: {}\n", note);
  auto app = Application::open(place.config, place.installation, {.embedder = true});
  if (!app) return complain(app.error());
  const auto read_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  book->world.origin = "ingest";
  auto& pages = (*app)->pages();
  const auto report = (*app)->runtime().wait(
      ingest::import_book(std::move(*book), options.replace ? ingest::IfExists::replace : ingest::IfExists::fail, pages, pages,
                          (*app)->embedder(), ProgressBar(options.world)));
  if (!report) return complain(report.error());
  show(*report, read_seconds);
  tell_server(place.config);
  return 0;
}

}  // namespace gibsey::app
