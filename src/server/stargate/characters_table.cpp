#include "server/characters.hpp"
#include "server/stargate/table.hpp"
#include "server/stargate/world_rows.hpp"

#include <algorithm>

namespace gibsey::server::stargate {
namespace {

class CharactersTable final : public Table {
 public:
  CharactersTable()
      : Table("characters",
              {{"char_id"},
               {"display_name"},
               {"color_hex"},
               {"system_prompt"},
               {"tone"},
               {"blurb"},
               {"greeting"},
               {"aliases", Type::list},
               {"world"},
               {"world_title"},
               {"character_id"},
               {"user_id"},
               {"name"},
               {"persona_prompt"},
               {"voice_id"},
               {"appearance_seed"},
               {"created_at", Type::timestamp},
               {"updated_at", Type::timestamp}},
              1) {}

  [[nodiscard]] bool bare() const override { return true; }

  Rows find(const Services& services, const RouteRequest&, std::string world, std::vector<std::string> key) const override {
    std::vector<Json> rows;
    GIBSEY_CO_TRY(const auto character, co_await services.characters.find_character(std::move(world), key.at(0)));
    if (!character) co_return rows;
    GIBSEY_CO_TRY(const auto of, co_await services.pages.find_world(character->world));
    rows.push_back(character_json(*character, of.value_or(model::World{.name = character->world})));
    co_return rows;
  }

  Listing list(const Services& services, const RouteRequest&, std::string world, std::string after, int limit) const override {
    GIBSEY_CO_TRY(const auto place, read_place(after, 1));
    GIBSEY_CO_TRY(const auto worlds, co_await worlds_from(services, std::move(world), place.world));
    auto behind = place.parts.empty() ? std::string() : place.parts.front();
    std::vector<PlacedRow> rows;
    for (const auto& name : worlds) {
      GIBSEY_CO_TRY(const auto characters, co_await services.characters.list_characters(name));
      GIBSEY_CO_TRY(const auto of, co_await services.pages.find_world(name));
      auto at = characters.begin();
      if (!behind.empty()) {
        at = std::ranges::find(characters, std::exchange(behind, ""), &model::Character::id);
        if (at == characters.end()) co_return std::unexpected(no_such_place());
        ++at;
      }
      for (; at != characters.end() && rows.size() < static_cast<std::size_t>(limit); ++at) {
        rows.push_back({character_json(*at, of.value_or(model::World{.name = name})), write_place({name, {at->id}})});
      }
    }
    co_return rows;
  }

  Written put(const Services& services, RouteRequest& request, std::vector<std::string> key) const override {
    // A row that was read holds nulls, and names that put_character does not set.
    Json given = Json::object();
    for (const auto& [name, value] : Json::parse(request.http.body).items()) {
      if (!value.is_null()) given[name] = value;
    }
    request.http.body = dump(given);
    request.parameters = {std::move(key.at(0))};
    return put_character(services, request);
  }

  Written remove(const Services& services, RouteRequest& request, std::vector<std::string> key) const override {
    request.parameters = {std::move(key.at(0))};
    return delete_character(services, request);
  }
};

}  // namespace

const Table& characters_table() {
  static const CharactersTable table;
  return table;
}

}  // namespace gibsey::server::stargate
