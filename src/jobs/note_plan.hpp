#pragma once
#include "jobs/note_clusters.hpp"
#include "model/note.hpp"
#include "store/page_store.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::jobs {

/// Which passages go into which note. Fed the pages of a book in their order, a neighbourhood (pages of a chapter that follow
/// each other) at a time. Deterministic.
class NotePlan {
 public:
  /// `notes`: those that are there.
  NotePlan(std::string world, const std::vector<model::Note>& notes, ClusterBounds bounds, int least_words);

  /// The notes of these pages: passages stay in the note that they are in; the others make new clusters, or go to the nearest
  /// note where they are too few for one of their own.
  void add(const std::vector<store::IndexedPage>& neighbourhood);
  /// So far, in the book's order.
  [[nodiscard]] const std::vector<model::PlannedNote>& planned() const { return planned_; }
  /// Notes that are there and have no passage any more; after the last pages.
  [[nodiscard]] std::vector<std::string> orphans() const;

 private:
  using Place = std::pair<std::string, int>;  ///< page id, passage
  struct Passage {
    Place place;
    const std::string* text;
    ClusterUnit unit;
  };
  using Group = std::vector<std::size_t>;  ///< indices of passages

  static std::vector<Passage> passages_of(const std::vector<store::IndexedPage>& neighbourhood);
  [[nodiscard]] int words_of(const std::vector<Passage>& passages, const Group& group) const;
  void settle(const std::vector<Passage>& passages, Group group, std::map<std::string, Group>& kept,
              std::vector<Group>& made) const;
  void put(const std::vector<Passage>& passages, const Group& group, std::string id, const std::string& chapter);

  const std::string world_;
  const ClusterBounds bounds_;
  const int least_words_;
  std::set<std::string> there_;
  std::map<Place, std::string> note_of_;
  std::set<std::string> used_;
  std::vector<model::PlannedNote> planned_;
};

}  // namespace gibsey::jobs
