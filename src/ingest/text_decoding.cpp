#include "ingest/text_decoding.hpp"

#include "base/utf8.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace gibsey::ingest {
namespace {

// What Windows-1252 has at 0x80 to 0x9F; 0 where it has nothing.
constexpr std::array<char32_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178};

std::string from_windows_1252(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 16);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    const char32_t c = value >= 0x80 && value < 0xA0 ? kWindows1252[value - 0x80U] : value;
    if (c != 0 || value == 0) utf8::append(text, c);
  }
  return text;
}

std::string from_utf16(std::string_view bytes, bool big_endian) {
  std::string text;
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<char32_t>(big_endian ? (first << 8 | second) : (second << 8 | first));
  };
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    char32_t c = unit(at);
    if (c >= 0xD800 && c < 0xDC00 && at + 3 < bytes.size()) {
      const char32_t low = unit(at + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        at += 2;
      }
    }
    utf8::append(text, c >= 0xD800 && c < 0xE000 ? utf8::kReplacement : c);
  }
  return text;
}

/// LF for every line end; form feeds begin a new paragraph; other control characters are dropped.
std::string tidy(std::string_view text, std::size_t& dropped) {
  std::string tidied;
  tidied.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\r') {
      if (i + 1 >= text.size() || text[i + 1] != '\n') tidied += '\n';
    } else if (c == '\f') {
      tidied += "\n\n";
    } else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
      ++dropped;
    } else if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      ++i;  // U+0080 to U+009F
      ++dropped;
    } else {
      tidied += text[i];
    }
  }
  return tidied;
}

std::string compose(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status) || nfc == nullptr) throw std::runtime_error("ICU has no normalisation tables; is its data installed?");
  if (nfc->isNormalizedUTF8(text, status)) return text;
  std::string composed;
  icu::StringByteSink<std::string> sink(&composed);
  nfc->normalizeUTF8(0, text, sink, nullptr, status);
  return U_FAILURE(status) ? text : composed;
}

}  // namespace

DecodedText decode_text(std::string_view bytes) {
  DecodedText decoded;
  std::string text;
  if (bytes.starts_with("\xEF\xBB\xBF")) {
    text = utf8::sanitized(bytes.substr(3));
  } else if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    text = from_utf16(bytes.substr(2), bytes.starts_with("\xFE\xFF"));
  } else if (utf8::is_valid(bytes)) {
    text = bytes;
  } else {
    text = from_windows_1252(bytes);
    decoded.note = "The text is not valid UTF-8 and was read as Windows-1252 (Latin-1).";
  }
  std::size_t dropped = 0;
  text = tidy(text, dropped);
  if (dropped > 0) {
    if (!decoded.note.empty()) decoded.note += ' ';
    decoded.note += std::to_string(dropped) + " control characters were left out.";
  }
  decoded.text = compose(text);
  return decoded;
}

}  // namespace gibsey::ingest
