#pragma once
#include "base/result.hpp"
#include "model/character.hpp"
#include "model/world.hpp"
#include "server/services.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace gibsey::server {

/// Someone who answers, as a model with a name.
struct CharacterModel {
  std::string id;  ///< "gibsey", "arieol", "chrysopedia/narrator"; what choose_model() reads
  model::World world;
  model::Character character;  ///< the narrator's has no id
};

/// All that can be asked: the narrator of the first world, the characters of all worlds in their order (with the world's name in
/// front where an earlier world has the same id), the other narrators. Errors of the stores.
boost::asio::awaitable<Result<std::vector<CharacterModel>>> list_models(const Services& services);
/// The one of that name, by an alias too. not_found with a sentence for the client.
boost::asio::awaitable<Result<CharacterModel>> find_model(const Services& services, std::string name);

[[nodiscard]] std::string no_model(const std::string& name);

}  // namespace gibsey::server
