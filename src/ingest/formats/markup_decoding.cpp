#include "ingest/formats/markup_decoding.hpp"

#include "base/utf8.hpp"

#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

namespace gibsey::ingest {
namespace {

constexpr std::size_t kHead = 2048;

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// The word behind `name` and an equals sign, in quotation marks or not.
std::string value_of(std::string_view head, std::string_view name) {
  auto at = head.find(name);
  if (at == head.npos) return {};
  at += name.size();
  while (at < head.size() && std::string_view(" \t\r\n").contains(head[at])) ++at;
  if (at >= head.size() || head[at] != '=') return {};
  ++at;
  while (at < head.size() && std::string_view(" \t\r\n\"'").contains(head[at])) ++at;
  const auto end = head.find_first_of(" \t\r\n\"';>/", at);
  return std::string(head.substr(at, end == head.npos ? head.npos : end - at));
}

std::string declared_encoding(std::string_view bytes) {
  const std::string head = lower(bytes.substr(0, kHead));
  if (head.starts_with("<?xml")) {
    const auto declaration = std::string_view(head).substr(0, head.find("?>"));
    if (std::string encoding = value_of(declaration, "encoding"); !encoding.empty()) return encoding;
  }
  const auto meta = head.find("<meta");
  return meta == head.npos ? std::string() : value_of(std::string_view(head).substr(meta), "charset");
}

/// decode_text reads these itself: Latin-1 as every browser does, UTF-16 only with a mark or as markup_is_utf16 sees it.
bool is_left_to_decode_text(const std::string& encoding) {
  static constexpr std::array<std::string_view, 8> kOwn = {"utf-8", "utf8",     "iso-8859-1",   "latin1",
                                                           "ascii", "us-ascii", "windows-1252", "cp1252"};
  return encoding.empty() || encoding.starts_with("utf-16") || encoding.starts_with("utf-32") ||
         std::ranges::find(kOwn, encoding) != kOwn.end();
}

std::string convert(std::string_view bytes, const std::string& encoding) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, CloseConverter> converter(ucnv_open(encoding.c_str(), &status));
  if (U_FAILURE(status) || !converter) return {};
  // Every byte of the encodings that ICU knows gives three bytes of UTF-8 at most, or four for two.
  std::string text(bytes.size() * 3 + 16, '\0');
  const auto length = ucnv_toAlgorithmic(UCNV_UTF8, converter.get(), text.data(), static_cast<std::int32_t>(text.size()),
                                         bytes.data(), static_cast<std::int32_t>(bytes.size()), &status);
  if (U_FAILURE(status)) return {};
  text.resize(static_cast<std::size_t>(length));
  return text;
}

/// "<?xml" or "<html" in UTF-16 without a mark.
std::string_view mark_of_utf16(std::string_view bytes) {
  if (bytes.size() < 4) return {};
  if (bytes[0] == '<' && bytes[1] == '\0' && bytes[2] != '\0' && bytes[3] == '\0') return "\xFF\xFE";
  if (bytes[0] == '\0' && bytes[1] == '<' && bytes[2] == '\0' && bytes[3] != '\0') return "\xFE\xFF";
  return {};
}

}  // namespace

DecodedText decode_markup(std::string_view bytes) {
  if (const auto mark = mark_of_utf16(bytes); !mark.empty()) return decode_text(std::string(mark) += bytes);
  const bool marked = bytes.starts_with("\xEF\xBB\xBF") || bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
  if (marked || utf8::is_valid(bytes)) return decode_text(bytes);
  const std::string encoding = declared_encoding(bytes);
  if (is_left_to_decode_text(encoding)) return decode_text(bytes);
  const std::string text = convert(bytes, encoding);
  if (!text.empty()) return decode_text(text);
  DecodedText decoded = decode_text(bytes);
  decoded.note = "It declares the encoding " + utf8::sanitized(encoding.substr(0, 40)) + ", which is not known. " + decoded.note;
  return decoded;
}

}  // namespace gibsey::ingest
