#pragma once
#include "model/character.hpp"
#include "store/store_fwd.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gibsey::store {

/// Characters, unique by (world, id). Errors: unavailable, corrupt. Safe to call concurrently.
class CharacterStore {
 public:
  virtual ~CharacterStore() = default;

  /// Makes `characters` the world's whole cast, in this order; they are stored under `world`, which need not have been put.
  /// invalid_argument: an id that is empty or given twice (the cast stays as it was).
  virtual Async<void> replace_characters(std::string world, std::vector<model::Character> characters) = 0;
  virtual Async<std::vector<model::Character>> list_characters(std::string world) = 0;
  /// By id, else by alias. `world` "" searches all worlds in order of first insertion; an id wins over an alias.
  /// An alias given twice is the first one's.
  virtual Async<std::optional<model::Character>> find_character(std::string world, std::string id) = 0;
};

}  // namespace gibsey::store
