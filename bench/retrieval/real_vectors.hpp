#pragma once
#include "provider/embedder.hpp"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace gibsey::bench {

/// Vectors of up to `most` paragraphs (30 words or more) of the Markdown, text and JSONL files in `folders`, by `embedder`; kept
/// in the file `kept` between runs. Throws where there is no paragraph.
std::vector<std::vector<float>> real_vectors(provider::Embedder& embedder, const std::vector<std::filesystem::path>& folders,
                                             std::size_t most, const std::filesystem::path& kept);

}  // namespace gibsey::bench
