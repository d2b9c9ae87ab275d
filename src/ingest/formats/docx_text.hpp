#pragma once
#include "ingest/formats/docx_styles.hpp"
#include "ingest/formats/marked_text.hpp"

#include <pugixml.hpp>

namespace gibsey::ingest {

/// Where a page of a Word document begins: the name of a page break until it has a label.
inline constexpr const char* kRenderedBreak = "rendered";  ///< where Word broke the page when it was last saved
inline constexpr const char* kHardBreak = "hard";          ///< where the author did

/// The parts of a Word document that have text, each the root of its XML or empty.
struct DocxParts {
  pugi::xml_node document;
  pugi::xml_node footnotes;
  pugi::xml_node endnotes;
};

/// Its paragraphs, headings, tables and notes in order; page breaks have the names above.
[[nodiscard]] MarkedText read_docx_text(const DocxParts& parts, const DocxStyles& styles);

}  // namespace gibsey::ingest
