#include "retrieval/large/claim_search.hpp"

#include "retrieval/sentences.hpp"
#include "retrieval/words.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

namespace asio = boost::asio;

// A word that the page breaks over two lines takes two pairs away; two such words at least are borne.
constexpr std::size_t kPairsLacking = 4;
constexpr std::size_t kShareLacking = 4;
// Pages that are read of those that have all pairs, and of those that lack some.
constexpr std::size_t kMostWhole = 200;
constexpr std::size_t kMostLacking = 24;
// Of a list that stands nearly everywhere, the places that are looked at.
constexpr std::size_t kMostPlaces = 50'000;
constexpr std::size_t kMostPreferred = 16;
// And of pages behind one that has the claim but for the marks at its ends.
constexpr std::size_t kMostFurther = 24;

/// The claim's word pairs, the rarest first; of a single word its stem.
std::vector<const AskedKey*> keys_of(std::string_view claim, const std::string& language, AskedKeys& keys) {
  const auto words = words_of(to_utf8(normalize_for_quoting(claim).text));
  std::vector<const AskedKey*> asked;
  for (std::size_t i = 1; i < words.size(); ++i) asked.push_back(&keys.pair(words[i - 1], words[i]));
  if (words.size() == 1) asked.push_back(&keys.stem(Stemmer(language).stem(words.front())));
  std::ranges::sort(asked);
  asked.erase(std::ranges::unique(asked).begin(), asked.end());
  std::ranges::sort(asked, {}, &AskedKey::passages);
  return asked;
}

struct PossiblePage {
  std::size_t lacking = 0;
  std::uint32_t page = 0;
  friend auto operator<=>(const PossiblePage&, const PossiblePage&) = default;
};

/// Pages of a segment that have one of the rarest keys: whoever lacks no more than `lacking` of all has one of so many and one.
std::vector<std::uint32_t> pages_of_rarest(const Segment& segment, std::size_t number, std::span<const AskedKey* const> keys,
                                           std::size_t lacking) {
  std::vector<std::uint32_t> pages;
  for (const AskedKey* key : keys.first(lacking + 1)) {
    const PostingList& list = key->lists[number];
    if (list.passages() == 0) continue;
    PostingCursor cursor(list);
    std::size_t places = 0;
    for (cursor.seek(0); cursor.passage() != kNoPassage && places < kMostPlaces; cursor.next(), ++places) {
      const std::uint32_t page = segment.passages.page_of(cursor.passage());
      if (pages.empty() || pages.back() != page) pages.push_back(page);
    }
  }
  std::ranges::sort(pages);
  pages.erase(std::ranges::unique(pages).begin(), pages.end());
  return pages;
}

void add_possible(const BookVersion& book, std::size_t number, std::span<const AskedKey* const> keys, std::size_t lacking,
                  std::vector<PossiblePage>& possible) {
  const Segment& segment = book.files->segments()[number];
  const std::vector<std::uint32_t> pages = pages_of_rarest(segment, number, keys, lacking);
  std::vector<std::size_t> have(pages.size(), 0);
  for (const AskedKey* key : keys) {
    if (key->lists[number].passages() == 0) continue;
    PostingCursor cursor(key->lists[number]);
    for (std::size_t i = 0; i < pages.size(); ++i) {
      cursor.seek(segment.passages.first_passage(pages[i]));
      if (cursor.passage() < segment.passages.first_passage(pages[i] + 1)) ++have[i];
    }
  }
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::uint32_t page = segment.first_page + pages[i];
    if (have[i] + lacking >= keys.size() && !book.removed->contains(page)) possible.push_back({keys.size() - have[i], page});
  }
}

/// The best place so far: one where the claim stands with the marks at its ends, then one of a preferred page, then the first.
class BestPlace {
 public:
  explicit BestPlace(std::string_view claim) : claim_(normalize_for_quoting(claim).text) {}

  /// `place`: as CandidatePage::place; of a preferred page less than 0.
  void show(QuoteLocation location, std::int64_t place) {
    const std::pair rank(normalize_for_quoting(location.text).text != claim_, place);
    if (location_ && rank_ <= rank) return;
    location_ = std::move(location);
    rank_ = rank;
  }
  [[nodiscard]] bool found() const { return location_.has_value(); }
  /// Marks and all.
  [[nodiscard]] bool found_whole() const { return location_ && !rank_.first; }
  [[nodiscard]] std::optional<QuoteLocation> take() { return std::move(location_); }

 private:
  std::u32string claim_;
  std::optional<QuoteLocation> location_;
  std::pair<bool, std::int64_t> rank_;
};

asio::awaitable<Result<void>> look_at_files(store::PageStore& pages, const LargeBook& book, const std::string& claim,
                                            BestPlace& best) {
  std::size_t further = 0;
  for (const std::uint32_t number : pages_for_claim(book.version(), claim)) {
    if (best.found_whole() || (best.found() && ++further > kMostFurther)) break;
    const Segment& segment = book.files().segments()[book.files().segment_of_page(number)];
    const std::uint32_t local = number - segment.first_page;
    GIBSEY_CO_TRY(const auto page,
                  co_await pages.find_page(book.files().manifest().world, std::string(segment.passages.id(local))));
    if (!page || page->version != segment.passages.page(local).version) continue;
    if (auto found = QuoteFinder({*page}).find(claim)) best.show(std::move(*found), 2 * std::int64_t{number});
  }
  co_return Result<void>();
}

/// The place of a page among those written since, as CandidatePage::place.
std::int64_t place_of(const BookVersion& book, const std::string& id) {
  std::size_t at = 0;
  while (at + 1 < book.written.size() && book.written[at].page.id != id) ++at;
  return book.written_places[at];
}

}  // namespace

std::vector<std::uint32_t> pages_for_claim(const BookVersion& book, std::string_view claim) {
  AskedKeys table(book);
  const auto keys = keys_of(claim, book.files->manifest().language, table);
  if (keys.empty()) return {};
  const std::size_t lacking = std::min(keys.size() - 1, std::max(kPairsLacking, keys.size() / kShareLacking));
  std::vector<PossiblePage> possible;
  for (std::size_t i = 0; i < book.files->segments().size(); ++i) add_possible(book, i, keys, lacking, possible);
  std::ranges::sort(possible);
  const auto whole = static_cast<std::size_t>(std::ranges::count(possible, std::size_t{0}, &PossiblePage::lacking));
  std::vector<std::uint32_t> pages;
  for (std::size_t i = 0; i < possible.size(); ++i) {
    if (i < std::min(whole, kMostWhole) || (i >= whole && i < whole + kMostLacking)) pages.push_back(possible[i].page);
  }
  return pages;
}

asio::awaitable<Result<std::optional<QuoteLocation>>> find_quote(store::PageStore& pages, std::shared_ptr<const LargeBook> book,
                                                                 std::string claim, std::vector<std::string> preferred_pages) {
  BestPlace best(claim);
  preferred_pages.resize(std::min(preferred_pages.size(), kMostPreferred));
  for (std::size_t i = 0; i < preferred_pages.size() && !best.found_whole(); ++i) {
    GIBSEY_CO_TRY(const auto page, co_await pages.find_page(book->files().manifest().world, preferred_pages[i]));
    if (!page) continue;
    const auto place = static_cast<std::int64_t>(i) - static_cast<std::int64_t>(kMostPreferred);
    if (auto found = QuoteFinder({*page}).find(claim)) best.show(std::move(*found), place);
  }
  if (best.found_whole()) co_return best.take();
  GIBSEY_CO_CHECK(co_await look_at_files(pages, *book, claim, best));
  const BookVersion& version = book->version();
  if (auto written = version.written.quote_finder()->find(claim)) {
    const std::int64_t place = place_of(version, written->page_id);
    best.show(std::move(*written), place);
  }
  co_return best.take();
}

}  // namespace gibsey::retrieval::large
