#include "chat/sentiment_lexicon.hpp"

#include "base/utf8.hpp"
#include "ingest/file_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gibsey::chat {
namespace {

// The measured change of a word's strength by a degree adverb in front of it (Hutto and Gilbert 2014, section 3.3). The words are
// those of the published rules; they are not in the lexicon file.
constexpr double kBoost = 0.293;

constexpr const char* kIntensifiers[] = {
    "absolutely",    "amazingly",  "awfully",      "completely", "considerable", "considerably", "decidedly",     "deeply",
    "effing",        "enormous",   "enormously",   "entirely",   "especially",   "exceptional",  "exceptionally", "extreme",
    "extremely",     "fabulously", "flippin",      "flipping",   "frackin",      "fracking",     "frickin",       "fricking",
    "friggin",       "frigging",   "fuckin",       "fucking",    "fuggin",       "fugging",      "fully",         "greatly",
    "hella",         "highly",     "hugely",       "incredible", "incredibly",   "intensely",    "major",         "majorly",
    "more",          "most",       "particularly", "purely",     "quite",        "really",       "remarkably",    "so",
    "substantially", "thoroughly", "total",        "totally",    "tremendous",   "tremendously", "uber",          "unbelievably",
    "unusually",     "utter",      "utterly",      "very"};
constexpr const char* kDampeners[] = {"almost",   "barely",   "hardly",     "kind-of",    "kinda",        "kindof", "less",
                                      "little",   "marginal", "marginally", "occasional", "occasionally", "partly", "scarce",
                                      "scarcely", "slight",   "slightly",   "somewhat",   "sort-of",      "sorta",  "sortof"};
constexpr const char* kNegations[] = {
    "ain't",    "aint",    "aren't",  "arent",  "can't",   "cannot", "cant",      "couldn't", "couldnt", "daren't",
    "darent",   "despite", "didn't",  "didnt",  "doesn't", "doesnt", "don't",     "dont",     "hadn't",  "hadnt",
    "hasn't",   "hasnt",   "haven't", "havent", "isn't",   "isnt",   "mightn't",  "mightnt",  "mustn't", "mustnt",
    "needn't",  "neednt",  "neither", "never",  "none",    "nope",   "nor",       "not",      "nothing", "nowhere",
    "oughtn't", "oughtnt", "rarely",  "seldom", "shan't",  "shant",  "shouldn't", "shouldnt", "uh-uh",   "uhuh",
    "wasn't",   "wasnt",   "weren't", "werent", "without", "won't",  "wont",      "wouldn't", "wouldnt"};

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == line.npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

struct Line {
  std::string_view key;
  std::string_view value;
  std::size_t number = 0;
};

/// Calls `use` with the first two columns of each line.
Result<void> for_each_line(const std::filesystem::path& path, const std::function<Result<void>(const Line&)>& use) {
  GIBSEY_TRY(const std::string bytes, ingest::read_file(path));
  std::string_view rest = bytes;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    const auto tab = line.find('\t');
    if (tab == line.npos) return fail(ErrorCode::corrupt, fmt::format("{} line {}: a tab is missing", path.string(), number));
    std::string_view value = line.substr(tab + 1);
    value = value.substr(0, value.find('\t'));
    GIBSEY_CHECK(use({line.substr(0, tab), value, number}));
  }
  return {};
}

}  // namespace

Result<SentimentLexicon> SentimentLexicon::load(const std::filesystem::path& words, const std::filesystem::path& emoji) {
  SentimentLexicon lexicon;
  GIBSEY_CHECK(for_each_line(words, [&](const Line& line) -> Result<void> {
    double valence = 0;
    const auto [end, error] = std::from_chars(line.value.data(), line.value.data() + line.value.size(), valence);
    if (error != std::errc{} || end != line.value.data() + line.value.size()) {
      return fail(ErrorCode::corrupt, fmt::format("{} line {}: \"{}\" is no number", words.string(), line.number, line.value));
    }
    lexicon.words_[std::string(line.key)].valence = valence;
    return {};
  }));
  GIBSEY_CHECK(for_each_line(emoji, [&](const Line& line) -> Result<void> {
    // The reference looks each code point up by itself, so that emoji of several are never found as a whole.
    const utf8::Decoded first = utf8::decode(line.key);
    if (first.length == line.key.size()) lexicon.emoji_[first.code_point] = std::string(line.value);
    return {};
  }));
  for (const char* word : kIntensifiers) lexicon.words_[word].boost = kBoost;
  for (const char* word : kDampeners) lexicon.words_[word].boost = -kBoost;
  for (const char* word : kNegations) lexicon.words_[word].negates = true;
  return lexicon;
}

SentimentEntry SentimentLexicon::find(std::string_view word) const {
  const auto found = words_.find(word);
  return found == words_.end() ? SentimentEntry{} : found->second;
}

const std::string* SentimentLexicon::emoji_name(char32_t character) const {
  const auto found = emoji_.find(character);
  return found == emoji_.end() ? nullptr : &found->second;
}

}  // namespace gibsey::chat
