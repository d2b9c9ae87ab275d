#include "chat/reply_guard.hpp"

#include "chat/words.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace gibsey::chat {
namespace {

constexpr std::size_t kGram = 8;
constexpr double kLeastDistinct = 0.8;
/// Two bad sentences in one generation: the third is seldom better.
constexpr int kDropsBeforeAstray = 2;

/// What small instruction-tuned models say of themselves when they fall out of a persona.
constexpr std::array<std::string_view, 19> kProgramTalk = {
    "as an ai",          "an ai",          "ai language",       "language model",   "ai assistant",
    "ai model",          "chatbot",        "virtual assistant", "i'm an assistant", "as an assistant",
    "your assistant",    "how can i help", "how can i assist",  "i can assist",     "i'm here to help",
    "i am here to help", "openai",         "my training data",  "i'm sorry, but"};

/// A model that nobody has made safe says such things out of the blue; a book may, in its own words.
constexpr std::array<std::string_view, 10> kUnfit = {"sex",   "sexual", "porn",    "naked", "rape",
                                                     "raped", "nazi",   "suicide", "penis", "kill yourself"};

constexpr std::array<std::string_view, 12> kAbbreviations = {"mr.", "mrs.", "ms.", "dr.", "st.", "no.",
                                                             "vs.", "etc.", "p.",  "pp.", "jr.", "prof."};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::string joined(const std::vector<std::string>& words, std::size_t from, std::size_t count) {
  std::string out;
  for (std::size_t i = from; i < from + count; ++i) out += words[i] + ' ';
  return out;
}

bool ends_with_abbreviation(std::string_view text) {
  const auto start = text.find_last_of(" \n(\"");
  const auto word = lower(text.substr(start == std::string_view::npos ? 0 : start + 1));
  const bool initial = word.size() == 2 && std::isalpha(static_cast<unsigned char>(word[0])) != 0 && word[0] != 'i';
  return initial || std::ranges::find(kAbbreviations, word) != kAbbreviations.end();
}

/// One past the end of the first sentence; npos when more text is needed.
std::size_t sentence_end(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && std::ranges::any_of(text.substr(0, i), [](char c) { return !is_space(c); })) return i;
    if (!is_space(text[i]) || i == 0) continue;
    const auto before = text.substr(0, i);
    if (ends_sentence(before) && !is_space(before.back()) && !ends_with_abbreviation(before)) return i;
  }
  return std::string_view::npos;
}

/// `phrase` as whole words; both in lower case.
bool holds_phrase(std::string_view text, std::string_view phrase) {
  for (auto at = text.find(phrase); at != std::string_view::npos; at = text.find(phrase, at + 1)) {
    const auto after = at + phrase.size();
    const bool starts = at == 0 || std::isalpha(static_cast<unsigned char>(text[at - 1])) == 0;
    if (starts && (after >= text.size() || std::isalpha(static_cast<unsigned char>(text[after])) == 0)) return true;
  }
  return false;
}

double distinct_three(const std::vector<std::string>& words) {
  if (words.size() < 3) return 1;
  std::set<std::string> seen;
  for (std::size_t i = 0; i + 3 <= words.size(); ++i) seen.insert(joined(words, i, 3));
  return static_cast<double>(seen.size()) / static_cast<double>(words.size() - 2);
}

}  // namespace

ReplyGuard::ReplyGuard(GuardInputs inputs) : inputs_(std::move(inputs)) {
  for (const auto& text : inputs_.prompt_texts) {
    const auto words = plain_words(text);
    for (std::size_t i = 0; i + kGram <= words.size(); ++i) prompt_grams_.insert(joined(words, i, kGram));
  }
}

std::vector<std::string> ReplyGuard::feed(std::string_view text) {
  std::vector<std::string> out;
  held_ += text;
  take_sentences(false, out);
  return out;
}

std::vector<std::string> ReplyGuard::finish() {
  std::vector<std::string> out;
  take_sentences(true, out);
  held_.clear();
  return out;
}

void ReplyGuard::restart() {
  held_.clear();
  astray_ = false;
  dropped_ = 0;
}

void ReplyGuard::take_sentences(bool at_end, std::vector<std::string>& out) {
  while (!wants_no_more() && !held_.empty()) {
    auto end = sentence_end(held_);
    if (end == std::string::npos) {
      if (!at_end) return;
      end = held_.size();
    }
    auto sentence = held_.substr(0, end);
    held_.erase(0, end);
    judge(std::move(sentence), out);
  }
}

void ReplyGuard::judge(std::string sentence, std::vector<std::string>& out) {
  if (std::ranges::all_of(sentence, is_space)) return;
  if (speaks_for_another(sentence)) {
    astray_ = true;
    return;
  }
  const auto words = plain_words(sentence);
  if (!ends_sentence(sentence) || words.empty() || is_degenerate(sentence, words)) {
    astray_ = ++dropped_ >= kDropsBeforeAstray;
    return;
  }
  // A tiny model's paragraphs mean nothing: one paragraph reads better.
  const auto first = std::ranges::find_if_not(sentence, is_space);
  sentence = (accepted_.empty() && first == sentence.begin() ? "" : " ") + std::string(first, sentence.end());
  words_.insert(words_.end(), words.begin(), words.end());
  accepted_ += sentence;
  enough_ = static_cast<int>(words_.size()) >= inputs_.enough_words;
  out.push_back(std::move(sentence));
}

bool ReplyGuard::is_degenerate(std::string_view sentence, const std::vector<std::string>& words) const {
  const auto text = lower(sentence);
  const auto says = [&](std::string_view phrase) { return holds_phrase(text, phrase); };
  if (std::ranges::any_of(kProgramTalk, says) || std::ranges::any_of(kUnfit, says)) return true;
  if (text.find_first_of("#*|<>[]{}") != std::string::npos) return true;
  for (std::size_t i = 0; i + kGram <= words.size(); ++i) {
    if (prompt_grams_.contains(joined(words, i, kGram))) return true;
  }
  auto whole = words_;
  whole.insert(whole.end(), words.begin(), words.end());
  std::set<std::string> seen;
  for (std::size_t i = 0; i + kGram <= whole.size(); ++i) {
    if (!seen.insert(joined(whole, i, kGram)).second) return true;
  }
  const bool said_before = words.size() >= 3 && std::ranges::search(words_, words).begin() != words_.end();
  return said_before || (whole.size() > 12 && distinct_three(whole) < kLeastDistinct);
}

bool ReplyGuard::speaks_for_another(std::string_view sentence) const {
  auto text = lower(sentence);
  text.erase(0, text.find_first_not_of(" \n\t\"*-"));
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon > 30) return false;
  const auto label = text.substr(0, colon);
  for (const std::string_view name :
       {"user", "reader", "assistant", "question", "answer", "system", "q", "a", "me", "you", "note"}) {
    if (label == name) return true;
  }
  return std::ranges::any_of(inputs_.speaker_names, [&](const std::string& name) {
    const auto whole = lower(name);
    return label == whole || label == whole.substr(0, whole.find(' '));
  });
}

}  // namespace gibsey::chat
