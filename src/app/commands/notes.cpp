#include "server/notes.hpp"
#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/on_server_or_file.hpp"
#include "app/complain.hpp"
#include "app/server_client.hpp"
#include "jobs/note_draft.hpp"
#include "server/pages.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

namespace gibsey::app {
namespace {

namespace asio = boost::asio;

constexpr auto kLookAgain = std::chrono::milliseconds(500);
constexpr int kRuns = 20;

Result<void> show_run(const model::NightlyRun& run) {
  const auto& counts = run.counts;
  fmt::print("{}  {:<7}  {} clusters, {} written, {} extracts, {} unchanged{}{}\n", run.id, to_string(run.status),
             counts.clusters, counts.written, counts.extractive, counts.unchanged,
             counts.left_over > 0 ? fmt::format(", {} left over", counts.left_over) : "",
             run.error.empty() ? "" : "  " + run.error);
  if (run.status == model::RunStatus::failed) return fail(ErrorCode::unavailable, "the run failed: " + run.error);
  return {};
}

Result<void> show(const model::Note& note) {
  fmt::print("{} of {}, version {}, {}\n\n{}\n", note.id, note.world, note.version,
             note.kind == model::NoteKind::extract ? "an extract of the book" : "written by the book at night", note.text);
  return {};
}

Result<void> show_all(const std::vector<model::Note>& notes) {
  for (const auto& note : notes)
    fmt::print("{}  version {:>2}  {:<7}  {:>3} words  {}\n", note.id, note.version, to_string(note.kind),
               jobs::count_words(note.text), note.chapter);
  return {};
}

Result<void> follow(ServerClient& server, const std::string& id) {
  while (true) {
    GIBSEY_TRY(const auto run, server.nightly_run(id));
    if (run.status != model::RunStatus::running) return show_run(run);
    std::this_thread::sleep_for(kLookAgain);
  }
}

asio::awaitable<Result<model::NightlyRun>> run_here(Application& app, NightlyOptions options) {
  if (!options.world.empty()) GIBSEY_CO_CHECK(co_await server::choose_world(app.pages(), options.world));
  GIBSEY_CO_TRY(const auto asked, co_await app.nightly()->request(options.world, options.force));
  GIBSEY_CO_CHECK(co_await app.nightly()->look());
  GIBSEY_CO_TRY(auto run, co_await app.notes().find_run(asked.id));
  if (!run) co_return fail(ErrorCode::internal, "the run was not recorded");
  co_return *std::move(run);
}

asio::awaitable<Result<std::vector<model::Note>>> notes_here(Application& app, NoteOptions options) {
  GIBSEY_CO_TRY(const auto world, co_await server::choose_world(app.pages(), options.world));
  auto& notes = app.notes();
  if (!options.page.empty()) {
    GIBSEY_CO_TRY(auto page, co_await server::spelled_id(app.pages(), world.name, options.page));
    co_return co_await notes.notes_of_page(world.name, std::move(page));
  }
  co_return co_await notes.list_notes(world.name, "", INT32_MAX);
}

asio::awaitable<Result<model::Note>> note_here(Application& app, NoteOptions options) {
  auto& notes = app.notes();
  GIBSEY_CO_TRY(auto note, options.version > 0 ? co_await notes.find_note_version(options.id, options.version)
                                               : co_await notes.find_note(options.id));
  if (!note) co_return fail(ErrorCode::not_found, fmt::format("there is no such note {}", options.id));
  co_return *std::move(note);
}

}  // namespace

int run_nightly(const Place& place, const NightlyOptions& options) {
  auto server = ServerClient::find(place.config);
  if (!server) return complain(server.error());
  if (*server) {
    const auto id = (*server)->start_nightly(options.world, options.force);
    if (!id) return complain(id.error());
    const auto done = follow(**server, *id);
    return done ? 0 : complain(done.error());
  }
  auto config = place.config;
  config.roles.scheduler = true;
  const auto app = Application::open(std::move(config), place.installation,
                                     {.turns = true, .chat_model = true, .exclusive = true, .embedder = true, .worlds = true});
  if (!app) return complain(app.error());
  const auto run = (*app)->runtime().wait(run_here(**app, options));
  if (!run) return complain(run.error());
  const auto shown = show_run(*run);
  return shown ? 0 : complain(shown.error());
}

int list_nightly(const Place& place) {
  const auto show_runs = [](const std::vector<model::NightlyRun>& runs) -> Result<void> {
    for (const auto& run : runs) static_cast<void>(show_run(run));
    return {};
  };
  return on_server_or_file(
      place,
      [&](ServerClient& server) -> Result<void> {
        GIBSEY_TRY(const auto runs, server.nightly_runs());
        return show_runs(runs);
      },
      [&](Application& app) -> Result<void> {
        GIBSEY_TRY(const auto runs, app.runtime().wait(app.notes().list_runs(kRuns)));
        return show_runs(runs);
      });
}

int list_notes(const Place& place, const NoteOptions& options) {
  return on_server_or_file(
      place,
      [&](ServerClient& server) -> Result<void> {
        GIBSEY_TRY(const auto notes, server.notes(options.world, options.page));
        return show_all(notes);
      },
      [&](Application& app) -> Result<void> {
        GIBSEY_TRY(const auto notes, app.runtime().wait(notes_here(app, options)));
        return show_all(notes);
      });
}

int show_note(const Place& place, const NoteOptions& options) {
  return on_server_or_file(
      place,
      [&](ServerClient& server) -> Result<void> {
        GIBSEY_TRY(const auto note, server.note(options.id, options.version));
        return show(note);
      },
      [&](Application& app) -> Result<void> {
        GIBSEY_TRY(const auto note, app.runtime().wait(note_here(app, options)));
        return show(note);
      });
}

int revert_note(const Place& place, const NoteOptions& options) {
  return on_server_or_file(
      place,
      [&](ServerClient& server) -> Result<void> {
        GIBSEY_TRY(const auto note, server.revert_note(options.id, options.version));
        return show(note);
      },
      [&](Application& app) -> Result<void> {
        GIBSEY_TRY(const auto note, app.runtime().wait(server::revert_to_version(app.notes(), options.id, options.version)));
        return show(note);
      });
}

}  // namespace gibsey::app
