#include "chat/words.hpp"

#include <cctype>

namespace gibsey::chat {
namespace {

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}
// Every byte of a character beyond ASCII counts as part of a word, typographic marks excepted (they all begin with E2 80).
bool is_word_byte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

std::string without_typography(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "\xE2\x80" && i + 2 < text.size()) {
      // Apostrophes are U+2018 and U+2019; every other mark of this block parts words.
      const auto last = static_cast<unsigned char>(text[i + 2]);
      out.push_back(last == 0x98 || last == 0x99 ? '\'' : ' ');
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::vector<std::string> words_of(std::string_view raw) {
  const auto text = without_typography(raw);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < text.size();) {
    while (i < text.size() && is_space(text[i])) ++i;
    auto end = i;
    while (end < text.size() && !is_space(text[end])) ++end;
    auto first = i;
    auto last = end;
    while (first < last && !is_word_byte(text[first])) ++first;
    while (last > first && !is_word_byte(text[last - 1])) --last;
    if (last > first) {
      std::string word;
      for (auto p = first; p < last; ++p) word.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(text[p]))));
      words.push_back(std::move(word));
    }
    i = end;
  }
  return words;
}

}  // namespace

int count_words(std::string_view text) {
  return static_cast<int>(words_of(text).size());
}

std::vector<std::string> plain_words(std::string_view text) {
  return words_of(text);
}

bool ends_sentence(std::string_view text) {
  while (!text.empty()) {
    const char last = text.back();
    if (is_space(last) || last == '"' || last == '\'' || last == ')' || last == ']' || last == '*' || last == '_') {
      text.remove_suffix(1);
    } else if (text.ends_with("\u201D") || text.ends_with("\u2019")) {
      text.remove_suffix(3);
    } else {
      return last == '.' || last == '!' || last == '?' || text.ends_with("\u2026");
    }
  }
  return false;
}

}  // namespace gibsey::chat
