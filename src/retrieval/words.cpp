#include "retrieval/words.hpp"

#include "base/utf8.hpp"

#include <libstemmer.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>

namespace gibsey::retrieval {
namespace {

UChar32 as_uchar(char32_t code_point) {
  return static_cast<UChar32>(code_point);
}

bool is_apostrophe(char32_t c) {
  return c == U'\'' || c == U'\u2019' || c == U'\u02BC';
}

bool stands_alone(char32_t c) {
  if (c < 0x2E80) return false;
  return u_hasBinaryProperty(as_uchar(c), UCHAR_IDEOGRAPHIC) || (c >= 0x3040 && c <= 0x30FF);
}

bool is_mark(char32_t c) {
  return c >= 0x300 && (U_GET_GC_MASK(as_uchar(c)) & U_GC_M_MASK) != 0;
}

/// Appends `c` case-folded and without diacritics.
void append_folded(std::string& word, char32_t c) {
  static const icu::Normalizer2* const decompose = [] {
    UErrorCode status = U_ZERO_ERROR;
    return icu::Normalizer2::getNFKDInstance(status);
  }();
  icu::UnicodeString letters;
  if (decompose == nullptr || !decompose->getDecomposition(as_uchar(c), letters)) letters.setTo(as_uchar(c));
  letters.foldCase();
  for (int32_t i = 0; i < letters.length(); i = letters.moveIndex32(i, 1)) {
    const auto letter = static_cast<char32_t>(letters.char32At(i));
    if (!is_mark(letter)) utf8::append(word, letter);
  }
}

/// Collects one word; knows where its last apostrophe stood.
class WordCollector {
 public:
  explicit WordCollector(const std::function<void(const std::string&)>& use) : use_(use) {}

  void add_ascii(char c) { word_ += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); }
  void add(char32_t c) { append_folded(word_, c); }
  void apostrophe() { apostrophe_ = word_.size(); }
  [[nodiscard]] bool empty() const { return word_.empty(); }

  void finish() {
    if (apostrophe_ != 0 && apostrophe_ + 1 == word_.size() && word_.back() == 's') word_.pop_back();
    if (!word_.empty()) use_(word_);
    word_.clear();
    apostrophe_ = 0;
  }

 private:
  const std::function<void(const std::string&)>& use_;
  std::string word_;
  std::size_t apostrophe_ = 0;
};

bool is_ascii_word(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_space(char32_t c) {
  return u_isUWhiteSpace(as_uchar(c)) != 0;
}

bool is_dash(char32_t c) {
  return c == U'\u2014' || c == U'\u2013' || c == U'\u2015';
}

// Those of the usual English lists that carry no topic; question words are among them.
constexpr std::array kEnglishStopWords = {
    "a",          "about",     "above",      "after",   "again",   "against", "all",    "am",      "an",     "and",    "any",
    "are",        "arent",     "as",         "at",      "be",      "because", "been",   "before",  "being",  "below",  "between",
    "both",       "but",       "by",         "can",     "cannot",  "cant",    "could",  "couldnt", "did",    "didnt",  "do",
    "does",       "doesnt",    "doing",      "dont",    "down",    "during",  "each",   "few",     "for",    "from",   "further",
    "had",        "hadnt",     "has",        "hasnt",   "have",    "havent",  "having", "he",      "hed",    "her",    "here",
    "hers",       "herself",   "hes",        "him",     "himself", "his",     "how",    "hows",    "i",      "id",     "if",
    "im",         "in",        "into",       "is",      "isnt",    "it",      "its",    "itself",  "ive",    "just",   "let",
    "lets",       "may",       "me",         "might",   "more",    "most",    "must",   "my",      "myself", "no",     "nor",
    "not",        "now",       "of",         "off",     "on",      "once",    "only",   "or",      "other",  "ought",  "our",
    "ours",       "ourselves", "out",        "over",    "own",     "same",    "say",    "says",    "shall",  "she",    "shes",
    "should",     "shouldnt",  "so",         "some",    "such",    "tell",    "than",   "that",    "thats",  "the",    "their",
    "theirs",     "them",      "themselves", "then",    "there",   "theres",  "these",  "they",    "theyd",  "theyll", "theyre",
    "theyve",     "this",      "those",      "through", "to",      "too",     "under",  "until",   "up",     "upon",   "us",
    "very",       "was",       "wasnt",      "we",      "were",    "werent",  "weve",   "what",    "whats",  "when",   "whens",
    "where",      "wheres",    "which",      "while",   "who",     "whom",    "whos",   "whose",   "why",    "whys",   "will",
    "with",       "wont",      "would",      "wouldnt", "you",     "youd",    "youll",  "your",    "youre",  "yours",  "yourself",
    "yourselves", "youve"};
static_assert(std::ranges::is_sorted(kEnglishStopWords, [](const char* a, const char* b) { return std::string_view(a) < b; }));

}  // namespace

void for_each_word(std::string_view text, const std::function<void(const std::string&)>& use) {
  WordCollector word(use);
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    if (is_ascii_word(byte)) {
      word.add_ascii(text.front());
      text.remove_prefix(1);
      continue;
    }
    const utf8::Decoded next = utf8::decode(text);
    text.remove_prefix(next.length);
    if (is_apostrophe(next.code_point) && !word.empty()) {
      word.apostrophe();
    } else if (next.code_point >= 0x80 && stands_alone(next.code_point)) {
      word.finish();
      word.add(next.code_point);
      word.finish();
    } else if (next.code_point >= 0x80 && next.code_point != 0xAD && u_isalnum(as_uchar(next.code_point))) {
      word.add(next.code_point);
    } else if (next.code_point != 0xAD && !is_mark(next.code_point)) {
      word.finish();
    }
  }
  word.finish();
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for_each_word(text, [&words](const std::string& word) { words.push_back(word); });
  return words;
}

int count_words(std::u32string_view text) {
  int between_spaces = 0;
  int with_letters = 0;
  bool in_run = false;
  bool has_letter = false;
  char32_t previous = U' ';
  for (const char32_t c : text) {
    const bool space = is_space(c);
    if (!space && !in_run) ++between_spaces;
    in_run = !space;
    if (space || is_dash(c) || (c == U'-' && previous == U'-')) {
      has_letter = false;
    } else if (!has_letter && u_isalnum(as_uchar(c))) {
      has_letter = true;
      ++with_letters;
    }
    previous = c;
  }
  return with_letters == 0 ? 0 : std::max(between_spaces, with_letters);
}

bool is_stop_word(std::string_view word, std::string_view language) {
  if (!language.starts_with("en")) return false;
  return std::ranges::binary_search(kEnglishStopWords, word, {}, [](const char* w) { return std::string_view(w); });
}

Stemmer::Stemmer(const std::string& language) {
  std::string name = language.empty() ? "en" : language;
  if (name.size() > 2 && (name[2] == '-' || name[2] == '_')) name.resize(2);
  stemmer_ = sb_stemmer_new(name.c_str(), nullptr);
}

Stemmer::~Stemmer() {
  if (stemmer_ != nullptr) sb_stemmer_delete(stemmer_);
}

std::string Stemmer::stem(const std::string& word) const {
  if (stemmer_ == nullptr) return word;
  const auto* symbols = reinterpret_cast<const sb_symbol*>(word.data());
  const sb_symbol* stemmed = sb_stemmer_stem(stemmer_, symbols, static_cast<int>(word.size()));
  if (stemmed == nullptr) return word;
  return {reinterpret_cast<const char*>(stemmed), static_cast<std::size_t>(sb_stemmer_length(stemmer_))};
}

}  // namespace gibsey::retrieval
