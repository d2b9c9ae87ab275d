#pragma once
#include "base/result.hpp"
#include "model/character.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gibsey::store {

/// The characters of MemoryPageStore; each function does what the method of CharacterStore does. Not thread-safe.
class Casts {
 public:
  Result<void> replace(const std::string& world, std::vector<model::Character> characters);
  Result<void> put(model::Character character);
  Result<void> remove(const std::string& world, const std::string& id);
  [[nodiscard]] std::vector<model::Character> list(const std::string& world) const;
  /// In these worlds, in this order.
  [[nodiscard]] std::optional<model::Character> find(const std::vector<std::string>& worlds, const std::string& id) const;
  /// `worlds` and after them the others that have a cast.
  [[nodiscard]] std::vector<std::string> with_others(std::vector<std::string> worlds) const;

 private:
  struct Cast {
    std::vector<model::Character> with_world;
    std::vector<model::Character> edited;  ///< put by themselves, in the order of their first coming
    std::set<std::string> removed;         ///< ids
  };

  std::map<std::string, Cast> casts_;  ///< by world
};

}  // namespace gibsey::store
