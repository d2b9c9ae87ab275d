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
  std::shared_ptr<const model::Page> page;
  std::size_t start = 0;  ///< of its normalised text in Words::text
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

struct QuoteSegment::Words {
  std::string text;  ///< all pages normalised, a NUL behind each
  std::vector<FoundPage> pages;
  std::vector<WordPlace> places;  ///< by hash, then place

  void add(std::shared_ptr<const model::Page> page) {
    const std::size_t start = text.size();
    text += to_utf8(normalize_for_quoting(page->text).text);
    text += '\0';
    pages.push_back({std::move(page), start});
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

  /// Every place where `claim` stands, by way of its rarest word: whole words are wanted, so each word of it is one of
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
      if (stands_as_words(text, start, start + claim.size())) use(start);
    }
  }

  [[nodiscard]] std::size_t page_at(std::size_t place) const {
    const auto after = std::ranges::upper_bound(pages, place, {}, &FoundPage::start);
    return static_cast<std::size_t>(after - pages.begin()) - 1;
  }

  [[nodiscard]] QuoteLocation locate(std::size_t page_number, std::size_t place, std::string_view claim) const {
    const model::Page& page = *pages[page_number].page;
    const std::size_t page_start = pages[page_number].start;
    const NormalizedText normalized = normalize_for_quoting(page.text);
    const std::size_t first = utf8::length(std::string_view(text).substr(page_start, place - page_start));
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
            to_utf8(std::u32string_view(source).substr(start, end - start)),
            page.version};
  }
};

QuoteSegment::QuoteSegment(std::vector<std::shared_ptr<const model::Page>> pages) : words_(std::make_unique<Words>()) {
  for (auto& page : pages) words_->add(std::move(page));
  words_->index_words();
}

QuoteSegment::~QuoteSegment() = default;

struct QuoteFinder::State {
  /// Of a segment's page that the book has no more.
  static constexpr auto kGone = std::numeric_limits<std::uint32_t>::max();

  std::vector<std::shared_ptr<const QuoteSegment>> segments;
  std::vector<std::vector<std::uint32_t>> number_of;  ///< a segment's page -> its number in the book's order

  void place(std::span<const PagePlace> pages) {
    for (const auto& segment : segments) number_of.emplace_back(segment->words().pages.size(), kGone);
    for (std::uint32_t page = 0; page < pages.size(); ++page) number_of[pages[page].segment][pages[page].page] = page;
  }

  [[nodiscard]] std::optional<QuoteMatch> find(std::string_view claim, const std::vector<std::string>& preferred) const {
    struct Match {
      std::size_t rank = 0;  ///< among the preferred pages
      std::uint32_t number = 0;
      std::size_t place = 0;
      std::size_t segment = 0;
      std::size_t page = 0;
      auto operator<=>(const Match&) const = default;
    };
    std::optional<Match> first;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const QuoteSegment::Words& words = segments[i]->words();
      words.for_each_match(claim, [&](std::size_t place) {
        const std::size_t page = words.page_at(place);
        if (number_of[i][page] == kGone) return;
        const auto rank = std::ranges::find(preferred, words.pages[page].page->id) - preferred.begin();
        const Match match{static_cast<std::size_t>(rank), number_of[i][page], place, i, page};
        if (!first || match < *first) first = match;
      });
    }
    if (!first) return std::nullopt;
    return QuoteMatch{false, first->rank, first->number,
                      segments[first->segment]->words().locate(first->page, first->place, claim)};
  }
};

QuoteFinder::QuoteFinder(const std::vector<model::Page>& pages) : state_(std::make_unique<State>()) {
  std::vector<std::shared_ptr<const model::Page>> shared;
  std::vector<PagePlace> places;
  for (const model::Page& page : pages) {
    places.push_back({0, static_cast<std::uint32_t>(shared.size())});
    shared.push_back(std::make_shared<const model::Page>(page));
  }
  state_->segments.push_back(std::make_shared<const QuoteSegment>(std::move(shared)));
  state_->place(places);
}

QuoteFinder::QuoteFinder(std::vector<std::shared_ptr<const QuoteSegment>> segments, std::span<const PagePlace> pages)
    : state_(std::make_unique<State>()) {
  state_->segments = std::move(segments);
  state_->place(pages);
}

QuoteFinder::~QuoteFinder() = default;

std::optional<QuoteLocation> QuoteFinder::find(std::string_view claim, const std::vector<std::string>& preferred_pages) const {
  auto found = match(claim, preferred_pages);
  if (!found) return std::nullopt;
  return std::move(found->location);
}

std::optional<QuoteMatch> QuoteFinder::match(std::string_view claim, const std::vector<std::string>& preferred_pages) const {
  const std::string whole = to_utf8(normalize_for_quoting(claim).text);
  const std::string_view stripped = bare(whole);
  for (const std::string_view form : {std::string_view(whole), stripped}) {
    if (form.empty()) return std::nullopt;
    if (auto found = state_->find(form, preferred_pages)) {
      found->bare = form.size() < whole.size();
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace gibsey::retrieval
