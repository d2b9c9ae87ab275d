#include "input.hpp"
#include "retrieval/sharded/merged_book.hpp"
#include "retrieval/sharded/messages.hpp"
#include "targets.hpp"

#include <string>
#include <utility>

namespace gibsey::fuzz {
namespace {

namespace sharded = retrieval::sharded;

/// What is read can be written, and read again as the same.
template <typename Read>
auto read_twice(std::string_view bytes, Read read) {
  auto once = read(bytes);
  if (!once) {
    require(once.error().code == ErrorCode::corrupt && !once.error().message.empty(), "a refusal says why");
    return once;
  }
  const std::string written = sharded::encode(*once);
  const auto again = read(written);
  require(again.has_value(), "what is written can be read");
  require(sharded::encode(*again) == written, "it is the same");
  return once;
}

/// Whatever cards a node sends, they can be ranked.
void rank(sharded::Cards cards) {
  const std::string language = "en";
  const sharded::QuestionKeys keys("the tower", "the owl", language);
  const sharded::Counts counts{
      .passages = 7, .pages = 3, .words = 700, .vectors = 7, .stems = {{2, 1}, {1, 1}}, .pairs = {{1, 1}}};
  for (const auto part : {sharded::MergedBook::Part::all, sharded::MergedBook::Part::chosen}) {
    const sharded::MergedBook book(keys, language, counts, {cards, cards}, part);
    const auto signals = book.score("the tower", "the owl");
    const retrieval::Query query{
        .world = "w", .text = "the tower", .character = "todd", .page_id = "007", .earlier_pages = {"001"}};
    for (const auto& passage : retrieval::rank_passages(query, true, book.ranked(), signals))
      require(book.number_in_page(passage.passage) >= 0 && !book.card(book.page_of(passage.passage)).passages.empty(),
              "a ranked passage is on its page's card");
  }
}

}  // namespace

/// The first byte says what kind of message it is.
void shard_messages(std::string_view bytes) {
  if (bytes.empty()) return;
  const int kind = static_cast<unsigned char>(bytes.front()) % 11;
  bytes.remove_prefix(1);
  if (kind == 0) read_twice(bytes, sharded::read_request);
  if (kind == 1) read_twice(bytes, sharded::read_answers);
  if (kind == 2) read_twice(bytes, [](std::string_view text) { return sharded::read_keys(text); });
  if (kind == 3) read_twice(bytes, sharded::read_counts);
  if (kind == 4) read_twice(bytes, sharded::read_wanted);
  if (kind == 5) {
    if (auto cards = read_twice(bytes, sharded::read_cards)) rank(*std::move(cards));
  }
  if (kind == 6) read_twice(bytes, sharded::read_names);
  if (kind == 7) read_twice(bytes, [](std::string_view text) { return sharded::read_pages(text, "w"); });
  if (kind == 8) read_twice(bytes, sharded::read_claim);
  if (kind == 9) read_twice(bytes, sharded::read_found);
  if (kind == 10) read_twice(bytes, sharded::read_ids);
}

}  // namespace gibsey::fuzz
