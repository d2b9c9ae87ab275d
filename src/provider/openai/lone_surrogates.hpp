#pragma once
#include <string>
#include <string_view>

namespace gibsey::provider {

/// A server that cuts its text between the halves of a character past U+FFFF writes each half as a JSON escape of its own
/// ("\ud83d", then "\ude00" in the next piece), which no JSON parser takes. `document` with each such half written as a character
/// of the last private block instead, from which SurrogateJoiner makes the character again.
[[nodiscard]] std::string carry_lone_surrogates(std::string_view document);

/// Joins what carry_lone_surrogates() has written, across pieces. A half that stays alone becomes U+FFFD.
class SurrogateJoiner {
 public:
  /// `text` is whole characters. A first half at its end is held back.
  [[nodiscard]] std::string add(std::string_view text);
  [[nodiscard]] std::string finish();

 private:
  char32_t first_ = 0;  ///< the half that waits for the other; 0 none
};

}  // namespace gibsey::provider
