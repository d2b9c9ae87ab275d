#include "jobs/note_clusters.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <utility>

namespace gibsey::jobs {
namespace {

/// A book goes on speaking of a matter on the next page.
constexpr float kNeighbourBonus = 0.1F;
/// Mean cosine, bonus included, under which passages of one page have nothing to do with each other.
constexpr float kSamePageBar = 0.2F;
/// Where there are no vectors, and in the middle between the bounds.
constexpr int kCutAfterWords = 500;

using Groups = std::vector<std::vector<std::size_t>>;

Groups cut_in_order(std::span<const ClusterUnit> units, const ClusterBounds& bounds) {
  Groups groups;
  int words = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (groups.empty() || words >= std::min(kCutAfterWords, bounds.most_words)) {
      groups.emplace_back();
      words = 0;
    }
    groups.back().push_back(i);
    words += units[i].words;
  }
  if (groups.size() > 1 && words < bounds.least_words) {
    auto last = std::move(groups.back());
    groups.pop_back();
    groups.back().insert(groups.back().end(), last.begin(), last.end());
  }
  return groups;
}

/// Average-link clustering over sums of similarities.
class Merging {
 public:
  Merging(std::span<const ClusterUnit> units, const ClusterBounds& bounds)
      : bounds_(bounds), sums_(units.size(), std::vector<float>(units.size())) {
    for (std::size_t i = 0; i < units.size(); ++i) {
      groups_.push_back({{i}, units[i].words, units[i].page, units[i].page});
      for (std::size_t j = 0; j < i; ++j) {
        const bool neighbours = std::abs(units[i].page - units[j].page) <= 1;
        sums_[i][j] = sums_[j][i] = cosine_of(units[i].vector, units[j].vector) + (neighbours ? kNeighbourBonus : 0.0F);
      }
    }
  }

  Groups run() {
    // A note is read beside its page: a page is torn apart only where it speaks of two things.
    while (const auto pair = best([this](const Group& a, const Group& b, float mean) {
             return mean >= kSamePageBar && a.words + b.words <= bounds_.most_words && span(a, b) == 1;
           }))
      merge(*pair);
    while (const auto pair = best([this](const Group& a, const Group& b, float mean) {
             return mean >= bounds_.bar && a.words + b.words <= bounds_.most_words && span(a, b) <= bounds_.most_pages;
           }))
      merge(*pair);
    // What is left over goes to its nearest, if that is not half a book.
    while (const auto pair = best([this](const Group& a, const Group& b, float) {
             return std::min(a.words, b.words) < bounds_.least_words && a.words + b.words <= 2 * bounds_.most_words &&
                    span(a, b) <= 2 * bounds_.most_pages;
           }))
      merge(*pair);
    Groups groups;
    for (auto& group : groups_) {
      if (group.members.empty()) continue;
      std::ranges::sort(group.members);
      groups.push_back(std::move(group.members));
    }
    std::ranges::sort(groups, {}, [](const auto& members) { return members.front(); });
    return groups;
  }

 private:
  struct Group {
    std::vector<std::size_t> members;
    int words = 0;
    int first_page = 0;
    int last_page = 0;
  };

  static int span(const Group& a, const Group& b) {
    return std::max(a.last_page, b.last_page) - std::min(a.first_page, b.first_page) + 1;
  }

  template <typename Allowed>
  std::optional<std::pair<std::size_t, std::size_t>> best(Allowed allowed) const {
    std::optional<std::pair<std::size_t, std::size_t>> found;
    float most = 0;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      for (std::size_t j = i + 1; j < groups_.size(); ++j) {
        const auto& a = groups_[i];
        const auto& b = groups_[j];
        if (a.members.empty() || b.members.empty()) continue;
        const float mean = sums_[i][j] / static_cast<float>(a.members.size() * b.members.size());
        if (!allowed(a, b, mean) || (found && mean <= most)) continue;
        most = mean;
        found = {i, j};
      }
    }
    return found;
  }

  void merge(std::pair<std::size_t, std::size_t> pair) {
    auto& into = groups_[pair.first];
    auto& from = groups_[pair.second];
    into.members.insert(into.members.end(), from.members.begin(), from.members.end());
    into.words += from.words;
    into.first_page = std::min(into.first_page, from.first_page);
    into.last_page = std::max(into.last_page, from.last_page);
    from = {};
    for (std::size_t other = 0; other < groups_.size(); ++other) {
      sums_[pair.first][other] += sums_[pair.second][other];
      sums_[other][pair.first] = sums_[pair.first][other];
    }
  }

  const ClusterBounds& bounds_;
  std::vector<std::vector<float>> sums_;
  std::vector<Group> groups_;
};

}  // namespace

std::vector<std::vector<std::size_t>> cluster_passages(std::span<const ClusterUnit> units, const ClusterBounds& bounds) {
  const bool all = std::ranges::none_of(units, [](const ClusterUnit& unit) { return unit.vector.empty(); });
  return all ? Merging(units, bounds).run() : cut_in_order(units, bounds);
}

std::vector<float> centre_of(std::span<const std::vector<float>> vectors) {
  if (vectors.empty()) return {};
  std::vector<float> centre(vectors.front().size());
  for (const auto& vector : vectors) {
    for (std::size_t i = 0; i < std::min(centre.size(), vector.size()); ++i) centre[i] += vector[i];
  }
  const float length = std::sqrt(std::inner_product(centre.begin(), centre.end(), centre.begin(), 0.0F));
  if (length > 0) {
    for (auto& value : centre) value /= length;
  }
  return centre;
}

float cosine_of(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin(), 0.0F);
}

}  // namespace gibsey::jobs
