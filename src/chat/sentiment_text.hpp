#pragma once
#include "chat/sentiment_lexicon.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::chat {

/// A word or emoticon as VADER's rules see it.
struct SentimentWord {
  std::string lower;
  bool all_caps = false;
  SentimentEntry entry;  ///< `negates` holds for every word with n't in it

  [[nodiscard]] bool is(std::string_view word) const { return lower == word; }
};

struct SentimentText {
  std::vector<SentimentWord> words;
  bool mixed_case = false;  ///< some words are in capitals and some are not, so that capitals are meant as emphasis
  int exclamations = 0;
  int questions = 0;
};

/// `text` with its emoji replaced by their names, cut into words without the punctuation around them. White space, case and
/// length are Python's: str.split, str.isupper, str.lower, len.
[[nodiscard]] SentimentText read_sentiment_text(std::string_view text, const SentimentLexicon& lexicon);

}  // namespace gibsey::chat
