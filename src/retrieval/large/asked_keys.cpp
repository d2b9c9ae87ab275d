#include "retrieval/large/asked_keys.hpp"

#include "retrieval/bm25.hpp"
#include "retrieval/large/candidates.hpp"

#include <algorithm>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

// Of more removed pages the counts of words are not taken away one by one but in proportion.
constexpr std::size_t kRemovedCounted = 1000;

struct Count {
  std::size_t passages = 0;
  std::size_t pages = 0;
};

/// What of a list is removed.
Count removed_of(const PostingList& list, const Segment& segment, std::span<const PassageRange> ranges) {
  Count removed;
  std::uint32_t page = kNoPassage;
  for_each_in(list, ranges, [&](std::uint32_t passage, const PostingCursor& /*at*/) {
    ++removed.passages;
    if (const auto of = segment.passages.page_of(passage); of != std::exchange(page, of)) ++removed.pages;
  });
  return removed;
}

}  // namespace

AskedKey AskedKeys::look_up(Field field, std::uint64_t hash, std::vector<Posting> written) const {
  const BookVersion& book = *book_;
  AskedKey key{.written = std::move(written)};
  Count removed;
  const bool exactly = book.removed->page_count() <= kRemovedCounted;
  const auto& segments = book.files->segments();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const TextFile& text = segments[i].text;
    const PostingList list = (field == Field::stems ? text.stems() : text.pairs()).find(hash);
    key.lists.push_back(list);
    key.passages += list.passages();
    key.pages += list.pages();
    if (!exactly) continue;
    const Count here = removed_of(list, segments[i], book.removed->ranges(i));
    removed.passages += here.passages;
    removed.pages += here.pages;
  }
  if (!exactly) {
    removed = {key.passages * book.removed->passage_count() / std::max(1U, book.files->passage_count()),
               key.pages * book.removed->page_count() / std::max(1U, book.files->page_count())};
  }
  key.passages += key.written.size() - removed.passages;
  key.pages -= removed.pages;
  for (std::size_t i = 0; i < key.written.size(); ++i) {
    const auto page_of = [&](std::size_t at) { return book.written_text.page_of(key.written[at].passage); };
    if (i == 0 || page_of(i) != page_of(i - 1)) ++key.pages;
  }
  return key;
}

const AskedKey& AskedKeys::stem(const std::string& stem) {
  const std::uint64_t hash = word_key(stem);
  const auto known = stems_.find(hash);
  if (known != stems_.end()) return known->second;
  return stems_.emplace(hash, look_up(Field::stems, hash, book_->written_text.postings(stem))).first->second;
}

const AskedKey& AskedKeys::pair(const std::string& first, const std::string& second) {
  const std::uint64_t hash = pair_key(word_key(first), word_key(second));
  const auto known = pairs_.find(hash);
  if (known != pairs_.end()) return known->second;
  return pairs_.emplace(hash, look_up(Field::pairs, hash, book_->written_text.pair_postings(first, second))).first->second;
}

float AskedKeys::idf(const std::string& asked) {
  return bm25::idf(book_->passage_count(), std::max<std::size_t>(stem(asked).passages, 1));
}

}  // namespace gibsey::retrieval::large
