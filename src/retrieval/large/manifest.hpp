#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::retrieval::large {

/// What an index is made of. It is written last: without it the files beside it are litter.
struct Manifest {
  std::string world;
  std::string language;
  std::string embedding_model;        ///< "" without vectors
  std::string generation;             ///< the folder, beside the manifest, that holds the files
  std::int64_t cursor = 0;            ///< the index has the store's changes up to this one, and perhaps some later ones
  std::vector<std::string> segments;  ///< NAME.text, NAME.vectors, NAME.passages; in the book's order
};

/// Nullopt where there is none. corrupt: it is not what write_manifest wrote.
Result<std::optional<Manifest>> read_manifest(const std::filesystem::path& folder);
/// Puts it in the place of the one before: after a crash there is one or the other, whole.
Result<void> write_manifest(const std::filesystem::path& folder, const Manifest& manifest);
/// Removes all that `keep` does not name: what is left of a build that was killed, and the files of earlier manifests. Files that
/// are mapped stay readable.
void remove_litter(const std::filesystem::path& folder, const std::optional<Manifest>& keep);

}  // namespace gibsey::retrieval::large
