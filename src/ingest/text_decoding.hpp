#pragma once
#include <string>
#include <string_view>

namespace gibsey::ingest {

struct DecodedText {
  std::string text;  ///< UTF-8 in normalisation form C; line ends are LF, tabs and line feeds the only control characters
  std::string note;  ///< what was guessed or left out, a plain sentence; empty when nothing was
};

/// Text of a file: UTF-8 or UTF-16 with a byte-order mark, UTF-8 without one, and where the bytes are no valid UTF-8,
/// Windows-1252 (of which Latin-1 is a part).
[[nodiscard]] DecodedText decode_text(std::string_view bytes);

}  // namespace gibsey::ingest
