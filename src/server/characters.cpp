#include "server/characters.hpp"

#include "server/json_response.hpp"
#include "server/problem.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::server {
namespace {

constexpr const char* kDefaultTone = "reflective, mystical";  // contracts section 0

Json to_json(const model::Character& character, const model::World& world) {
  return {{"char_id", character.id},
          {"display_name", character.display_name},
          {"color_hex", character.color_hex},
          {"system_prompt", character.system_prompt},
          {"tone", character.tone.empty() ? kDefaultTone : character.tone},
          {"blurb", character.blurb},
          {"greeting", character.greeting},
          {"aliases", character.aliases},
          {"world", world.name},
          {"world_title", world.title}};
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> list_characters(const Services& services, RouteRequest& request) {
  auto worlds = co_await services.pages.list_worlds();
  if (!worlds) co_return problem(worlds.error());
  const auto wanted = request.find("world").value_or("");
  if (!wanted.empty()) std::erase_if(*worlds, [&wanted](const model::World& world) { return world.name != wanted; });
  if (!wanted.empty() && worlds->empty()) co_return problem(404, no_world(wanted));
  auto list = Json::array();
  for (const auto& world : *worlds) {
    const auto characters = co_await services.characters.list_characters(world.name);
    if (!characters) co_return problem(characters.error());
    for (const auto& character : *characters) list.push_back(to_json(character, world));
  }
  if (!worlds->empty()) {
    auto narrator = worlds->front().narrator;
    narrator.id.clear();
    list.push_back(to_json(narrator, worlds->front()));
  }
  co_return json_response(200, list);
}

boost::asio::awaitable<net::HttpResponse> get_character(const Services& services, RouteRequest& request) {
  const auto& id = request.parameters.at(0);
  const auto character = co_await services.characters.find_character(request.find("world").value_or(""), id);
  if (!character) co_return problem(character.error());
  if (!*character || id.empty()) co_return problem(404, "char not found");
  auto world = co_await services.pages.find_world((*character)->world);
  if (!world) co_return problem(world.error());
  co_return json_response(200, to_json(**character, world->value_or(model::World{.name = (*character)->world})));
}

}  // namespace gibsey::server
