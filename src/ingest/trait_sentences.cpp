#include "ingest/character_profiles.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

namespace gibsey::ingest {
namespace {

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (end > at) words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::string lower(std::string word) {
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

bool is_capitals(const std::string& word) {
  return std::ranges::none_of(word, [](unsigned char c) { return std::islower(c) != 0; });
}

bool is_plot_marker(std::string_view trait, const std::vector<std::string>& words) {
  if (words.empty() || trait.ends_with(':')) return true;
  const auto capitals = std::ranges::count_if(words, is_capitals);
  return words.size() > 1 && static_cast<std::size_t>(capitals) * 2 > words.size();
}

// First words that tell what a figure is for, not what it is like.
constexpr std::array kTelling = {"represents", "functions", "secondary", "appears", "connected", "part",
                                 "serves",     "role",      "embodies",  "subject", "star"};

constexpr std::array kLinking = {"about", "with", "and", "when",    "of",    "to",    "by",      "in", "that",  "than",
                                 "or",    "from", "for", "without", "where", "while", "between", "as", "during"};

// A trait that says something of another thing ("Parody becomes mirror").
constexpr std::array kOtherSubject = {"becomes", "increases", "questions", "fails"};

/// "carries" -> "carry"; empty when the word is no verb in the third person.
std::string second_person(const std::string& word) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kIrregular = {
      {{"is", "are"}, {"has", "have"}, {"does", "do"}, {"goes", "go"}, {"questions", "question"}}};
  for (const auto& [third, second] : kIrregular) {
    if (word == third) return std::string(second);
  }
  if (word == "can" || word == "may" || word == "must" || word == "could" || word == "would" || word == "will") return word;
  if (word.size() < 4 || !word.ends_with('s') || word.contains('-')) return {};
  for (const std::string_view ending : {"ss", "us", "is", "ness", "ics", "ions"}) {
    if (word.ends_with(ending)) return {};
  }
  const std::string stem = word.substr(0, word.size() - 1);
  if (word.ends_with("ies")) return word.substr(0, word.size() - 3) + 'y';
  for (const std::string_view ending : {"shes", "ches", "sses", "xes", "zzes"}) {
    if (word.ends_with(ending)) return word.substr(0, word.size() - 2);
  }
  return stem;
}

bool names_a_person(const std::string& word) {
  static constexpr std::array<std::string_view, 12> kEndings = {"er",     "or",    "ist",       "yst", "ian",     "figure",
                                                                "entity", "guide", "detective", "ceo", "version", "head"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return word.ends_with(ending); });
}

bool is_adjective(const std::string& word) {
  static constexpr std::array<std::string_view, 15> kEndings = {
      "ed", "ous", "ive", "al", "ic", "ful", "aware", "less", "able", "oid", "ant", "ate", "prone", "uncertain", "distinct"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return word.ends_with(ending); });
}

bool is_linking(const std::string& word) {
  return std::ranges::find(kLinking, word) != kLinking.end();
}

/// What a phrase without a verb is put behind: "You are", "You are a" or "You have".
std::string opening_for(const std::vector<std::string>& words) {
  std::vector<std::string> head;  // up to the first linking word or a verb in -ing
  for (const std::string& word : words) {
    const std::string plain = lower(word);
    const bool participle = head.size() > 1 && plain.ends_with("ing");
    if (!head.empty() && (is_linking(plain) || plain == "who" || participle || plain == "despite" || plain == "at")) break;
    head.push_back(plain);
  }
  if (is_adjective(head.front()) && (head.size() == 1 || (head.size() == 2 && head[0].ends_with("ly")))) return "You are ";
  if (names_a_person(head.back())) return std::string_view("aeiou").contains(head.front().front()) ? "You are an " : "You are a ";
  if (is_adjective(head.back())) return "You are ";
  return "You have ";
}

std::string with_own_pronouns(std::vector<std::string> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string plain = lower(words[i]);
    if (plain == "themselves" || plain == "herself" || plain == "himself" || plain == "themself") words[i] = "yourself";
    const bool own = i + 1 < words.size() && lower(words[i + 1]) == "own";
    if (own && (plain == "their" || plain == "her" || plain == "his")) words[i] = "your";
    text += text.empty() ? words[i] : ' ' + words[i];
  }
  return text;
}

/// "about and worries" -> "about and worry": the verbs that go on from the first. Plural nouns come in pairs ("nightmares and
/// dreams").
void turn_later_verbs(std::vector<std::string>& words) {
  for (std::size_t i = 2; i < words.size(); ++i) {
    if ((words[i - 1] != "and" && words[i - 1] != "but") || words[i - 2].ends_with('s')) continue;
    if (std::string verb = second_person(words[i]); !verb.empty()) words[i] = std::move(verb);
  }
}

/// The trait without quotations, brackets and afterthoughts.
std::string_view main_clause(std::string_view trait) {
  for (const std::string_view mark : {" - ", " — ", ": ", " ('", " (", "; "}) trait = trait.substr(0, trait.find(mark));
  return trait;
}

}  // namespace

std::string trait_as_sentence(std::string_view trait) {
  const auto first = trait.find_first_not_of(' ');
  if (first == trait.npos) return {};
  trait = trait.substr(first);
  if (is_plot_marker(trait, split_words(trait))) return {};
  std::string_view clause = main_clause(trait);
  while (clause.ends_with('.') || clause.ends_with(' ')) clause.remove_suffix(1);
  std::vector<std::string> words = split_words(clause);
  if (words.size() < 2 || std::ranges::find(kTelling, lower(words.front())) != kTelling.end()) return {};
  if (std::ranges::any_of(words.begin() + 1, words.end(), [](const std::string& word) {
        return std::ranges::find(kOtherSubject, word) != kOtherSubject.end();
      })) {
    return {};
  }
  if (clause.contains("The Author")) return {};  // the figures' quarrel with their author belongs to single chapters
  const bool keeps_case = words.front().size() > 1 && is_capitals(words.front());
  const std::string start = lower(words.front());
  const std::size_t verb_at = start.ends_with("ly") && words.size() > 2 ? 1 : 0;
  if (const std::string verb = second_person(lower(words[verb_at])); !verb.empty()) {
    words[verb_at] = verb;
    if (verb_at == 1) words[0] = start;
    turn_later_verbs(words);
    return "You " + with_own_pronouns(words) + '.';
  }
  if (auto start_words = split_words(clause.substr(0, clause.find(", "))); start_words.size() > 1) words = std::move(start_words);
  const std::string opening = opening_for(words);
  if (!keeps_case) words.front()[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words.front()[0])));
  return opening + with_own_pronouns(words) + '.';
}

}  // namespace gibsey::ingest
