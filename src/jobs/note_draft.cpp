#include "jobs/note_draft.hpp"

#include "retrieval/sentences.hpp"
#include "retrieval/words.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace gibsey::jobs {
namespace {

constexpr std::size_t kLongestCitation = 60;
/// [12-40] is a range of pages that somebody has read; [1-400] is none.
constexpr int kLongestRange = 20;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int> number_of(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

bool starts_with_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != word[i]) return false;
  }
  auto rest = text.substr(word.size());
  if (!rest.empty() && std::isalpha(static_cast<unsigned char>(rest.front())) != 0) return false;
  text = rest;
  return true;
}

/// Takes "p.", "pp.", "page", "pages" from the front.
bool take_page_word(std::string_view& text) {
  for (const std::string_view word : {"pages", "page", "pp", "p"}) {
    if (!starts_with_word(text, word)) continue;
    if (!text.empty() && text.front() == '.') text.remove_prefix(1);
    text = trimmed(text);
    return true;
  }
  return false;
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c >= 0x80; });
}

bool add_labels(std::string_view part, std::vector<std::string>& labels) {
  take_page_word(part);
  if (const auto dash = part.find('-'); dash != part.npos) {
    const auto first = number_of(trimmed(part.substr(0, dash)));
    const auto last = number_of(trimmed(part.substr(dash + 1)));
    if (first && last && *first <= *last && *last - *first < kLongestRange) {
      for (int number = *first; number <= *last; ++number) labels.push_back(std::to_string(number));
      return true;
    }
  }
  if (!is_label(part)) return false;
  labels.emplace_back(part);
  return true;
}

/// The labels between two brackets; nullopt when it is no citation.
std::optional<std::vector<std::string>> labels_of(std::string_view inside, bool round) {
  inside = trimmed(inside);
  const bool named = take_page_word(inside);
  if (!named && (round || inside.empty() || std::isdigit(static_cast<unsigned char>(inside.front())) == 0)) return std::nullopt;
  std::string text(inside);
  // An en dash is the dash of a range.
  for (auto at = text.find("\u2013"); at != text.npos; at = text.find("\u2013", at + 1)) text.replace(at, 3, "-");
  std::vector<std::string> labels;
  std::string_view rest = text;
  while (true) {
    const auto comma = rest.find_first_of(",;");
    if (!add_labels(trimmed(rest.substr(0, comma)), labels)) return std::nullopt;
    if (comma == rest.npos) return labels;
    rest.remove_prefix(comma + 1);
  }
}

struct Citation {
  std::size_t at = 0;  ///< in the text without citations
  std::vector<std::string> labels;
};

/// Marks that models put in front of lines and around words.
std::string without_marks(std::string_view reply) {
  std::string text;
  bool line_begins = true;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    const char c = reply[i];
    if (c == '\n') {
      text += "\n\n";
      line_begins = true;
      continue;
    }
    if (c == '*' || c == '#' || c == '\r' || c == '`') continue;
    if (line_begins && (is_space(c) || c == '-')) continue;
    if (line_begins && std::isdigit(static_cast<unsigned char>(c)) != 0) {
      auto end = i;
      while (end < reply.size() && std::isdigit(static_cast<unsigned char>(reply[end])) != 0) ++end;
      if (end + 1 < reply.size() && (reply[end] == '.' || reply[end] == ')') && reply[end + 1] == ' ') {
        i = end + 1;
        continue;
      }
    }
    line_begins = false;
    text += c;
  }
  return text;
}

std::pair<std::string, std::vector<Citation>> without_citations(const std::string& text) {
  std::string plain;
  std::vector<Citation> citations;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool round = text[i] == '(';
    if (round || text[i] == '[') {
      const auto close = text.find(round ? ')' : ']', i);
      if (close != text.npos && close - i <= kLongestCitation) {
        if (auto labels = labels_of(std::string_view(text).substr(i + 1, close - i - 1), round)) {
          while (!plain.empty() && plain.back() == ' ') plain.pop_back();
          citations.push_back({plain.size(), *std::move(labels)});
          i = close;
          continue;
        }
      }
    }
    plain += text[i];
  }
  return {std::move(plain), std::move(citations)};
}

void add_new(std::vector<std::string>& labels, const std::vector<std::string>& more) {
  for (const auto& label : more) {
    if (std::ranges::find(labels, label) == labels.end()) labels.push_back(label);
  }
}

}  // namespace

std::vector<DraftSentence> read_draft(std::string_view reply, const std::string& language) {
  const auto [plain, citations] = without_citations(without_marks(reply));
  const auto code_points = retrieval::to_code_points(plain);
  const auto found = retrieval::find_sentences(code_points, language);
  std::vector<DraftSentence> sentences;
  std::size_t next = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto part =
        std::u32string_view(code_points)
            .substr(static_cast<std::size_t>(found[i].start), static_cast<std::size_t>(found[i].end - found[i].start));
    DraftSentence sentence{retrieval::to_utf8(part), {}};
    std::ranges::replace(sentence.text, '\n', ' ');
    const auto until =
        i + 1 < found.size()
            ? retrieval::to_utf8(std::u32string_view(code_points).substr(0, static_cast<std::size_t>(found[i + 1].start))).size()
            : plain.size() + 1;
    for (; next < citations.size() && citations[next].at < until; ++next) add_new(sentence.labels, citations[next].labels);
    sentences.push_back(std::move(sentence));
  }
  return sentences;
}

std::string note_text(const std::vector<model::NoteSentence>& sentences) {
  std::string text;
  for (const auto& sentence : sentences) {
    if (!text.empty()) text += " ";
    text += sentence.text + " [p. ";
    for (std::size_t i = 0; i < sentence.citations.size(); ++i) text += (i == 0 ? "" : ", ") + sentence.citations[i].label;
    text += "]";
  }
  return text;
}

int count_words(std::string_view text) {
  return retrieval::count_words(retrieval::to_code_points(text));
}

}  // namespace gibsey::jobs
