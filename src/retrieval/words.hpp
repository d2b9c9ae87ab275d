#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct sb_stemmer;

namespace gibsey::retrieval {

/// Calls `use` with each word of `text` in order: letters and digits, case-folded, without diacritics, apostrophes or a
/// possessive 's. Ideographs and kana count one word each.
void for_each_word(std::string_view text, const std::function<void(const std::string&)>& use);
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

/// Words as a reader counts them: runs between white space or dashes that hold a letter or digit, and never fewer than the
/// runs between white space alone, so that no way of counting finds more.
[[nodiscard]] int count_words(std::u32string_view text);

/// Such function words as "the", "of", "what", folded as `for_each_word` gives them. Empty for a language without a list.
[[nodiscard]] bool is_stop_word(std::string_view word, std::string_view language);

/// Snowball stems of one language (ISO 639 code or English name). A language that Snowball does not know leaves words as they
/// are. Not safe to share between threads; cheap to make.
class Stemmer {
 public:
  explicit Stemmer(const std::string& language);
  ~Stemmer();
  Stemmer(const Stemmer&) = delete;
  Stemmer& operator=(const Stemmer&) = delete;

  [[nodiscard]] std::string stem(const std::string& word) const;

 private:
  sb_stemmer* stemmer_ = nullptr;
};

}  // namespace gibsey::retrieval
