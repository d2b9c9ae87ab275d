#pragma once
#include "base/result.hpp"
#include "ingest/formats/marked_text.hpp"

namespace gibsey::ingest {

/// The words of an HTML document as a reader sees them, in UTF-8 without declarations. Dropped: scripts, styles, comments, forms,
/// navigation, what is hidden, links back from footnotes. Kept readable: line breaks, preformatted text, lists (numbers stay,
/// dots do not), tables (a row a line, cells parted by " | "), references to notes "[1]", ruby "base(reading)". Errors:
/// too_large.
[[nodiscard]] Result<MarkedText> read_html_text(std::string html);

}  // namespace gibsey::ingest
