#pragma once
#include <string>
#include <string_view>

namespace gibsey::ingest {

/// A text without what Project Gutenberg put around it.
struct GutenbergText {
  std::string text;   ///< all of the source when no header or licence was found
  std::string title;  ///< as the header says, else empty
  std::string author;
  std::string language;  ///< ISO 639-1 where the header names a language that is known here
  bool cut = false;
};

/// Cuts the header and licence, marked "*** START OF ..." and "*** END OF ..." or, in older files, "*END*THE SMALL PRINT" and
/// "End of Project Gutenberg's". Transcribers' notes inside are left.
[[nodiscard]] GutenbergText cut_gutenberg(std::string_view text);

}  // namespace gibsey::ingest
