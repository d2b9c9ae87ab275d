#pragma once
#include "base/result.hpp"
#include "ingest/text_chapters.hpp"

#include <filesystem>

namespace gibsey::ingest {

/// One HTML file: chapters by its headings, pages as printed where it marks them. Errors, naming the file: not_found,
/// unavailable, too_large (over 64 MiB, or tags beyond measure).
[[nodiscard]] Result<TextChapters> read_html(const std::filesystem::path& path);

}  // namespace gibsey::ingest
