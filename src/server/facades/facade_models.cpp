#include "server/facades/facade_models.hpp"

#include "server/facades/facade_question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace gibsey::server {
namespace {

CharacterModel narrator_of(const model::World& world, std::string id) {
  return {.id = std::move(id), .world = world, .character = world.narrator};
}

}  // namespace

std::string no_model(const std::string& name) {
  return fmt::format("There is no model '{}'; GET /v1/models lists those that there are.", name);
}

boost::asio::awaitable<Result<std::vector<CharacterModel>>> list_models(const Services& services) {
  GIBSEY_CO_TRY(const auto worlds, co_await services.pages.list_worlds());
  std::vector<CharacterModel> models;
  std::set<std::string> taken{"gibsey"};
  if (!worlds.empty()) models.push_back(narrator_of(worlds.front(), "gibsey"));
  for (const auto& world : worlds) {
    GIBSEY_CO_TRY(auto cast, co_await services.characters.list_characters(world.name));
    for (auto& character : cast) {
      const bool first = taken.insert(character.id).second;
      auto id = first ? character.id : world.name + "/" + character.id;
      models.push_back({.id = std::move(id), .world = world, .character = std::move(character)});
    }
  }
  for (std::size_t i = 1; i < worlds.size(); ++i) models.push_back(narrator_of(worlds[i], worlds[i].name + "/narrator"));
  co_return models;
}

boost::asio::awaitable<Result<CharacterModel>> find_model(const Services& services, std::string name) {
  chat::Question named;
  choose_model(name, named);
  GIBSEY_CO_TRY(auto worlds, co_await services.pages.list_worlds());
  auto world_name = named.world;
  std::optional<model::Character> character;
  if (!named.character_id.empty()) {
    GIBSEY_CO_TRY(character, co_await services.characters.find_character(named.world, named.character_id));
    if (!character) co_return fail(ErrorCode::not_found, no_model(name));
    world_name = character->world;
  }
  const auto world = world_name.empty() ? worlds.begin() : std::ranges::find(worlds, world_name, &model::World::name);
  if (world == worlds.end()) co_return fail(ErrorCode::not_found, no_model(name));
  auto who = character ? *std::move(character) : world->narrator;
  co_return CharacterModel{.id = std::move(name), .world = std::move(*world), .character = std::move(who)};
}

}  // namespace gibsey::server
