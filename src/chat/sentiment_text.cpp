#include "chat/sentiment_text.hpp"

#include "base/utf8.hpp"

#include <unicode/uchar.h>

#include <algorithm>

namespace gibsey::chat {
namespace {

// string.punctuation
constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
// That of CPython 3.11; characters that came later have no case there.
constexpr int kUnicodeVersion = 14;

/// str.isspace: bidirectional class WS, B or S, or category Zs.
bool is_space(char32_t c) {
  if (c <= 0x20) return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20);
  if (c < 0x1680) return c == 0x85 || c == 0xA0;
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_known(char32_t c) {
  UVersionInfo version{};
  u_charAge(static_cast<UChar32>(c), version);
  return version[0] <= kUnicodeVersion;
}

enum class Case { none, upper, other };

Case case_of(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? Case::upper : c >= 'a' && c <= 'z' ? Case::other : Case::none;
  const auto point = static_cast<UChar32>(c);
  if (!is_known(c)) return Case::none;
  if (u_hasBinaryProperty(point, UCHAR_LOWERCASE) || u_charType(point) == U_TITLECASE_LETTER) return Case::other;
  return u_hasBinaryProperty(point, UCHAR_UPPERCASE) ? Case::upper : Case::none;
}

/// str.lower as far as a lexicon with no Greek in it can tell: a final sigma is not minded.
void append_lower(std::string& text, char32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  } else if (c == 0x130) {  // the one letter that becomes two: a dotted capital I
    text += "i\u0307";
  } else {
    utf8::append(text, is_known(c) ? static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))) : c);
  }
}

std::string with_names_of_emoji(std::string_view text, const SentimentLexicon& lexicon) {
  std::string out;
  out.reserve(text.size());
  bool after_space = true;
  while (!text.empty()) {
    const utf8::Decoded next = utf8::decode(text);
    const std::string* name = next.code_point < 0x80 ? nullptr : lexicon.emoji_name(next.code_point);
    if (name != nullptr) {
      if (!after_space) out += ' ';
      out += *name;
      after_space = false;
    } else {
      out += text.substr(0, next.length);
      after_space = next.code_point == ' ';
    }
    text.remove_prefix(next.length);
  }
  return out;
}

/// Without the punctuation around it; an emoticon, of which no more than two characters would stay, is left whole.
std::string_view stripped(std::string_view token) {
  const auto first = token.find_first_not_of(kPunctuation);
  if (first == token.npos) return token;
  const std::string_view word = token.substr(first, token.find_last_not_of(kPunctuation) + 1 - first);
  return utf8::length(word) <= 2 ? token : word;
}

SentimentWord read_word(std::string_view token, const SentimentLexicon& lexicon) {
  SentimentWord word;
  bool upper = false;
  bool other = false;
  for (std::string_view rest = stripped(token); !rest.empty();) {
    const utf8::Decoded next = utf8::decode(rest);
    const Case letter_case = case_of(next.code_point);
    upper |= letter_case == Case::upper;
    other |= letter_case == Case::other;
    append_lower(word.lower, next.code_point);
    rest.remove_prefix(next.length);
  }
  word.all_caps = upper && !other;
  word.entry = lexicon.find(word.lower);
  word.entry.negates |= word.lower.contains("n't");
  return word;
}

}  // namespace

SentimentText read_sentiment_text(std::string_view text, const SentimentLexicon& lexicon) {
  const std::string plain = with_names_of_emoji(text, lexicon);
  SentimentText result;
  result.exclamations = static_cast<int>(std::ranges::count(plain, '!'));
  result.questions = static_cast<int>(std::ranges::count(plain, '?'));
  const std::string_view all = plain;
  std::size_t start = 0;
  for (std::size_t at = 0; at < all.size();) {
    const utf8::Decoded next = utf8::decode(all.substr(at));
    if (is_space(next.code_point)) {
      if (at > start) result.words.push_back(read_word(all.substr(start, at - start), lexicon));
      start = at + next.length;
    }
    at += next.length;
  }
  if (start < all.size()) result.words.push_back(read_word(all.substr(start), lexicon));
  const auto capitals = std::ranges::count_if(result.words, &SentimentWord::all_caps);
  result.mixed_case = capitals > 0 && static_cast<std::size_t>(capitals) < result.words.size();
  return result;
}

}  // namespace gibsey::chat
