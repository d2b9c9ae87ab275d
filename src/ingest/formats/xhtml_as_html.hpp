#pragma once
#include <string>
#include <string_view>

namespace gibsey::ingest {

/// XHTML for a parser of HTML: what XML closes at once (`<title/>`, `<a id="x"/>`) gets its closing tag, CDATA becomes text, and
/// the document type with all its entity declarations goes, so that none of them is ever expanded or fetched.
[[nodiscard]] std::string xhtml_as_html(std::string_view xhtml);

/// Whether a document says of itself, in its first KiB, that it is XHTML.
[[nodiscard]] bool says_xhtml(std::string_view text);

}  // namespace gibsey::ingest
