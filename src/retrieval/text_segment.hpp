#pragma once
#include "model/page.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gibsey::retrieval {

using TermId = std::uint32_t;

struct Posting {
  std::uint32_t passage = 0;
  std::uint32_t count = 0;
};

/// Postings of many keys one behind another: those of the key number n are [starts[n], starts[n + 1]).
template <typename Key>
struct Postings {
  std::vector<Key> keys;  ///< sorted
  std::vector<std::uint32_t> starts;
  std::vector<Posting> list;

  /// `occurrences` holds a (key, passage) for each time that a key stands in a passage.
  explicit Postings(std::vector<std::pair<Key, std::uint32_t>> occurrences) {
    std::ranges::sort(occurrences);
    for (const auto& [key, passage] : occurrences) {
      if (keys.empty() || keys.back() != key) {
        keys.push_back(key);
        starts.push_back(static_cast<std::uint32_t>(list.size()));
        list.push_back({passage, 0});
      } else if (list.back().passage != passage) {
        list.push_back({passage, 0});
      }
      ++list.back().count;
    }
    starts.push_back(static_cast<std::uint32_t>(list.size()));
    keys.shrink_to_fit();
    starts.shrink_to_fit();
    list.shrink_to_fit();
  }

  [[nodiscard]] std::span<const Posting> find(Key key) const {
    const auto at = std::ranges::lower_bound(keys, key);
    if (at == keys.end() || *at != key) return {};
    const auto n = static_cast<std::size_t>(at - keys.begin());
    return std::span(list).subspan(starts[n], starts[n + 1] - starts[n]);
  }

  [[nodiscard]] std::size_t memory_bytes() const {
    return keys.size() * sizeof(Key) + starts.size() * sizeof(std::uint32_t) + list.size() * sizeof(Posting);
  }
};

/// Words and adjacent word pairs of some pages of a book. Immutable; safe to share between threads. Passages are numbered from 0
/// through the pages in the order given.
class TextSegment {
 public:
  /// A passage without a text has that of its page between its bounds.
  TextSegment(std::span<const model::PageContent* const> pages, const std::string& language);

  /// In passage order.
  [[nodiscard]] std::span<const Posting> postings(const std::string& stem) const;
  [[nodiscard]] std::span<const Posting> pair_postings(const std::string& first, const std::string& second) const;

  [[nodiscard]] std::size_t page_count() const { return first_passages_.size() - 1; }
  [[nodiscard]] std::size_t passage_count() const { return lengths_.size(); }
  /// The first passage of a page; that of the page behind the last is the number of passages.
  [[nodiscard]] std::uint32_t first_passage(std::size_t page) const { return first_passages_[page]; }
  [[nodiscard]] float length(std::size_t passage) const { return lengths_[passage]; }  ///< in words
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  std::unordered_map<std::string, TermId> words_;  ///< as they stand, folded -> the id that pairs are made of
  std::unordered_map<std::string, TermId> stems_;
  std::vector<std::uint32_t> first_passages_;
  std::vector<float> lengths_;
  Postings<TermId> terms_{{}};
  Postings<std::uint64_t> pairs_{{}};
};

}  // namespace gibsey::retrieval
