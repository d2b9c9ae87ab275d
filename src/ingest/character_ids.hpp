#pragma once
#include "model/character.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::ingest {

/// "new-natalie-weissman" -> "New Natalie Weissman".
[[nodiscard]] std::string name_from_id(std::string_view id);
/// Kebab case: "The Entrance Way.txt" -> "the-entrance-way-txt".
[[nodiscard]] std::string id_from_name(std::string_view name);

/// Gives each character the shorter forms of its id as aliases that are no other's: the first part ("arieol" of "arieol-owlist")
/// and all but the last ("new-natalie" of "new-natalie-weissman").
void add_short_aliases(std::vector<model::Character>& characters);

/// The character's own id for an id, alias or voice; `voice` itself when no character has it.
[[nodiscard]] std::string resolve_voice(const std::vector<model::Character>& characters, const std::string& voice);

/// "#RRGGBB".
[[nodiscard]] bool is_color(std::string_view text);

}  // namespace gibsey::ingest
