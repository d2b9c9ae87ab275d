#pragma once
#include "base/result.hpp"
#include "model/character.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::ingest {

/// Makes characters of the author's character_profiles.json (`characters`: id -> traits, voice patterns, key phrases ...).
/// `colors` maps voices of pages.json to their colour, which goes before the profile's own. Errors: invalid_argument naming
/// `where`.
[[nodiscard]] Result<std::vector<model::Character>> read_profiles(std::string_view json, const std::string& where,
                                                                  const std::map<std::string, std::string>& colors);

/// Makes a character of the author's "first principles" (numbered headings, touch-points, a tone), for a voice without a profile.
[[nodiscard]] model::Character character_from_principles(const std::string& id, std::string_view markdown,
                                                         const std::string& color);

/// "Drinks scotch" -> "You drink scotch.", "Detective supervisor" -> "You are a detective supervisor."; empty for a trait that
/// only marks a place in the plot ("CHAPTER 5 REVELATIONS:") or a role in the telling ("Represents ...").
[[nodiscard]] std::string trait_as_sentence(std::string_view trait);

}  // namespace gibsey::ingest
