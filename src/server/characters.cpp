#include "server/characters.hpp"

#include "base/ids.hpp"
#include "server/json_response.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/turn_start.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::server {
namespace {

constexpr const char* kDefaultTone = "reflective, mystical";  // contracts section 0

}  // namespace

Json character_json(const model::Character& character, const model::World& world) {
  return {{"char_id", character.id},
          {"display_name", character.display_name},
          {"color_hex", character.color_hex},
          {"system_prompt", character.system_prompt},
          {"tone", character.tone.empty() ? kDefaultTone : character.tone},
          {"blurb", character.blurb},
          {"greeting", character.greeting},
          {"aliases", character.aliases},
          {"world", world.name},
          {"world_title", world.title},
          {"character_id", character.id},
          {"user_id", character.owner},
          {"name", character.display_name},
          {"persona_prompt", character.system_prompt},
          {"voice_id", character.voice_id.empty() ? Json(nullptr) : Json(character.voice_id)},
          {"appearance_seed", character.appearance_seed.empty() ? Json(nullptr) : Json(character.appearance_seed)},
          {"created_at", iso8601(character.created)},
          {"updated_at", iso8601(character.updated)}};
}

namespace {

constexpr TextRule kPrompt{1, 8000, true};

bool is_color(const std::string& text) {
  return text.size() == 7 && text[0] == '#' && text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
}

bool is_id(const std::string& text) {
  return !text.empty() && text.size() <= 100 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

/// Of two names for one field the first that is there.
Field<std::string> either(const Json& object, const char* name, const char* other, TextRule rule) {
  GIBSEY_TRY(auto text, optional_text(object, name, rule));
  return text.empty() ? optional_text(object, other, rule) : std::move(text);
}

/// The body's fields over what `character` has.
Field<bool> read_fields(const Json& object, model::Character& character) {
  GIBSEY_TRY(const auto name, either(object, "display_name", "name", {1, 255, false}));
  GIBSEY_TRY(const auto prompt, either(object, "system_prompt", "persona_prompt", kPrompt));
  GIBSEY_TRY(const auto color, optional_text(object, "color_hex", {0, 7, false}));
  GIBSEY_TRY(const auto tone, optional_text(object, "tone", {0, 500, false}));
  GIBSEY_TRY(const auto blurb, optional_text(object, "blurb", {0, 500, false}));
  GIBSEY_TRY(const auto greeting, optional_text(object, "greeting", {0, 2000, true}));
  GIBSEY_TRY(const auto voice, optional_text(object, "voice_id", {0, 200, false}));
  GIBSEY_TRY(const auto seed, optional_text(object, "appearance_seed", {0, 200, false}));
  if (!color.empty() && !is_color(color)) {
    return std::unexpected(problem(422, "The field 'color_hex' must be a colour as #RRGGBB.", "color_hex"));
  }
  const auto set = [](std::string& field, const std::string& value) {
    if (!value.empty()) field = value;
  };
  set(character.display_name, name);
  set(character.system_prompt, prompt);
  set(character.color_hex, color);
  set(character.tone, tone);
  set(character.blurb, blurb);
  set(character.greeting, greeting);
  set(character.voice_id, voice);
  set(character.appearance_seed, seed);
  return true;
}

/// What a new character needs and was not given.
void fill_gaps(model::Character& character) {
  if (character.color_hex.empty()) character.color_hex = "#708090";
  if (character.system_prompt.empty())
    character.system_prompt = "You are " + character.display_name + ". Stay in character, warm and attentive.";
}

/// The world that a new character joins: the one named, else one without a book, else the first.
boost::asio::awaitable<Result<std::string>> world_for(const Services& services, const std::string& wanted) {
  if (!wanted.empty()) {
    GIBSEY_CO_TRY(const auto world, co_await choose_world(services.pages, wanted));
    co_return world.name;
  }
  GIBSEY_CO_TRY(const auto worlds, co_await services.pages.list_worlds());
  if (worlds.empty()) co_return fail(ErrorCode::not_found, "No world is loaded yet: ingest one first.");
  const auto without_book =
      std::ranges::find_if(worlds, [&services](const model::World& world) { return !services.passages.has_book(world.name); });
  co_return without_book == worlds.end() ? worlds.front().name : without_book->name;
}

boost::asio::awaitable<net::HttpResponse> store_character(const Services& services, model::Character character, int status) {
  fill_gaps(character);
  if (const auto stored = co_await services.characters.put_character(character); !stored) co_return problem(stored.error());
  const auto found = co_await services.characters.find_character(character.world, character.id);
  if (!found) co_return problem(found.error());
  auto world = co_await services.pages.find_world(character.world);
  if (!world) co_return problem(world.error());
  co_return json_response(status,
                          character_json(found->value_or(character), world->value_or(model::World{.name = character.world})));
}

bool may_change(const Principal& principal, const model::Character& character) {
  return principal.open || principal.admin || principal.service ||
         (!character.owner.empty() && character.owner == principal.user_id);
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
    for (const auto& character : *characters) list.push_back(character_json(character, world));
  }
  if (!worlds->empty()) {
    auto narrator = worlds->front().narrator;
    narrator.id.clear();
    list.push_back(character_json(narrator, worlds->front()));
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
  co_return json_response(200, character_json(**character, world->value_or(model::World{.name = (*character)->world})));
}

boost::asio::awaitable<net::HttpResponse> list_made_characters(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto user_id, authorize_user(request.principal, request.parameters.at(0)));
  const auto worlds = co_await services.pages.list_worlds();
  if (!worlds) co_return problem(worlds.error());
  auto list = Json::array();
  for (const auto& world : *worlds) {
    const auto characters = co_await services.characters.list_characters(world.name);
    if (!characters) co_return problem(characters.error());
    for (const auto& character : *characters) {
      if (character.owner == user_id) list.push_back(character_json(character, world));
    }
  }
  co_return json_response(200, {{"characters", list}, {"total", list.size()}});
}

boost::asio::awaitable<net::HttpResponse> create_character(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  model::Character character;
  GIBSEY_FIELD(character.owner, asking_user(request, object));
  GIBSEY_FIELD(character.id, either(object, "char_id", "character_id", kName));
  GIBSEY_FIELD(const auto wanted, optional_text(object, "world", kName));
  if (auto read = read_fields(object, character); !read) co_return std::move(read).error();
  if (character.display_name.empty()) co_return problem(422, "The field 'name' is missing.", "name");
  if (character.id.empty()) character.id = random_id();
  if (!is_id(character.id)) co_return problem(422, "The field 'char_id' must be small letters, digits and hyphens.", "char_id");
  const auto taken = co_await services.characters.find_character("", character.id);
  if (!taken) co_return problem(taken.error());
  if (*taken)
    co_return problem(409,
                      fmt::format("There is a character '{}' already; choose another id, or PUT to change it.", character.id));
  auto world = co_await world_for(services, wanted);
  if (!world) co_return problem(world.error());
  character.world = *std::move(world);
  co_return co_await store_character(services, std::move(character), 201);
}

boost::asio::awaitable<net::HttpResponse> put_character(const Services& services, RouteRequest& request) {
  const auto& id = request.parameters.at(0);
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  GIBSEY_FIELD(const auto wanted, optional_text(object, "world", kName));
  auto found = co_await services.characters.find_character(wanted, id);
  if (!found) co_return problem(found.error());
  const bool is_new = !found->has_value();
  if (is_new && !(request.principal.open || request.principal.admin || request.principal.service))
    co_return problem(404, "char not found");
  if (!is_new && !may_change(request.principal, **found))
    co_return problem(403, "Only the user who made this character, or an admin, may change it.");
  auto character = found->value_or(model::Character{.id = id});
  if (auto read = read_fields(object, character); !read) co_return std::move(read).error();
  if (!is_new) co_return co_await store_character(services, std::move(character), 200);
  if (!is_id(id)) co_return problem(422, "A character's id must be small letters, digits and hyphens.", "char_id");
  if (character.display_name.empty()) co_return problem(422, "The field 'display_name' is missing.", "display_name");
  auto world = co_await world_for(services, wanted);
  if (!world) co_return problem(world.error());
  character.world = *std::move(world);
  co_return co_await store_character(services, std::move(character), 201);
}

boost::asio::awaitable<net::HttpResponse> delete_character(const Services& services, RouteRequest& request) {
  const auto found = co_await services.characters.find_character(request.find("world").value_or(""), request.parameters.at(0));
  if (!found) co_return problem(found.error());
  if (!*found) co_return problem(404, "char not found");
  if (!may_change(request.principal, **found))
    co_return problem(403, "Only the user who made this character, or an admin, may remove it.");
  if (const auto removed = co_await services.characters.remove_character((*found)->world, (*found)->id); !removed)
    co_return problem(removed.error());
  co_return net::HttpResponse{204, {}, {}};
}

}  // namespace gibsey::server
