#include "base/utf8.hpp"
#include "retrieval/quote_finder.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace gibsey::retrieval {
namespace {

bool is_space(char32_t c) {
  return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}
bool is_letter(char32_t c) {
  return u_isalpha(static_cast<UChar32>(c)) != 0;
}

/// Characters without a shape: soft hyphen, zero-width space and joiners, direction marks, word joiner, byte-order mark.
bool vanishes(char32_t c) {
  return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF;
}

/// The ASCII form of a quotation mark or dash, else `c`.
char32_t fold_mark(char32_t c) {
  switch (c) {
    case U'\u2018':
    case U'\u2019':
    case U'\u201A':
    case U'\u201B':
    case U'\u2039':
    case U'\u203A':
    case U'\u2032':
    case U'\u02BC':
    case U'\u00B4':
    case U'`': return U'\'';
    case U'\u201C':
    case U'\u201D':
    case U'\u201E':
    case U'\u201F':
    case U'\u00AB':
    case U'\u00BB':
    case U'\u2033': return U'"';
    case U'\u2010':
    case U'\u2011':
    case U'\u2012':
    case U'\u2013':
    case U'\u2014':
    case U'\u2015':
    case U'\u2212':
    case U'\uFE58':
    case U'\uFE63':
    case U'\uFF0D': return U'-';
    default: return c;
  }
}

class Normalizer {
 public:
  explicit Normalizer(std::string_view text) {
    result_.text.reserve(text.size());
    result_.offsets.reserve(text.size() + 1);
    source_.reserve(text.size());
    while (!text.empty()) {
      const utf8::Decoded next = utf8::decode(text);
      text.remove_prefix(next.length);
      source_ += next.code_point;
    }
  }

  NormalizedText run() {
    for (at_ = 0; at_ < source_.size(); ++at_) take(source_[at_]);
    result_.offsets.push_back(static_cast<std::int32_t>(source_.size()));
    return std::move(result_);
  }

 private:
  void take(char32_t source) {
    if (source < 0x80 && source != U'-' && source != U'`' && source > U' ') return put(source);
    if (vanishes(source)) return;
    const char32_t c = fold_mark(source);
    if (is_space(c)) {
      space_ = space_ || !result_.text.empty();
    } else if (c == U'-') {
      take_dash();
    } else if (c < 0x80) {
      if (c >= U' ') put(c);
    } else {
      put_decomposed(c);
    }
  }

  void take_dash() {
    const bool more = at_ + 1 < source_.size() && fold_mark(source_[at_ + 1]) == U'-';
    const bool joined = !space_ && !result_.text.empty() && is_letter(result_.text.back()) && !more && joins_lines();
    if (joined) return;
    put(U'-');
    while (at_ + 1 < source_.size() && fold_mark(source_[at_ + 1]) == U'-') ++at_;
  }

  /// Whether only one line break stands between the hyphen here and a letter; steps to that letter if so.
  bool joins_lines() {
    std::size_t next = at_ + 1;
    int breaks = 0;
    while (next < source_.size() && is_space(source_[next])) breaks += source_[next++] == U'\n' ? 1 : 0;
    if (breaks != 1 || next >= source_.size() || !is_letter(source_[next])) return false;
    at_ = next - 1;
    return true;
  }

  void put_decomposed(char32_t c) {
    static const icu::Normalizer2* const decompose = [] {
      UErrorCode status = U_ZERO_ERROR;
      return icu::Normalizer2::getNFKDInstance(status);
    }();
    icu::UnicodeString parts;
    if (decompose == nullptr || !decompose->getDecomposition(static_cast<UChar32>(c), parts)) return put(c);
    for (int32_t i = 0; i < parts.length(); i = parts.moveIndex32(i, 1)) {
      const auto part = static_cast<char32_t>(parts.char32At(i));
      if (is_space(part)) {
        space_ = space_ || !result_.text.empty();
      } else {
        put(part);
      }
    }
  }

  void put(char32_t c) {
    const auto offset = static_cast<std::int32_t>(at_);
    if (space_) {
      result_.text += U' ';
      result_.offsets.push_back(offset - 1);
      space_ = false;
    }
    result_.text += c;
    result_.offsets.push_back(offset);
  }

  std::u32string source_;
  NormalizedText result_;
  std::size_t at_ = 0;
  bool space_ = false;  ///< white space was read and is due before the next character
};

}  // namespace

NormalizedText normalize_for_quoting(std::string_view text) {
  return Normalizer(text).run();
}

}  // namespace gibsey::retrieval
