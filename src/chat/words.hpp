#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::chat {

/// White-space separated pieces that hold a letter or digit.
[[nodiscard]] int count_words(std::string_view text);
/// Those words in ASCII lower case without the punctuation around them; letters beyond ASCII stay as they are.
[[nodiscard]] std::vector<std::string> plain_words(std::string_view text);
/// Whether `text` (white space and closing marks at its end aside) ends as a sentence does: . ! ? or an ellipsis.
[[nodiscard]] bool ends_sentence(std::string_view text);

}  // namespace gibsey::chat
