#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace gibsey::provider {

/// Cuts what a model thinks aloud out of its reply: <think>...</think>, <thinking>...</thinking>, <reasoning>...</reasoning>, in
/// upper or lower case. Such a tag opens only at the start of the reply or after whitespace; the tag of the same name closes it;
/// never closed, it goes on to the end. The whitespace after a closing tag goes with it. What may still become a tag is held
/// back. The text may be cut anywhere, inside a character too; put ReplyText behind the filter, so that stop strings are not
/// looked for in what the model thinks. Not thread-safe.
class ReasoningFilter {
 public:
  /// `begins_inside`: the server's template has opened the tag in the prompt, so the reply begins with reasoning.
  explicit ReasoningFilter(bool begins_inside = false);

  /// What of the reply can be shown now, maybe empty.
  [[nodiscard]] std::string add(std::string_view text);
  /// What was held back, at the end of the reply. Not for a reply that was broken off: half a tag is no text of it.
  [[nodiscard]] std::string finish();

  /// Characters (code points) cut out so far, tags not counted.
  [[nodiscard]] std::size_t characters() const { return characters_; }
  /// Whether reasoning is open: at the end of the reply, that it was never closed.
  [[nodiscard]] bool inside() const { return !closing_.empty(); }
  /// A tag was closed that had not been opened, after text that was shown: that text was reasoning, and the next reply of this
  /// model should be read with `begins_inside`. The tag itself is cut out.
  [[nodiscard]] bool leaked() const { return leaked_; }

 private:
  /// Reads on at `at` in what is held; gives where it stopped, which is `at` when more text is needed.
  std::size_t read_reply(std::size_t at, std::string& shown);
  std::size_t read_tag(std::size_t at, std::string& shown);
  std::size_t read_reasoning(std::size_t at);
  void show(std::string_view text, std::string& shown);

  std::string held_;
  std::string closing_;  ///< the tag that is waited for; empty outside
  bool may_open_ = true;
  bool drop_space_ = false;
  bool has_shown_ = false;
  bool leaked_ = false;
  std::size_t characters_ = 0;
};

}  // namespace gibsey::provider
