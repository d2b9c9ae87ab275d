#include "retrieval/sharded/messages.hpp"

#include "retrieval/sharded/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <tuple>

namespace gibsey::retrieval::sharded {
namespace {

/// The first byte of all that is said; another one where what follows is another.
constexpr std::uint64_t kProtocol = 2;
/// Passages or pages that somebody names: what is done for each takes time by the shard's length.
constexpr std::size_t kMostNamed = 1000;
constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMostInt = std::numeric_limits<std::int32_t>::max();

template <typename T>
Result<T> whole(const WireReader& reader, T value, const char* what) {
  if (!reader.done()) return fail(ErrorCode::corrupt, std::string("these bytes are no ") + what);
  return value;
}

/// What is asked for twice would be looked up, held and sent twice.
template <typename T>
bool has_repeats(std::vector<T> list) {
  std::ranges::sort(list);
  return std::ranges::adjacent_find(list) != list.end();
}
bool has_repeats(const Keys& keys) {
  return has_repeats(keys.stems) || has_repeats(keys.pairs);
}

void write_text(WireWriter& writer, const std::string& text) {
  writer.text(text);
}
void write_real(WireWriter& writer, float value) {
  writer.real(value);
}
std::string read_text(WireReader& reader) {
  return reader.text();
}
float read_real(WireReader& reader) {
  return reader.real();
}
std::int32_t read_int(WireReader& reader) {
  return static_cast<std::int32_t>(reader.number(kMostInt));
}
void write_int(WireWriter& writer, std::int32_t value) {
  writer.number(static_cast<std::uint64_t>(std::max(value, 0)));
}

void write_keys(WireWriter& writer, const Keys& keys) {
  write_list(writer, keys.stems, write_text);
  write_list(writer, keys.pairs, [](WireWriter& to, const auto& pair) {
    to.text(pair.first);
    to.text(pair.second);
  });
}
Keys read_keys(WireReader& reader) {
  Keys keys;
  keys.stems = read_list(reader, 1, read_text);
  keys.pairs = read_list(reader, 2, [](WireReader& from) {
    std::string first = from.text();
    return std::pair(std::move(first), from.text());
  });
  return keys;
}

void write_count(WireWriter& writer, const KeyCount& count) {
  writer.number(count.passages);
  writer.number(count.pages);
}
KeyCount read_count(WireReader& reader) {
  const std::uint64_t passages = reader.number(kMost32);
  return {passages, reader.number(kMost32)};
}

void write_card(WireWriter& writer, const PageCard& page) {
  writer.text(page.id);
  writer.signed_number(page.order);
  writer.text(page.voice);
  writer.signed_number(page.version);
  writer.flag(page.sampled);
  write_list(writer, page.passages, [](WireWriter& to, const PassageCard& passage) {
    write_int(to, passage.number);
    to.number(passage.length);
    to.flag(passage.quotable);
    to.real(passage.cosine);
  });
}
PassageCard read_passage_card(WireReader& reader) {
  PassageCard passage;
  passage.number = read_int(reader);
  passage.length = static_cast<std::uint32_t>(reader.number(kMost32));
  passage.quotable = reader.flag();
  passage.cosine = reader.real();
  return passage;
}
PageCard read_page_card(WireReader& reader) {
  PageCard page;
  page.id = reader.text();
  page.order = reader.signed_number();
  page.voice = reader.text();
  page.version = reader.signed_number();
  page.sampled = reader.flag();
  page.passages = read_list(reader, 7, read_passage_card);
  return page;
}

void write_postings(WireWriter& writer, const std::vector<Posting>& list) {
  write_list(writer, list, [](WireWriter& to, const Posting& posting) {
    to.number(posting.passage);
    to.number(posting.count);
  });
}
std::vector<Posting> read_postings(WireReader& reader) {
  return read_list(reader, 2, [](WireReader& from) {
    const auto passage = static_cast<std::uint32_t>(from.number(kMost32));
    return Posting{passage, static_cast<std::uint32_t>(from.number(kMost32))};
  });
}

/// In rising order, each a passage of the cards: what scores them counts on that.
bool name_passages(const std::vector<std::vector<Posting>>& keys, std::size_t passages) {
  return std::ranges::all_of(keys, [passages](const std::vector<Posting>& list) {
    const bool rising = std::ranges::adjacent_find(list, std::greater_equal{}, &Posting::passage) == list.end();
    return rising && (list.empty() || list.back().passage < passages);
  });
}

void write_quote(WireWriter& writer, const model::QuoteCandidate& quote) {
  for (const std::int32_t number : {quote.passage, quote.start, quote.end, quote.words, quote.sentences})
    write_int(writer, number);
  writer.text(quote.text);
}
model::QuoteCandidate read_quote(WireReader& reader) {
  model::QuoteCandidate quote;
  for (std::int32_t* number : {&quote.passage, &quote.start, &quote.end, &quote.words, &quote.sentences})
    *number = read_int(reader);
  quote.text = reader.text();
  return quote;
}

model::PageContent read_page(WireReader& reader, const std::string& world) {
  model::PageContent content;
  model::Page& page = content.page;
  page.world = world;
  for (std::string* text : {&page.id, &page.label, &page.title, &page.chapter, &page.voice}) *text = reader.text();
  page.version = reader.signed_number();
  content.quotes = read_list(reader, 6, read_quote);
  for (model::QuoteCandidate& quote : content.quotes) {
    quote.world = world;
    quote.page_id = page.id;
  }
  return content;
}

std::vector<KeyCount>& added(std::vector<KeyCount>& counts, const std::vector<KeyCount>& others) {
  counts.resize(std::max(counts.size(), others.size()));
  for (std::size_t i = 0; i < others.size(); ++i) {
    counts[i].passages += others[i].passages;
    counts[i].pages += others[i].pages;
  }
  return counts;
}

std::string unlike_version(std::string_view what) {
  return fmt::format("these bytes are no {} of version {} of the nodes' protocol; run the same version of gibsey on every node",
                     what, kProtocol);
}

}  // namespace

std::string encode(const ShardRequest& request) {
  WireWriter writer;
  writer.number(kProtocol);
  writer.text(request.world);
  writer.number(request.shard_count);
  write_list(writer, request.shards, [](WireWriter& to, std::uint32_t shard) { to.number(shard); });
  writer.text(request.payload);
  return writer.take();
}

Result<ShardRequest> read_request(std::string_view bytes) {
  WireReader reader(bytes);
  const std::uint64_t protocol = reader.number();
  ShardRequest request;
  request.world = reader.text();
  request.shard_count = static_cast<std::uint32_t>(reader.number(kMost32));
  request.shards = read_list(reader, 1, [](WireReader& from) { return static_cast<std::uint32_t>(from.number(kMost32)); });
  request.payload = reader.text();
  if (protocol != kProtocol) return fail(ErrorCode::corrupt, unlike_version("question to shards"));
  if (has_repeats(request.shards)) return fail(ErrorCode::corrupt, "a shard is asked for twice");
  return whole(reader, std::move(request), "question to shards");
}

std::string encode(const std::vector<ShardAnswer>& answers) {
  WireWriter writer;
  writer.number(kProtocol);
  write_list(writer, answers, [](WireWriter& to, const ShardAnswer& answer) {
    to.number(answer.shard);
    to.text(answer.payload);
  });
  return writer.take();
}

Result<std::vector<ShardAnswer>> read_answers(std::string_view bytes) {
  WireReader reader(bytes);
  const std::uint64_t protocol = reader.number();
  auto answers = read_list(reader, 2, [](WireReader& from) {
    const auto shard = static_cast<std::uint32_t>(from.number(kMost32));
    return ShardAnswer{shard, from.text()};
  });
  if (protocol != kProtocol) return fail(ErrorCode::corrupt, unlike_version("answer of shards"));
  return whole(reader, std::move(answers), "answer of shards");
}

std::string encode(const Keys& keys) {
  WireWriter writer;
  write_keys(writer, keys);
  return writer.take();
}

Result<Keys> read_keys(std::string_view bytes) {
  WireReader reader(bytes);
  auto keys = read_keys(reader);
  if (has_repeats(keys)) return fail(ErrorCode::corrupt, "a key is asked for twice");
  return whole(reader, std::move(keys), "keys");
}

void Counts::add(const Counts& other) {
  passages += other.passages;
  pages += other.pages;
  words += other.words;
  vectors += other.vectors;
  added(stems, other.stems);
  added(pairs, other.pairs);
}

std::string encode(const Counts& counts) {
  WireWriter writer;
  for (const std::uint64_t number : {counts.passages, counts.pages, counts.words, counts.vectors}) writer.number(number);
  write_list(writer, counts.stems, write_count);
  write_list(writer, counts.pairs, write_count);
  return writer.take();
}

Result<Counts> read_counts(std::string_view bytes) {
  WireReader reader(bytes);
  Counts counts;
  for (std::uint64_t* number : {&counts.passages, &counts.pages, &counts.words, &counts.vectors})
    *number = reader.number(std::uint64_t{1} << 40);
  counts.stems = read_list(reader, 2, read_count);
  counts.pairs = read_list(reader, 2, read_count);
  return whole(reader, std::move(counts), "counts");
}

std::string encode(const Wanted& wanted) {
  WireWriter writer;
  writer.flag(wanted.whole);
  for (const std::uint64_t number :
       {std::uint64_t{wanted.best}, std::uint64_t{wanted.near_of}, wanted.book_sample, wanted.book_passages})
    writer.number(number);
  writer.real(wanted.mean_length);
  write_keys(writer, wanted.keys);
  for (const auto* reals : {&wanted.stem_weights, &wanted.subject_weights, &wanted.pair_weights, &wanted.vector})
    write_list(writer, *reals, write_real);
  writer.text(wanted.open_page);
  return writer.take();
}

Result<Wanted> read_wanted(std::string_view bytes) {
  WireReader reader(bytes);
  Wanted wanted;
  wanted.whole = reader.flag();
  wanted.best = static_cast<std::uint32_t>(reader.number(kMost32));
  wanted.near_of = static_cast<std::uint32_t>(reader.number(kMost32));
  wanted.book_sample = reader.number(kMost32);
  wanted.book_passages = reader.number(std::uint64_t{1} << 40);
  wanted.mean_length = reader.real();
  wanted.keys = read_keys(reader);
  for (auto* reals : {&wanted.stem_weights, &wanted.subject_weights, &wanted.pair_weights, &wanted.vector})
    *reals = read_list(reader, 4, read_real);
  wanted.open_page = reader.text();
  const std::size_t stems = wanted.keys.stems.size();
  if (has_repeats(wanted.keys)) return fail(ErrorCode::corrupt, "a key is asked for twice");
  const bool fits = wanted.stem_weights.size() == stems && wanted.subject_weights.size() == stems &&
                    wanted.pair_weights.size() == wanted.keys.pairs.size() && wanted.mean_length > 0;
  if (!fits) return fail(ErrorCode::corrupt, "these bytes are no question: a key without a weight");
  return whole(reader, std::move(wanted), "question");
}

std::string encode(const Cards& cards) {
  WireWriter writer;
  writer.flag(cards.has_cosines);
  write_list(writer, cards.pages, write_card);
  write_list(writer, cards.stems, write_postings);
  write_list(writer, cards.pairs, write_postings);
  return writer.take();
}

Result<Cards> read_cards(std::string_view bytes) {
  WireReader reader(bytes);
  Cards cards;
  cards.has_cosines = reader.flag();
  cards.pages = read_list(reader, 6, read_page_card);
  cards.stems = read_list(reader, 1, read_postings);
  cards.pairs = read_list(reader, 1, read_postings);
  std::size_t passages = 0;
  bool finite = true;
  for (const PageCard& page : cards.pages) {
    passages += page.passages.size();
    finite =
        finite && std::ranges::all_of(page.passages, [](float cosine) { return std::isfinite(cosine); }, &PassageCard::cosine);
  }
  if (!finite) return fail(ErrorCode::corrupt, "these bytes are no cards: a cosine is no number");
  if (!name_passages(cards.stems, passages) || !name_passages(cards.pairs, passages))
    return fail(ErrorCode::corrupt, "these bytes are no cards: a word stands in no passage of theirs");
  return whole(reader, std::move(cards), "cards");
}

std::string encode(const std::vector<PassageName>& names) {
  WireWriter writer;
  write_list(writer, names, [](WireWriter& to, const PassageName& name) {
    to.text(name.page_id);
    write_int(to, name.passage);
  });
  return writer.take();
}

Result<std::vector<PassageName>> read_names(std::string_view bytes) {
  WireReader reader(bytes);
  auto names = read_list(reader, 2, [](WireReader& from) {
    std::string page_id = from.text();
    return PassageName{std::move(page_id), read_int(from)};
  });
  if (names.size() > kMostNamed) return fail(ErrorCode::corrupt, "more passages are asked for than anybody quotes from");
  return whole(reader, std::move(names), "passages");
}

std::string encode(const std::vector<std::string>& page_ids) {
  WireWriter writer;
  write_list(writer, page_ids, [](WireWriter& to, const std::string& id) { to.text(id); });
  return writer.take();
}

Result<std::vector<std::string>> read_ids(std::string_view bytes) {
  WireReader reader(bytes);
  auto ids = read_list(reader, 1, [](WireReader& from) { return from.text(); });
  if (ids.size() > kMostNamed) return fail(ErrorCode::corrupt, "more pages are to be taken in than at once");
  if (has_repeats(ids)) return fail(ErrorCode::corrupt, "a page is named twice");
  return whole(reader, std::move(ids), "page ids");
}

std::string encode(const std::vector<model::PageContent>& pages) {
  WireWriter writer;
  write_list(writer, pages, [](WireWriter& to, const model::PageContent& content) {
    const model::Page& page = content.page;
    for (const std::string* text : {&page.id, &page.label, &page.title, &page.chapter, &page.voice}) to.text(*text);
    to.signed_number(page.version);
    write_list(to, content.quotes, write_quote);
  });
  return writer.take();
}

Result<std::vector<model::PageContent>> read_pages(std::string_view bytes, const std::string& world) {
  WireReader reader(bytes);
  auto pages = read_list(reader, 7, [&world](WireReader& from) { return read_page(from, world); });
  return whole(reader, std::move(pages), "pages");
}

std::string encode(const Claim& claim) {
  WireWriter writer;
  writer.text(claim.text);
  write_list(writer, claim.preferred, write_text);
  return writer.take();
}

Result<Claim> read_claim(std::string_view bytes) {
  WireReader reader(bytes);
  Claim claim;
  claim.text = reader.text();
  claim.preferred = read_list(reader, 1, read_text);
  if (claim.preferred.size() > kMostNamed) return fail(ErrorCode::corrupt, "more pages are preferred than anybody quotes from");
  return whole(reader, std::move(claim), "claim");
}

bool comes_before(const Found& a, const Found& b) {
  return std::tie(a.bare, a.rank, a.order, a.location.page_id, a.location.start) <
         std::tie(b.bare, b.rank, b.order, b.location.page_id, b.location.start);
}

std::string encode(const std::optional<Found>& found) {
  WireWriter writer;
  writer.flag(found.has_value());
  if (!found) return writer.take();
  writer.flag(found->bare);
  writer.number(found->rank);
  writer.signed_number(found->order);
  const QuoteLocation& at = found->location;
  for (const std::string* text : {&at.page_id, &at.label, &at.title, &at.text}) writer.text(*text);
  write_int(writer, at.start);
  write_int(writer, at.end);
  writer.signed_number(at.page_version);
  return writer.take();
}

Result<std::optional<Found>> read_found(std::string_view bytes) {
  WireReader reader(bytes);
  std::optional<Found> found;
  if (reader.flag()) {
    found.emplace();
    found->bare = reader.flag();
    found->rank = reader.number();
    found->order = reader.signed_number();
    QuoteLocation& at = found->location;
    for (std::string* text : {&at.page_id, &at.label, &at.title, &at.text}) *text = reader.text();
    at.start = read_int(reader);
    at.end = read_int(reader);
    at.page_version = reader.signed_number();
  }
  return whole(reader, std::move(found), "place of a claim");
}

}  // namespace gibsey::retrieval::sharded
