#pragma once
#include "base/result.hpp"
#include "ingest/formats/child_process.hpp"
#include "ingest/text_chapters.hpp"

#include <filesystem>

namespace gibsey::ingest {

/// A PDF's text, by the program pdftotext of poppler-utils, which runs as a process of its own within the limits. Its pages are
/// the book's, with the labels that are printed on them. Errors, each a sentence that names the file and says what to do:
/// unavailable (pdftotext is not installed), invalid_argument (locked, damaged, or only pictures), deadline, too_large (the file
/// is over 1 GiB, or its text past the limit).
[[nodiscard]] Result<TextChapters> read_pdf(const std::filesystem::path& path, const ProcessLimits& limits = {});

}  // namespace gibsey::ingest
