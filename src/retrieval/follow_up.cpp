#include "retrieval/follow_up.hpp"

#include "retrieval/words.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace gibsey::retrieval {
namespace {

// Half the weight of the question's own words: "What did she do with the owl?" is about the owl first.
constexpr float kSubjectWeight = 0.5f;
// A follow-up to a question that the book answers is nearly as much about the book.
constexpr float kSubjectCoverage = 0.8f;
constexpr int kFewContentWords = 2;

constexpr std::array kGoingOn = {"and", "but", "so", "then", "or", "because"};
constexpr std::array kAsked = {"you", "your", "yourself"};
constexpr std::array kBeing = {"are", "were"};
constexpr std::array kPronouns = {"he",  "she",   "it",   "they", "him",   "her",   "them",    "his",     "hers",
                                  "its", "their", "this", "that", "these", "those", "himself", "herself", "themselves"};

bool is_one_of(const std::string& word, const auto& list) {
  return std::ranges::find(list, word) != list.end();
}

void add(std::vector<float>& to, const std::vector<float>& from) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += kSubjectWeight * from[i];
}

}  // namespace

bool leans_on_earlier(std::string_view question, std::string_view language) {
  if (!language.starts_with("en") || !quoted_line(question).empty()) return false;
  const auto words = words_of(question);
  const auto content_words =
      std::ranges::count_if(words, [language](const std::string& word) { return !is_stop_word(word, language); });
  if (content_words > kFewContentWords) return false;
  const auto has_one_of = [&words](const auto& list) {
    return std::ranges::any_of(words, [&list](const std::string& word) { return is_one_of(word, list); });
  };
  if (has_one_of(kPronouns)) return true;
  const auto first = question.find_first_not_of(" \t\r\n\"");
  const std::string_view start = first == question.npos ? std::string_view() : question.substr(first);
  if (start.starts_with("...") || start.starts_with("…")) return true;
  if (!words.empty() && is_one_of(words.front(), kGoingOn)) return true;
  // "Why not?" goes on; "Who are you?" asks for the one who is asked.
  return content_words == 0 && !(has_one_of(kAsked) && has_one_of(kBeing));
}

std::string subject_of(std::span<const std::string> earlier, std::string_view language) {
  for (const std::string& question : earlier) {
    if (!leans_on_earlier(question, language)) return question;
  }
  return earlier.empty() ? std::string() : earlier.back();
}

std::string subject_of(const Query& query, std::string_view language) {
  if (query.earlier.empty() || !leans_on_earlier(query.text, language)) return {};
  return subject_of(query.earlier, language);
}

void add_subject(TextScores& scores, const TextScores& subject) {
  add(scores.passages, subject.passages);
  add(scores.pages, subject.pages);
  for (std::size_t i = 0; i < scores.coverage.size(); ++i) {
    scores.coverage[i] = std::max(scores.coverage[i], kSubjectCoverage * subject.coverage[i]);
  }
}

}  // namespace gibsey::retrieval
