#include "jobs/note_plan.hpp"

#include "jobs/note_draft.hpp"
#include "jobs/note_source.hpp"

#include <algorithm>
#include <optional>

namespace gibsey::jobs {

NotePlan::NotePlan(std::string world, const std::vector<model::Note>& notes, ClusterBounds bounds, int least_words)
    : world_(std::move(world)), bounds_(bounds), least_words_(least_words) {
  for (const auto& note : notes) {
    there_.insert(note.id);
    for (const auto& member : note.members) note_of_.try_emplace({member.page_id, member.passage}, note.id);
  }
}

std::vector<NotePlan::Passage> NotePlan::passages_of(const std::vector<store::IndexedPage>& neighbourhood) {
  std::vector<Passage> passages;
  int page = 0;
  for (const auto& [content, vectors] : neighbourhood) {
    for (const auto& passage : content.passages) {
      const auto vector = std::ranges::find(vectors, passage.number, &model::PassageVector::passage);
      passages.push_back({.place = {content.page.id, passage.number},
                          .text = &passage.text,
                          .unit = {.words = count_words(passage.text),
                                   .page = page,
                                   .vector = vector == vectors.end() ? std::vector<float>() : vector->values}});
    }
    ++page;
  }
  return passages;
}

int NotePlan::words_of(const std::vector<Passage>& passages, const Group& group) const {
  int words = 0;
  for (const auto i : group) words += passages[i].unit.words;
  return words;
}

/// A group of passages that are in no note: a cluster of its own if it is large enough, else it joins the nearest.
void NotePlan::settle(const std::vector<Passage>& passages, Group group, std::map<std::string, Group>& kept,
                      std::vector<Group>& made) const {
  if (words_of(passages, group) >= bounds_.least_words || (kept.empty() && made.empty())) {
    made.push_back(std::move(group));
    return;
  }
  const auto nearness = [&](const Group& other) {
    float sum = 0;
    for (const auto i : group) {
      for (const auto j : other) {
        // Without vectors what stands near is near.
        const auto pages = static_cast<float>(std::abs(passages[i].unit.page - passages[j].unit.page));
        sum += cosine_of(passages[i].unit.vector, passages[j].unit.vector) - 0.02F * pages;
      }
    }
    return sum / static_cast<float>(group.size() * other.size());
  };
  Group* nearest = nullptr;
  float most = 0;
  const int words = words_of(passages, group);
  const auto look = [&](Group& other) {
    // A book that grows by a short page a day must not end as one note.
    if (words + words_of(passages, other) > 2 * bounds_.most_words) return;
    const float near = nearness(other);
    if (nearest != nullptr && near <= most) return;
    nearest = &other;
    most = near;
  };
  for (auto& [id, other] : kept) look(other);
  for (auto& other : made) look(other);
  if (nearest == nullptr) {
    made.push_back(std::move(group));
    return;
  }
  nearest->insert(nearest->end(), group.begin(), group.end());
  std::ranges::sort(*nearest);
}

void NotePlan::put(const std::vector<Passage>& passages, const Group& group, std::string id, const std::string& chapter) {
  model::PlannedNote planned{.world = world_, .chapter = chapter};
  for (const auto i : group) {
    const auto& [place, text, unit] = passages[i];
    planned.members.push_back({place.first, place.second, text_hash(*text)});
  }
  planned.id = id.empty() ? new_note_id(world_, planned.members) : std::move(id);
  // A new note may have the name of one whose passages went elsewhere.
  while (used_.contains(planned.id)) planned.id += "x";
  used_.insert(planned.id);
  planned_.push_back(std::move(planned));
}

void NotePlan::add(const std::vector<store::IndexedPage>& neighbourhood) {
  const auto passages = passages_of(neighbourhood);
  if (passages.empty()) return;
  std::map<std::string, Group> kept;
  Group loose;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const auto note = note_of_.find(passages[i].place);
    // A note whose pages have come apart stays with the first of them.
    if (note == note_of_.end() || used_.contains(note->second)) {
      loose.push_back(i);
    } else {
      kept[note->second].push_back(i);
    }
  }
  for (auto at = kept.begin(); at != kept.end();) {
    if (words_of(passages, at->second) >= least_words_) {
      ++at;
      continue;
    }
    loose.insert(loose.end(), at->second.begin(), at->second.end());
    at = kept.erase(at);
  }
  std::ranges::sort(loose);
  std::vector<ClusterUnit> units;
  for (const auto i : loose) units.push_back(passages[i].unit);
  std::vector<Group> made;
  auto groups = cluster_passages(units, bounds_);
  // The large ones first, so that the small ones have somewhere to go.
  std::ranges::sort(groups, {}, [&](const auto& group) {
    int words = 0;
    for (const auto i : group) words += units[i].words;
    return std::pair(-words, group.front());
  });
  for (const auto& group : groups) {
    Group members;
    for (const auto i : group) members.push_back(loose[i]);
    settle(passages, std::move(members), kept, made);
  }
  std::vector<std::pair<Group, std::string>> all;
  for (auto& [id, group] : kept) all.emplace_back(std::move(group), id);
  for (auto& group : made) all.emplace_back(std::move(group), "");
  std::ranges::sort(all, {}, [](const auto& entry) { return entry.first.front(); });
  for (const auto& [group, id] : all) {
    // Too little for a note; it waits for more.
    if (words_of(passages, group) >= least_words_) put(passages, group, id, neighbourhood.front().content.page.chapter);
  }
}

std::vector<std::string> NotePlan::orphans() const {
  std::vector<std::string> orphans;
  std::ranges::set_difference(there_, used_, std::back_inserter(orphans));
  return orphans;
}

}  // namespace gibsey::jobs
