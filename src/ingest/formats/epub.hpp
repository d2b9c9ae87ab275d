#pragma once
#include "base/result.hpp"
#include "ingest/formats/zip_archive.hpp"
#include "ingest/text_chapters.hpp"

namespace gibsey::ingest {

/// An EPUB, 2 or 3: its spine in order, chapters by its table of contents (else by headings), printed pages by its list of pages
/// or its marks. Errors, each a sentence that names the file and says what to do: those of ZipArchive::open and
/// read_epub_package; invalid_argument also where there is no text.
[[nodiscard]] Result<TextChapters> read_epub(const std::filesystem::path& path, const ZipLimits& limits = {});

/// What is kept of an EPUB's entries.
[[nodiscard]] const std::set<std::string>& epub_endings();

}  // namespace gibsey::ingest
