#pragma once
#include "base/result.hpp"
#include "model/character.hpp"
#include "model/world.hpp"

#include <filesystem>
#include <vector>

namespace gibsey::ingest {

/// Puts what `folder`/world.toml, `folder`/templates/prompt.j2 and prompt.small.j2 say into `world`. Errors: not_found when there
/// is no world.toml, invalid_argument naming file, line or field.
[[nodiscard]] Result<void> read_world_toml(const std::filesystem::path& folder, model::World& world);

/// The characters of `folder`/characters/*.toml, in the order of their file names; none when there are none. A character needs a
/// system_prompt; its id is the file's name unless it says another; color_hex must be #RRGGBB; ids and aliases must differ. A
/// creator has a [personality]: summary and the tables vocabulary, tone and style_markers (model/personality.hpp names their
/// fields).
[[nodiscard]] Result<std::vector<model::Character>> read_character_files(const std::filesystem::path& folder,
                                                                         const std::string& world_name);

/// What a world without its own narrator is told by: a neutral voice that keeps to the book.
[[nodiscard]] model::Character plain_narrator(const model::World& world);

}  // namespace gibsey::ingest
