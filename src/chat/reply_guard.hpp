#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::chat {

/// What a tiny model's reply is held against.
struct GuardInputs {
  std::vector<std::string> prompt_texts;   ///< eight words in a row of any of these are copying
  std::vector<std::string> speaker_names;  ///< "Todd Fishbone": a line "Todd:" speaks for somebody else
  int enough_words = 26;                   ///< a sentence end after so many words ends the reply
};

/// Lets a tiny model's reply through sentence by sentence and drops what is degenerate: a repeated eight-gram or sentence, eight
/// words copied from the prompt, variety (distinct three-grams) under 0.8, another speaker's label, lists and headings, talk of
/// being a program, what no host would want said. Large models are not guarded: their text streams token by token. Not
/// thread-safe; one a reply, fed by one generation after another.
class ReplyGuard {
 public:
  explicit ReplyGuard(GuardInputs inputs);

  /// Whole sentences (with the white space in front of them) that passed, in order.
  [[nodiscard]] std::vector<std::string> feed(std::string_view text);
  /// The generation has ended; an unfinished sentence is dropped, a finished one judged.
  [[nodiscard]] std::vector<std::string> finish();
  /// Another generation goes on after the accepted text: what was held is forgotten.
  void restart();

  /// No more text is wanted: the reply is long enough, or this generation has gone astray.
  [[nodiscard]] bool wants_no_more() const { return enough_ || astray_; }
  [[nodiscard]] bool long_enough() const { return enough_; }
  [[nodiscard]] int words() const { return static_cast<int>(words_.size()); }
  [[nodiscard]] const std::string& accepted() const { return accepted_; }
  [[nodiscard]] int dropped() const { return dropped_; }

 private:
  void take_sentences(bool at_end, std::vector<std::string>& out);
  void judge(std::string sentence, std::vector<std::string>& out);
  [[nodiscard]] bool is_degenerate(std::string_view sentence, const std::vector<std::string>& words) const;
  [[nodiscard]] bool speaks_for_another(std::string_view sentence) const;

  GuardInputs inputs_;
  std::set<std::string> prompt_grams_;
  std::string held_;
  std::string accepted_;
  std::vector<std::string> words_;
  bool enough_ = false;
  bool astray_ = false;
  int dropped_ = 0;
};

}  // namespace gibsey::chat
