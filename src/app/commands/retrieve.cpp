#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "retrieval/claim_check.hpp"

#include <fmt/format.h>

namespace gibsey::app {

namespace asio = boost::asio;

namespace {

/// The name of the world, once it can be searched.
asio::awaitable<Result<std::string>> load(Application& app, std::string world) {
  GIBSEY_CO_TRY(const auto worlds, co_await app.pages().list_worlds());
  if (worlds.empty()) co_return fail(ErrorCode::not_found, "no world is there yet: ingest one first");
  if (world.empty()) world = worlds.front().name;
  GIBSEY_CO_TRY(const auto known, co_await app.pages().find_world(world));
  if (!known) co_return fail(ErrorCode::not_found, fmt::format("there is no world '{}'", world));
  GIBSEY_CO_CHECK(co_await app.retriever().load(world));
  co_return world;
}

asio::awaitable<Result<retrieval::CheckedClaim>> check(Application& app, VerifyOptions options) {
  GIBSEY_CO_TRY(const auto world, co_await load(app, options.world));
  if (!app.retriever().has_book(world)) co_return fail(ErrorCode::not_found, fmt::format("the world '{}' has no book", world));
  std::vector<std::string> preferred;
  if (!options.page.empty()) preferred.push_back(options.page);
  co_return co_await retrieval::check_claim(app.retriever(), world, options.claim, std::move(preferred));
}

void show(const retrieval::CheckedClaim& checked) {
  const auto& place = checked.place;
  if (checked.verbatim) {
    fmt::print("p. {}, {} to {}: {}\n", place->label, place->start, place->end, place->text);
  } else if (place) {
    fmt::print("this stands on no page; the nearest line, p. {}: {}\n", place->label, place->text);
  } else {
    fmt::print("this stands on no page, and nothing like it\n");
  }
}

asio::awaitable<Result<retrieval::Retrieved>> search(Application& app, RetrieveOptions options) {
  GIBSEY_CO_TRY(const auto world, co_await load(app, options.world));
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

int verify_quote(const Place& place, const VerifyOptions& options) {
  const auto app = Application::open(place.config, place.installation, {.embedder = true});
  if (!app) return complain(app.error());
  const auto checked = (*app)->runtime().wait(check(**app, options));
  if (!checked) return complain(checked.error());
  show(*checked);
  return checked->verbatim ? 0 : 1;
}

}  // namespace gibsey::app
