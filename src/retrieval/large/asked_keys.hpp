#pragma once
#include "retrieval/large/posting_list.hpp"
#include "retrieval/text_segment.hpp"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace gibsey::retrieval::large {

struct BookVersion;

enum class Field { stems, pairs };

/// A stem, or two words that follow each other, as a book has it.
struct AskedKey {
  std::vector<PostingList> lists;  ///< by segment of the files; removed passages are still in them
  std::vector<Posting> written;    ///< in the pages written since
  std::size_t passages = 0;        ///< of the book as it is now
  std::size_t pages = 0;
};

/// The keys of one question, each looked up and counted once. The book outlives it; for one thread at a time.
class AskedKeys {
 public:
  explicit AskedKeys(const BookVersion& book) : book_(&book) {}

  const AskedKey& stem(const std::string& stem);
  const AskedKey& pair(const std::string& first, const std::string& second);
  /// How much a stem tells passages of the book apart; that of a word on a single passage for one that it does not have.
  [[nodiscard]] float idf(const std::string& stem);

 private:
  AskedKey look_up(Field field, std::uint64_t hash, std::vector<Posting> written) const;

  const BookVersion* book_;
  std::unordered_map<std::uint64_t, AskedKey> stems_;
  std::unordered_map<std::uint64_t, AskedKey> pairs_;
};

}  // namespace gibsey::retrieval::large
