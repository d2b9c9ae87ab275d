#include "ingest/formats/html.hpp"

#include "ingest/file_bytes.hpp"
#include "ingest/formats/html_text.hpp"
#include "ingest/formats/markup_decoding.hpp"
#include "ingest/formats/xhtml_as_html.hpp"

#include <fmt/format.h>

namespace gibsey::ingest {
namespace {

constexpr std::uintmax_t kMost = std::uintmax_t{64} << 20;

}  // namespace

Result<TextChapters> read_html(const std::filesystem::path& path) {
  GIBSEY_TRY(const std::string bytes, read_file(path, kMost));
  DecodedText decoded = decode_markup(bytes);
  const bool xhtml = says_xhtml(decoded.text);
  auto text = read_html_text(xhtml ? xhtml_as_html(decoded.text) : std::move(decoded.text));
  if (!text) return fail(text.error().code, fmt::format("{}: {}", path.string(), text.error().message));
  if (!decoded.note.empty()) text->notes.push_back(decoded.note);
  cut_gutenberg(*text);
  return chapters_by_headings(std::move(*text));
}

}  // namespace gibsey::ingest
