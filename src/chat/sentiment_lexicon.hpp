#pragma once
#include "base/result.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gibsey::chat {

/// What VADER knows about a word. One that it does not know is the default.
struct SentimentEntry {
  std::optional<double> valence;  ///< -4..4
  double boost = 0;               ///< what it adds to the strength of a word behind it; 0: it is no degree adverb
  bool negates = false;
};

/// VADER's word list and its names of emoji, with the degree adverbs and negations of its rules.
class SentimentLexicon {
 public:
  /// Errors: not_found, unavailable, corrupt.
  [[nodiscard]] static Result<SentimentLexicon> load(const std::filesystem::path& words, const std::filesystem::path& emoji);

  /// `word` in lower case.
  [[nodiscard]] SentimentEntry find(std::string_view word) const;
  /// "grinning face"; null for any other character.
  [[nodiscard]] const std::string* emoji_name(char32_t character) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::unordered_map<std::string, SentimentEntry, Hash, std::equal_to<>> words_;
  std::unordered_map<char32_t, std::string> emoji_;
};

}  // namespace gibsey::chat
