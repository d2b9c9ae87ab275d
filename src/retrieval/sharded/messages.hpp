#pragma once
#include "base/result.hpp"
#include "model/page.hpp"
#include "retrieval/quote_finder.hpp"
#include "retrieval/text_segment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a coordinator and the memory nodes say to each other (docs/memory_nodes.md). Reading gives corrupt for bytes that are not
/// what they should be, and never takes more memory than a small multiple of them.
namespace gibsey::retrieval::sharded {

/// Asked of some shards of a world; the payload is the call's own.
struct ShardRequest {
  std::string world;
  std::uint32_t shard_count = 0;  ///< into which the asker cuts a world
  std::vector<std::uint32_t> shards;
  std::string payload;
};
/// Of the asked shards those that the node holds.
struct ShardAnswer {
  std::uint32_t shard = 0;
  std::string payload;
};
[[nodiscard]] std::string encode(const ShardRequest& request);
[[nodiscard]] Result<ShardRequest> read_request(std::string_view bytes);
[[nodiscard]] std::string encode(const std::vector<ShardAnswer>& answers);
[[nodiscard]] Result<std::vector<ShardAnswer>> read_answers(std::string_view bytes);

/// The keys that a question's scores are made of, each once.
struct Keys {
  std::vector<std::string> stems;
  std::vector<std::pair<std::string, std::string>> pairs;
};
[[nodiscard]] std::string encode(const Keys& keys);
[[nodiscard]] Result<Keys> read_keys(std::string_view bytes);

/// In how many passages and pages something stands.
struct KeyCount {
  std::uint64_t passages = 0;
  std::uint64_t pages = 0;
};
struct Counts {
  std::uint64_t passages = 0;
  std::uint64_t pages = 0;
  std::uint64_t words = 0;
  std::uint64_t vectors = 0;
  std::vector<KeyCount> stems;  ///< as the keys
  std::vector<KeyCount> pairs;

  /// Those of two parts of a book. Keys that only one has stay as they are.
  void add(const Counts& other);
};
[[nodiscard]] std::string encode(const Counts& counts);
[[nodiscard]] Result<Counts> read_counts(std::string_view bytes);

/// What is to be looked at to answer a question.
struct Wanted {
  bool whole = false;             ///< every page
  std::uint32_t best = 0;         ///< passages by each signal
  std::uint32_t near_of = 0;      ///< of these with the pages beside them
  std::uint64_t book_sample = 0;  ///< passages of all the book that stand for it, of ...
  std::uint64_t book_passages = 0;
  float mean_length = 1;  ///< of the book's passages
  Keys keys;
  // One a key; 0: not of this text.
  std::vector<float> stem_weights;
  std::vector<float> subject_weights;  ///< of the stems
  std::vector<float> pair_weights;
  std::vector<float> vector;  ///< may be empty
  std::string open_page;      ///< may be empty
};
[[nodiscard]] std::string encode(const Wanted& wanted);
[[nodiscard]] Result<Wanted> read_wanted(std::string_view bytes);

struct PassageCard {
  std::int32_t number = 0;   ///< within its page
  std::uint32_t length = 0;  ///< in words
  bool quotable = false;
  float cosine = 0;  ///< VectorIndex::kNone without a vector
};
/// A page with all that ranking wants to know of it.
struct PageCard {
  std::string id;
  std::int64_t order = 0;
  std::string voice;
  std::int64_t version = 0;
  bool sampled = false;
  std::vector<PassageCard> passages;
};
struct Cards {
  std::vector<PageCard> pages;  ///< in the book's order
  bool has_cosines = false;
  // A list a key; passages are numbered from 0 through the pages.
  std::vector<std::vector<Posting>> stems;
  std::vector<std::vector<Posting>> pairs;
};
[[nodiscard]] std::string encode(const Cards& cards);
/// corrupt also for a posting that names no passage.
[[nodiscard]] Result<Cards> read_cards(std::string_view bytes);

/// A passage that may be quoted from.
struct PassageName {
  std::string page_id;
  std::int32_t passage = 0;
};
[[nodiscard]] std::string encode(const std::vector<PassageName>& names);
[[nodiscard]] Result<std::vector<PassageName>> read_names(std::string_view bytes);

[[nodiscard]] std::string encode(const std::vector<std::string>& page_ids);
/// corrupt also where an id is named twice.
[[nodiscard]] Result<std::vector<std::string>> read_ids(std::string_view bytes);

/// Pages without text, with the quote candidates of the passages that were asked for.
[[nodiscard]] std::string encode(const std::vector<model::PageContent>& pages);
[[nodiscard]] Result<std::vector<model::PageContent>> read_pages(std::string_view bytes, const std::string& world);

struct Claim {
  std::string text;
  std::vector<std::string> preferred;
};
[[nodiscard]] std::string encode(const Claim& claim);
[[nodiscard]] Result<Claim> read_claim(std::string_view bytes);

/// Where a claim stands, and what comes before what: found whole before found bare, on a preferred page, first in the book.
struct Found {
  bool bare = false;
  std::uint64_t rank = 0;
  std::int64_t order = 0;
  QuoteLocation location;
};
[[nodiscard]] bool comes_before(const Found& a, const Found& b);
[[nodiscard]] std::string encode(const std::optional<Found>& found);
[[nodiscard]] Result<std::optional<Found>> read_found(std::string_view bytes);

}  // namespace gibsey::retrieval::sharded
