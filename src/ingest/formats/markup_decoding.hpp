#pragma once
#include "ingest/text_decoding.hpp"

namespace gibsey::ingest {

/// Text of an HTML, XHTML or XML file, as decode_text gives it. A byte-order mark goes first, then UTF-16 without one, then what
/// is valid UTF-8 whatever the file declares, then the encoding that a `<?xml encoding=...?>` or `<meta charset=...>` in the
/// first 2 KiB declares, as far as ICU knows it; else Windows-1252, which is told in a note.
[[nodiscard]] DecodedText decode_markup(std::string_view bytes);

}  // namespace gibsey::ingest
