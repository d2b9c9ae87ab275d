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

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void show(const ingest::ImportReport& report, double read_seconds) {
  const auto& pages = report.pages;
  fmt::print("{} pages new, {} changed, {} unchanged, {} removed; {} passages, {} quote candidates\n", pages.added, pages.changed,
             pages.unchanged, pages.removed, report.passages, report.quotes);
  fmt::print("searchable by text after {:.2f} s", read_seconds + report.store_seconds);
}

/// The book is stored by now: what is missing here is made up for by the server, or by the next start.
void embed(Application& app, const std::string& world) {
  if (app.embedder() == nullptr) return;
  const auto started = std::chrono::steady_clock::now();
  const auto embedded = app.runtime().wait(ingest::embed_missing(world, app.pages(), *app.embedder(), ProgressBar(world)));
  const auto seconds = seconds_since(started);
  if (!embedded) {
    fmt::print(", by meaning not yet: {}; the server goes on trying", embedded.error().message);
  } else if (*embedded > 0) {
    fmt::print(", by meaning after {:.2f} s more ({} passages, {:.0f}/s)", seconds, *embedded, rate(*embedded, seconds));
  }
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
  const auto read_seconds = seconds_since(started);
  book->world.origin = "ingest";
  auto& pages = (*app)->pages();
  const auto report = (*app)->runtime().wait(
      ingest::import_book(std::move(*book), options.replace ? ingest::IfExists::replace : ingest::IfExists::fail, pages,
                          (*app)->characters(), nullptr, ProgressBar(options.world)));
  if (!report) return complain(report.error());
  show(*report, read_seconds);
  embed(**app, options.world);
  fmt::print("\n");
  tell_server(place.config);
  return 0;
}

}  // namespace gibsey::app
