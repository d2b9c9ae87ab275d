#include "retrieval/quote_finder.hpp"

#include "base/utf8.hpp"
#include "retrieval/sentences.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace gibsey::retrieval {
namespace {

struct FoundPage {
  std::string id;
  std::string label;
  std::string title;
  std::string text;
  std::size_t start = 0;  ///< of its normalised text in State::text
};

/// Where a word of the book begins. Words are compared by hash; the text decides.
struct WordPlace {
  std::uint32_t hash = 0;
  std::uint32_t at = 0;
};

/// Bytes of the letter, digit or combining mark that begins at `at`, 0 when something else does.
std::size_t word_character(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ? 1 : 0;
  const utf8::Decoded next = utf8::decode(text.substr(at));
  const auto c = static_cast<UChar32>(next.code_point);
  return u_isalnum(c) || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0 ? next.length : 0;
}

bool is_word_at(std::string_view text, std::size_t at) {
  return at < text.size() && word_character(text, at) != 0;
}

/// Whether a letter or digit ends before `at`.
bool is_word_before(std::string_view text, std::size_t at) {
  if (at == 0) return false;
  --at;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return is_word_at(text, at);
}

std::uint32_t hash_of(std::string_view word) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

template <typename Use>
void for_each_run(std::string_view text, Use use) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size()) {
      const std::size_t length = word_character(text, end);
      if (length == 0) break;
      end += length;
    }
    if (end > at) use(at, text.substr(at, end - at));
    at = end + (end < text.size() ? utf8::decode(text.substr(end)).length : 0);
  }
}

/// Whether text[start, end) is cut out of no word; an apostrophe between letters ends none.
bool stands_as_words(std::string_view text, std::size_t start, std::size_t end) {
  if (is_word_at(text, start) && start > 0) {
    if (is_word_before(text, start)) return false;
    if (text[start - 1] == '\'' && is_word_before(text, start - 1)) return false;
  }
  if (!is_word_before(text, end) || end >= text.size()) return true;
  if (is_word_at(text, end)) return false;
  return text[end] != '\'' || !is_word_at(text, end + 1);
}

/// Without the punctuation at both ends that a writer may put or leave out around a quotation.
std::string_view bare(std::string_view claim) {
  constexpr std::string_view kLoose = " .,;:-'\"()[]";
  const std::size_t first = claim.find_first_not_of(kLoose);
  if (first == claim.npos) return {};
  return claim.substr(first, claim.find_last_not_of(kLoose) + 1 - first);
}

bool is_dash(char32_t c) {
  return c == U'-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212;
}

}  // namespace

struct QuoteFinder::State {
  std::string text;  ///< all pages normalised, a NUL behind each
  std::vector<FoundPage> pages;
  std::vector<WordPlace> places;  ///< by hash, then place

  void add(const model::Page& page) {
    pages.push_back({page.id, page.label, page.title, page.text, text.size()});
    text += to_utf8(normalize_for_quoting(page.text).text);
    text += '\0';
  }

  void index_words() {
    for_each_run(text, [this](std::size_t at, std::string_view word) {
      places.push_back({hash_of(word), static_cast<std::uint32_t>(at)});
    });
    std::ranges::sort(places, {}, [](const WordPlace& place) { return std::pair(place.hash, place.at); });
    places.shrink_to_fit();
  }

  [[nodiscard]] auto places_of(std::string_view word) const {
    return std::ranges::equal_range(places, hash_of(word), {}, &WordPlace::hash);
  }

  /// Every place where `claim` stands, in order, by way of its rarest word: whole words are wanted, so each word of it is one of
  /// the book's.
  template <typename Use>
  void for_each_match(std::string_view claim, Use use) const {
    std::size_t fewest = std::numeric_limits<std::size_t>::max();
    std::size_t rarest_at = 0;
    std::string_view rarest;
    for_each_run(claim, [&](std::size_t at, std::string_view word) {
      const std::size_t count = places_of(word).size();
      if (count < fewest) {
        fewest = count;
        rarest_at = at;
        rarest = word;
      }
    });
    if (rarest.empty()) return;
    for (const WordPlace& place : places_of(rarest)) {
      if (place.at < rarest_at) continue;
      const std::size_t start = place.at - rarest_at;
      if (text.compare(start, claim.size(), claim) != 0) continue;
      if (stands_as_words(text, start, start + claim.size()) && !use(start)) return;
    }
  }

  [[nodiscard]] std::size_t page_at(std::size_t place) const {
    const auto after = std::ranges::upper_bound(pages, place, {}, &FoundPage::start);
    return static_cast<std::size_t>(after - pages.begin()) - 1;
  }

  [[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> first_match(std::string_view claim,
                                                                               const std::vector<std::string>& preferred) const {
    std::optional<std::pair<std::size_t, std::size_t>> first;  // page, place
    std::size_t best_rank = preferred.size();
    for_each_match(claim, [&](std::size_t place) {
      const std::size_t page = page_at(place);
      const auto found = std::ranges::find(preferred, pages[page].id);
      const auto rank = static_cast<std::size_t>(found - preferred.begin());
      if (!first || rank < best_rank) first = {page, place};
      best_rank = std::min(best_rank, rank);
      return best_rank != 0;
    });
    return first;
  }

  [[nodiscard]] QuoteLocation locate(std::size_t page_number, std::size_t place, std::string_view claim) const {
    const FoundPage& page = pages[page_number];
    const NormalizedText normalized = normalize_for_quoting(page.text);
    const std::size_t first = utf8::length(std::string_view(text).substr(page.start, place - page.start));
    const std::size_t last = first + utf8::length(claim) - 1;
    const std::u32string source = to_code_points(page.text);
    auto end = static_cast<std::size_t>(normalized.offsets[last]) + 1;
    // A run of dashes became one character; all of it belongs to the quotation. So do marks that make up the last letter.
    while (is_dash(source[end - 1]) && end < source.size() && is_dash(source[end])) ++end;
    const auto start = static_cast<std::size_t>(normalized.offsets[first]);
    return {page.id,
            page.label,
            page.title,
            static_cast<std::int32_t>(start),
            static_cast<std::int32_t>(end),
            to_utf8(std::u32string_view(source).substr(start, end - start))};
  }
};

QuoteFinder::QuoteFinder(const std::vector<model::Page>& pages) : state_(std::make_unique<State>()) {
  for (const model::Page& page : pages) state_->add(page);
  state_->index_words();
}

QuoteFinder::~QuoteFinder() = default;

std::optional<QuoteLocation> QuoteFinder::find(std::string_view claim, const std::vector<std::string>& preferred_pages) const {
  const std::string whole = to_utf8(normalize_for_quoting(claim).text);
  const std::string_view stripped = bare(whole);
  for (const std::string_view form : {std::string_view(whole), stripped}) {
    if (form.empty()) return std::nullopt;
    if (const auto match = state_->first_match(form, preferred_pages)) return state_->locate(match->first, match->second, form);
  }
  return std::nullopt;
}

}  // namespace gibsey::retrieval
