#pragma once
#include "ingest/formats/zip_archive.hpp"

#include <string>
#include <vector>

namespace gibsey::ingest {

/// What an EPUB's package document says.
struct EpubPackage {
  std::string title;
  std::string author;
  std::string language;
  std::vector<std::string> spine;  ///< entries of the archive, in reading order, those that are there
  std::string nav;                 ///< the navigation document of EPUB 3, empty when there is none
  std::string ncx;                 ///< the table of contents of EPUB 2, likewise
  std::string contents_page;       ///< a part of the spine that EPUB 2's guide calls the table of contents, likewise
  std::vector<std::string> notes;
};

/// Errors, naming `where`: invalid_argument when the archive is no EPUB, is copy-protected (anything but its fonts is encrypted),
/// or its package document cannot be read or names no text that is there.
[[nodiscard]] Result<EpubPackage> read_epub_package(const ZipArchive& zip, const std::string& where);

}  // namespace gibsey::ingest
