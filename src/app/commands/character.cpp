#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/complain.hpp"

#include <fmt/format.h>

namespace gibsey::app {

namespace asio = boost::asio;

namespace {

asio::awaitable<Result<std::vector<model::Character>>> all_characters(Application& app, std::string world) {
  GIBSEY_CO_TRY(const auto worlds, co_await app.pages().list_worlds());
  std::vector<model::Character> all;
  for (const auto& candidate : worlds) {
    if (!world.empty() && candidate.name != world) continue;
    GIBSEY_CO_TRY(auto characters, co_await app.characters().list_characters(candidate.name));
    all.insert(all.end(), std::make_move_iterator(characters.begin()), std::make_move_iterator(characters.end()));
  }
  if (all.empty()) {
    co_return fail(ErrorCode::not_found,
                   "no character is there yet: `gibsey serve` loads the bundled worlds, `gibsey ingest` makes one");
  }
  co_return all;
}

}  // namespace

int list_characters(const Place& place, const std::string& world) {
  const auto app = Application::open(place.config, place.installation, {});
  if (!app) return complain(app.error());
  const auto characters = (*app)->runtime().wait(all_characters(**app, world));
  if (!characters) return complain(characters.error());
  for (const auto& character : *characters) {
    fmt::print("{:<22} {:<22} {}  {}  {}\n", character.id, character.display_name, character.color_hex, character.world,
               character.blurb);
  }
  return 0;
}

}  // namespace gibsey::app
