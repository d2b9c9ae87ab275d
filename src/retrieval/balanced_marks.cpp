#include "retrieval/chunks.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <string>

namespace gibsey::retrieval {
namespace {

bool is_letter(char32_t c) {
  return u_isalpha(static_cast<UChar32>(c)) != 0;
}
bool is_space(char32_t c) {
  return c == 0 || u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}
bool is_word(char32_t c) {
  return u_isalnum(static_cast<UChar32>(c)) != 0;
}

constexpr std::u32string_view kStops = U".,!?;:-—–…";
constexpr std::array<std::u32string_view, 9> kElisions = {U"tis", U"twas", U"twere", U"twill", U"twould",
                                                          U"em",  U"til",  U"cause", U"round"};

/// Reads a text once, left to right; each kind of mark has its own state, for they are seldom nested wrongly.
class MarkReader {
 public:
  explicit MarkReader(std::u32string_view text) : text_(text) {}

  bool balanced() {
    for (at_ = 0; at_ < text_.size(); ++at_) {
      if (!read(text_[at_])) return false;
    }
    return parentheses_ == 0 && brackets_ == 0 && curved_ == 0 && low_ == 0 && guillemets_ == 0 && !straight_open_ &&
           single_ == 0;
  }

 private:
  bool read(char32_t c) {
    switch (c) {
      case U'(': ++parentheses_; return true;
      case U')': return parentheses_-- > 0;
      case U'[': ++brackets_; return true;
      case U']': return brackets_-- > 0;
      case U'«': ++guillemets_; return true;
      case U'»': return guillemets_-- > 0;
      case U'„': ++low_; return true;
      case U'“': low_ > 0 ? --low_ : ++curved_; return true;
      case U'”': return curved_-- > 0;
      case U'"': return straight_double();
      case U'‘': return opening_single();
      case U'’':
      case U'\'': return single();
      default: return true;
    }
  }

  [[nodiscard]] char32_t before() const { return at_ == 0 ? U'\0' : text_[at_ - 1]; }
  [[nodiscard]] char32_t after() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : U'\0'; }

  bool straight_double() {
    if (!straight_open_ && !is_space(before()) && !is_word(after()) && kOpeners.find(before()) == kOpeners.npos) return false;
    straight_open_ = !straight_open_;
    return true;
  }

  bool opening_single() {
    if (!is_elision()) ++single_;
    return true;
  }

  /// ' or the right single mark: an apostrophe, a closing mark or, for the straight one, an opening mark.
  bool single() {
    if (is_letter(before()) && is_word(after())) return true;
    const bool opens = text_[at_] == U'\'' && (is_space(before()) || kOpeners.contains(before())) && !is_space(after());
    if (opens) return opening_single();
    if (is_word(after())) return true;
    if (single_ > 0) {
      --single_;
      return true;
    }
    return !kStops.contains(before()) && !is_space(before());
  }

  [[nodiscard]] bool is_elision() const {
    std::u32string word;
    for (std::size_t i = at_ + 1; i < text_.size() && is_letter(text_[i]); ++i) {
      word += static_cast<char32_t>(u_tolower(static_cast<UChar32>(text_[i])));
    }
    return std::ranges::find(kElisions, std::u32string_view(word)) != kElisions.end();
  }

  static constexpr std::u32string_view kOpeners = U"\"“‘([—–-_*«";
  std::u32string_view text_;
  std::size_t at_ = 0;
  int parentheses_ = 0;
  int brackets_ = 0;
  int guillemets_ = 0;
  int curved_ = 0;
  int low_ = 0;
  int single_ = 0;
  bool straight_open_ = false;
};

}  // namespace

bool has_balanced_marks(std::u32string_view text) {
  return MarkReader(text).balanced();
}

}  // namespace gibsey::retrieval
