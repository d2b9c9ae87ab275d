#pragma once
#include "model/page.hpp"
#include "retrieval/page_place.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::retrieval {

/// Where a claimed quotation stands. Offsets: code points of the page's text, end exclusive; `text` is the page's own.
struct QuoteLocation {
  std::string page_id;
  std::string label;
  std::string title;
  std::int32_t start = 0;
  std::int32_t end = 0;
  std::string text;
  std::int64_t page_version = 0;
};

/// A place with what decides which of several is the one.
struct QuoteMatch {
  bool bare = false;       ///< it stands there without the punctuation at its ends alone
  std::size_t rank = 0;    ///< of its page among the preferred ones; their number for another
  std::uint32_t page = 0;  ///< its number in the book's order
  QuoteLocation location;
};

/// `text` after the stated normalisation, with the code-point offset in `text` of each code point of the result: typographic
/// quotes and apostrophes become ' and ", dashes (figure, en, em, horizontal bar, minus, double hyphen) become -, ellipsis
/// becomes ..., ligatures and compatibility letters are taken apart, soft hyphens and zero-width characters vanish, a hyphen
/// before a line break joins the word, every run of white space (no-break spaces too) is one space, nothing at either end. Case
/// is kept.
struct NormalizedText {
  std::u32string text;
  std::vector<std::int32_t> offsets;  ///< one a code point, plus the end of the source
};
[[nodiscard]] NormalizedText normalize_for_quoting(std::string_view text);

/// The words of some pages of a book after that normalisation. Immutable; safe to share between threads.
class QuoteSegment {
 public:
  explicit QuoteSegment(std::vector<std::shared_ptr<const model::Page>> pages);
  ~QuoteSegment();

  struct Words;
  [[nodiscard]] const Words& words() const { return *words_; }

 private:
  std::unique_ptr<Words> words_;
};

/// Says whether words stand in the book, exactly after that normalisation. Immutable; safe to share between threads.
class QuoteFinder {
 public:
  explicit QuoteFinder(const std::vector<model::Page>& pages);
  /// Of the pages of these segments that have a place; the order of the places is the book's.
  QuoteFinder(std::vector<std::shared_ptr<const QuoteSegment>> segments, std::span<const PagePlace> pages);
  ~QuoteFinder();

  /// The first place, in the book's order, where `claim` stands as whole words; `preferred_pages` are looked at first. A claim
  /// may end or begin with punctuation that the page does not have there (a comma or full stop before a closing mark): that is
  /// left out of the location. Empty for a claim without a letter or digit.
  [[nodiscard]] std::optional<QuoteLocation> find(std::string_view claim,
                                                  const std::vector<std::string>& preferred_pages = {}) const;
  /// The same, with what tells it from places in other parts of a book.
  [[nodiscard]] std::optional<QuoteMatch> match(std::string_view claim, const std::vector<std::string>& preferred_pages) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gibsey::retrieval
