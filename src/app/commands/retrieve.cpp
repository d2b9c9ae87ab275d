#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/complain.hpp"

#include <fmt/format.h>

namespace gibsey::app {

namespace asio = boost::asio;

namespace {

asio::awaitable<Result<retrieval::Retrieved>> search(Application& app, RetrieveOptions options) {
  GIBSEY_CO_TRY(const auto worlds, co_await app.pages().list_worlds());
  if (worlds.empty()) co_return fail(ErrorCode::not_found, "no world is there yet: ingest one first");
  const auto world = options.world.empty() ? worlds.front().name : options.world;
  GIBSEY_CO_TRY(const auto known, co_await app.pages().find_world(world));
  if (!known) co_return fail(ErrorCode::not_found, fmt::format("there is no world '{}'", world));
  GIBSEY_CO_CHECK(co_await app.retriever().load(world));
  co_return co_await app.retriever().retrieve(
      {.world = world, .text = options.text, .k = options.k, .character = options.character});
}

void show(const retrieval::Retrieved& found) {
  for (const auto& hit : found.hits) {
    fmt::print("p. {:<5} {:6.2f}  {}\n", hit.label, hit.score, hit.quote.text);
  }
  fmt::print(stderr, "{} lines by {} in {:.1f} ms ({:.1f} ms of it the embedding){}\n", found.hits.size(), found.method,
             found.embed_ms + found.search_ms, found.embed_ms,
             found.above_threshold ? "" : "; none of them is close: the book may not speak of this");
}

}  // namespace

int retrieve(const Place& place, const RetrieveOptions& options) {
  // Reading beside a running server needs no lock.
  const auto app = Application::open(place.config, place.installation, {.embedder = true});
  if (!app) return complain(app.error());
  const auto found = (*app)->runtime().wait(search(**app, options));
  if (!found) return complain(found.error());
  show(*found);
  return 0;
}

}  // namespace gibsey::app
