#pragma once
#include "ingest/importer.hpp"

namespace gibsey::ingest {

/// A folder with pages.json (`id,symbolId,title,color,pageIndex,section,filename`, perhaps `chapter`) and a Markdown file a page,
/// beside it or in pages/. Characters come from characters/*.toml, else from character_profiles.json; a voice that has neither
/// gets one from characters/VOICE.md. world.toml is read where there is one. Errors name the file and what is wrong with it;
/// missing page files are named together.
[[nodiscard]] Result<Book> read_author_folder(const std::string& world_name, const std::filesystem::path& folder);

}  // namespace gibsey::ingest
