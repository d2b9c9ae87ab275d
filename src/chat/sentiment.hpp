#pragma once
#include "base/result.hpp"
#include "chat/sentiment_lexicon.hpp"
#include "model/sentiment.hpp"

#include <filesystem>
#include <string_view>

namespace gibsey::chat {

/// VADER 3.3.2: how a text feels, by a lexicon and a few rules (Hutto and Gilbert 2014). Every score is the one that the released
/// package gives under CPython 3.11 (Unicode 14; from 3.12 on `sum` adds otherwise), its rounding and its sign of zero included.
/// The repository went on under the same number: there "beating heart" is 3.1 and "broken heart" -2.9. Immutable, safe to share
/// between threads.
class Sentiments {
 public:
  /// Reads vader_lexicon.txt and emoji_utf8_lexicon.txt of the package vaderSentiment in `folder` (set-up puts them into the
  /// cache's vader/). Errors: not_found, unavailable, corrupt (naming file and line).
  [[nodiscard]] static Result<Sentiments> load(const std::filesystem::path& folder);

  /// `text` is valid UTF-8. A text without a word is 0 in everything, the neutral share too.
  [[nodiscard]] model::Sentiment score(std::string_view text) const;

 private:
  explicit Sentiments(SentimentLexicon lexicon) : lexicon_(std::move(lexicon)) {}

  SentimentLexicon lexicon_;
};

}  // namespace gibsey::chat
