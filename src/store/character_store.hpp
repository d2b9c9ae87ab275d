#pragma once
#include "model/character.hpp"
#include "store/store_fwd.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::store {

/// Characters, unique by (world, id). Errors: unavailable, corrupt. Safe to call concurrently.
class CharacterStore {
 public:
  virtual ~CharacterStore() = default;

  /// Makes `characters` the world's cast, in this order; they are stored under `world`, which need not have been put. Characters
  /// that put_character wrote stay as they are, after these, and win over one of the same id; so does the removal of one.
  /// invalid_argument: an id that is empty or given twice (the cast stays as it was).
  virtual Async<void> replace_characters(std::string world, std::vector<model::Character> characters) = 0;
  /// Inserts or replaces one; `created` of a stored one is kept, `updated` is now. invalid_argument: an empty id or world.
  virtual Async<void> put_character(model::Character character) = 0;
  /// By id, not by alias; not_found. One that came with its world does not return when the world is read again.
  virtual Async<void> remove_character(std::string world, std::string id) = 0;
  virtual Async<std::vector<model::Character>> list_characters(std::string world) = 0;
  /// By id, else by alias. `world` "" searches all worlds in order of first insertion; an id wins over an alias.
  /// An alias given twice is the first one's.
  virtual Async<std::optional<model::Character>> find_character(std::string world, std::string id) = 0;
  /// The same, asked for by a reader: another service may want to know by whom.
  virtual Async<std::optional<model::Character>> find_character_for(std::string /*user_id*/, std::string world, std::string id) {
    return find_character(std::move(world), std::move(id));
  }
};

}  // namespace gibsey::store
