#pragma once
#include "base/result.hpp"
#include "ingest/formats/zip_archive.hpp"
#include "ingest/text_chapters.hpp"

namespace gibsey::ingest {

/// A Word document (DOCX): headings by their styles, pages as Word laid them out last where the file tells, else by its page
/// breaks where they make pages. Footnotes follow their paragraph; what was deleted under "track changes" and hidden text is left
/// out. Errors, each a sentence that names the file and says what to do: those of ZipArchive::open; invalid_argument when it
/// holds no Word document, or no text.
[[nodiscard]] Result<TextChapters> read_docx(const std::filesystem::path& path, const ZipLimits& limits = {});

}  // namespace gibsey::ingest
