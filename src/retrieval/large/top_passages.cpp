#include "retrieval/large/top_passages.hpp"

#include "retrieval/bm25.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

// Passages that are scored together. Of a common word that is 10 blocks, of a rare one a part of one.
constexpr std::uint32_t kWindow = 2048;
// Sums of floats in another order differ in the last digits; a bound may not be too low by them.
constexpr float kRounding = 1.00001f;
// Passages of the rarest keys.
constexpr std::size_t kLookedAtFirst = 256;

struct Term {
  PostingCursor cursor;
  float weight = 0;
  float bound = 0;  ///< of the window that is looked at
};

float score_of(const SearchedField& field, const PostingCursor& cursor, float weight) {
  return weight * bm25::weight(cursor.count(), field.norms[field.lengths[cursor.passage()]]);
}

bool is_removed(const SearchedField& field, std::uint32_t passage) {
  return !field.removed.empty() && ((field.removed[passage / 64] >> (passage % 64)) & 1) != 0;
}

class WindowSearch {
 public:
  WindowSearch(const SearchedField& field, TopList& best) : field_(field), best_(best) {
    // The longer the passages are on the average now, the more a long one weighs: at most in this proportion.
    slack_ = kRounding * std::max(1.0f, field.norms.mean_length() / field.bounds_mean_length);
    for (const WeightedList& asked : field.asked) {
      if (asked.list.passages() == 0) continue;
      Term term{PostingCursor(asked.list), asked.weight};
      term.cursor.seek(0);
      terms_.push_back(std::move(term));
    }
  }

  void run() {
    const auto end = static_cast<std::uint32_t>(field_.lengths.size());
    for (std::uint32_t from = 0; from < end; from += kWindow) {
      search(from, std::min(end, from + kWindow));
    }
  }

 private:
  /// What the terms up to each may add at most, the least first; those that together cannot reach the bar are looked at only
  /// where another one stands.
  void search(std::uint32_t from, std::uint32_t to) {
    for (Term& term : terms_) term.bound = term.weight * term.cursor.most_between(from, to) * slack_;
    order_.clear();
    for (Term& term : terms_) {
      if (term.bound > 0) order_.push_back(&term);
    }
    std::ranges::sort(order_, {}, &Term::bound);
    below_.assign(1, 0.0f);
    for (const Term* term : order_) below_.push_back(below_.back() + term->bound);
    const float bar = best_.bar();
    if (order_.empty() || below_.back() <= bar) return;
    std::size_t optional = 0;
    while (below_[optional + 1] <= bar) ++optional;
    for (std::size_t i = optional; i < order_.size(); ++i) add_all(*order_[i], from, to);
    for (std::size_t word = 0; word < touched_.size(); ++word) {
      for (std::uint64_t bits = std::exchange(touched_[word], 0); bits != 0; bits &= bits - 1) {
        const auto offset = static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
        finish(from + offset, std::exchange(scores_[offset], 0.0f), optional);
      }
    }
  }

  void add_all(Term& term, std::uint32_t from, std::uint32_t to) {
    PostingCursor& cursor = term.cursor;
    for (cursor.seek(from); cursor.passage() < to; cursor.next()) {
      const std::uint32_t offset = cursor.passage() - from;
      scores_[offset] += score(term);
      touched_[offset / 64] |= std::uint64_t{1} << (offset % 64);
    }
  }

  void finish(std::uint32_t passage, float sum, std::size_t optional) {
    const float bar = best_.bar();
    for (std::size_t i = optional; i > 0; --i) {
      if ((sum + below_[i]) * kRounding <= bar) return;
      Term& term = *order_[i - 1];
      term.cursor.seek(passage);
      if (term.cursor.passage() == passage) sum += score(term);
    }
    if (sum <= bar || is_removed(field_, passage)) return;
    best_.show({sum, field_.first_passage + passage});
  }

  [[nodiscard]] float score(const Term& term) const { return score_of(field_, term.cursor, term.weight); }

  const SearchedField& field_;
  TopList& best_;
  float slack_ = 1;
  std::vector<Term> terms_;
  std::vector<Term*> order_;
  std::vector<float> below_;
  std::array<float, kWindow> scores_{};
  std::array<std::uint64_t, kWindow / 64> touched_{};
};

/// The first passages of some lists, in rising order, each once.
std::vector<std::uint32_t> first_of(const SearchedField& field, std::span<const std::size_t> keys, std::size_t most) {
  std::vector<std::uint32_t> passages;
  for (const std::size_t key : keys) {
    const PostingList& list = field.asked[key].list;
    if (list.passages() == 0) continue;
    PostingCursor cursor(list);
    std::size_t taken = 0;
    for (cursor.seek(0); cursor.passage() != kNoPassage && taken < most; cursor.next(), ++taken) {
      if (!is_removed(field, cursor.passage())) passages.push_back(cursor.passage());
    }
  }
  std::ranges::sort(passages);
  passages.erase(std::ranges::unique(passages).begin(), passages.end());
  return passages;
}

void show_all(const SearchedField& field, std::span<const std::uint32_t> passages, TopList& best) {
  std::vector<float> scores(passages.size(), 0.0f);
  for (const WeightedList& asked : field.asked) {
    if (asked.list.passages() == 0) continue;
    PostingCursor cursor(asked.list);
    for (std::size_t i = 0; i < passages.size(); ++i) {
      cursor.seek(passages[i]);
      if (cursor.passage() == passages[i]) scores[i] += score_of(field, cursor, asked.weight);
    }
  }
  for (std::size_t i = 0; i < passages.size(); ++i) best.show({scores[i], field.first_passage + passages[i]});
}

/// Keys from the rarest on, as long as they have no more than some passages together; the rarest in any case.
std::vector<std::size_t> rarest_keys(std::span<const SearchedField> fields) {
  std::vector<std::pair<std::size_t, std::size_t>> keys;
  for (std::size_t key = 0; key < fields.front().asked.size(); ++key) {
    std::size_t passages = 0;
    for (const SearchedField& field : fields) passages += field.asked[key].list.passages();
    if (passages > 0) keys.emplace_back(passages, key);
  }
  std::ranges::sort(keys);
  std::vector<std::size_t> rarest;
  std::size_t sum = 0;
  for (const auto& [passages, key] : keys) {
    sum += passages;
    if (sum > kLookedAtFirst && !rarest.empty()) break;
    rarest.push_back(key);
  }
  return rarest;
}

}  // namespace

LengthNorms::LengthNorms(float mean_length) : mean_length_(mean_length) {
  norms_.resize(std::size_t{std::numeric_limits<std::uint16_t>::max()} + 1);
  for (std::size_t length = 0; length < norms_.size(); ++length) {
    norms_[length] = bm25::norm(static_cast<float>(length), mean_length);
  }
}

void find_best(const SearchedField& field, TopList& best) {
  WindowSearch(field, best).run();
}

void find_best(std::span<const SearchedField> fields, TopList& best) {
  if (fields.empty()) return;
  const auto keys = rarest_keys(fields);
  TopList first = best;
  for (const SearchedField& field : fields) show_all(field, first_of(field, keys, kLookedAtFirst / fields.size()), first);
  // A little lower, since those that set it must pass it.
  if (first.bar() > 0) best.raise_bar(first.bar() / kRounding / kRounding);
  for (const SearchedField& field : fields) find_best(field, best);
}

}  // namespace gibsey::retrieval::large
