#include "server/stargate/world_rows.hpp"

#include "server/world_choice.hpp"

#include <algorithm>

namespace gibsey::server::stargate {

std::string write_place(const Place& place) {
  auto text = place.world;
  for (const auto& part : place.parts) text += '\n' + part;
  return text;
}

Error no_such_place() {
  return {ErrorCode::invalid_argument, "The 'page-state' is none that this server gave, or its row is gone; begin without it."};
}

Result<Place> read_place(const std::string& text, std::size_t parts) {
  Place place;
  if (text.empty()) return place;
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    place.parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  place.parts.push_back(text.substr(begin));
  place.world = place.parts.front();
  place.parts.erase(place.parts.begin());
  if (place.world.empty() || place.parts.size() != parts) return std::unexpected(no_such_place());
  return place;
}

boost::asio::awaitable<Result<std::vector<std::string>>> worlds_from(const Services& services, std::string only,
                                                                     std::string from) {
  std::vector<std::string> names;
  if (!only.empty()) {
    GIBSEY_CO_TRY(const auto world, co_await choose_world(services.pages, only));
    names.push_back(world.name);
  } else {
    GIBSEY_CO_TRY(const auto worlds, co_await services.pages.list_worlds());
    for (const auto& world : worlds) names.push_back(world.name);
  }
  if (from.empty()) co_return names;
  const auto at = std::ranges::find(names, from);
  if (at == names.end()) co_return std::unexpected(no_such_place());
  names.erase(names.begin(), at);
  co_return names;
}

}  // namespace gibsey::server::stargate
