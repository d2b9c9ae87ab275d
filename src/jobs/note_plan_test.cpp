#include "jobs/note_plan.hpp"

#include "jobs/note_draft.hpp"
#include "jobs/note_extract.hpp"
#include "jobs/note_source.hpp"
#include "jobs/testing/small_book.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace gibsey::jobs {
namespace {

using Groups = std::vector<std::vector<std::size_t>>;

ClusterUnit unit(int page, std::vector<float> vector, int words = 100) {
  return {.words = words, .page = page, .vector = std::move(vector)};
}

TEST(NoteClusters, put_together_what_speaks_of_one_matter) {
  const std::vector<ClusterUnit> units = {unit(0, {1, 0, 0}), unit(0, {0, 1, 0}), unit(1, {1, 0, 0}),
                                          unit(1, {0, 1, 0}), unit(2, {1, 0, 0}), unit(2, {0, 1, 0})};
  EXPECT_EQ(cluster_passages(units), (Groups{{0, 2, 4}, {1, 3, 5}}));
  EXPECT_TRUE(cluster_passages({}).empty());
}

TEST(NoteClusters, keep_their_bounds) {
  std::vector<ClusterUnit> units;
  for (int page = 0; page < 40; ++page) units.push_back(unit(page, {1, 0}, 200));
  const auto groups = cluster_passages(units);
  for (const auto& group : groups) {
    EXPECT_LE(group.size(), 4U) << "900 words";
    EXPECT_LE(group.back() - group.front(), 7U) << "8 pages";
  }
  EXPECT_GE(groups.size(), 10U);
}

TEST(NoteClusters, leave_nothing_small_where_there_is_something_near) {
  const std::vector<ClusterUnit> units = {unit(0, {1, 0, 0}, 300), unit(1, {0, 1, 0}, 60), unit(2, {0.3F, 0.9F, 0.3F}, 300)};
  EXPECT_EQ(cluster_passages(units), (Groups{{0}, {1, 2}}));
}

TEST(NoteClusters, without_vectors_are_passages_that_follow_each_other) {
  std::vector<ClusterUnit> units;
  for (int i = 0; i < 12; ++i) units.push_back(unit(i, {}, 100));
  EXPECT_EQ(cluster_passages(units), (Groups{{0, 1, 2, 3, 4}, {5, 6, 7, 8, 9, 10, 11}}));
  units[3].vector = {1, 0};
  EXPECT_EQ(cluster_passages(units).size(), 2U) << "some are not enough";
}

TEST(NoteClusters, are_the_same_each_time) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<ClusterUnit> units;
  for (int i = 0; i < 80; ++i) {
    std::vector<float> vector(8);
    for (auto& value : vector) value = normal(random) + 0.4F;
    const std::vector<std::vector<float>> one = {vector};
    units.push_back(unit(i / 3, centre_of(one), 80 + i));
  }
  const auto first = cluster_passages(units);
  EXPECT_EQ(cluster_passages(units), first);
  std::set<std::size_t> seen;
  for (const auto& group : first) seen.insert(group.begin(), group.end());
  EXPECT_EQ(seen.size(), units.size());
}

std::vector<store::IndexedPage> indexed(std::vector<model::PageContent> pages) {
  std::vector<store::IndexedPage> all;
  for (auto& page : pages) all.push_back({std::move(page), {}});
  return all;
}

std::vector<model::Note> written(const std::vector<model::PlannedNote>& planned) {
  std::vector<model::Note> notes;
  for (const auto& note : planned)
    notes.push_back({.world = note.world, .id = note.id, .members = note.members, .source_hash = source_hash(note.members)});
  return notes;
}

NotePlan plan_of(const std::vector<model::PageContent>& pages, const std::vector<model::Note>& notes, int least = 100) {
  // A page is a cluster.
  NotePlan plan("tower", notes, {.least_words = 100, .most_words = 200}, least);
  plan.add(indexed(pages));
  return plan;
}

TEST(NotePlan, an_edit_changes_one_note_and_its_id_stays) {
  auto pages = testing::small_book();
  pages.resize(2);
  const auto first = plan_of(pages, {}).planned();
  ASSERT_GE(first.size(), 1U);
  const auto notes = written(first);
  EXPECT_EQ(written(plan_of(pages, notes).planned()).at(0).source_hash, notes[0].source_hash);

  pages[1] = testing::page_of(2, testing::joined(testing::sentences_of(testing::kTopics[3])), "Chapter 1");
  const auto edited = plan_of(pages, notes);
  ASSERT_EQ(edited.planned().size(), first.size());
  int changed = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(edited.planned()[i].id, first[i].id);
    if (source_hash(edited.planned()[i].members) != notes[i].source_hash) ++changed;
  }
  EXPECT_EQ(changed, 1);
  EXPECT_TRUE(edited.orphans().empty());
}

TEST(NotePlan, a_new_page_gets_a_note_and_a_removed_one_gives_its_up) {
  const auto book = testing::small_book();
  const std::vector<model::PageContent> one = {book[0]};
  const auto notes = written(plan_of(one, {}).planned());
  ASSERT_EQ(notes.size(), 1U);
  const auto more = plan_of({book[0], book[1]}, notes);
  EXPECT_EQ(more.planned().at(0).id, notes[0].id);
  EXPECT_EQ(more.planned().size(), 2U);
  EXPECT_NE(more.planned()[1].id, notes[0].id);
  const auto other = plan_of({book[1]}, notes);
  EXPECT_EQ(other.orphans(), std::vector<std::string>{notes[0].id});
}

TEST(NotePlan, too_few_words_wait_or_go_to_the_nearest) {
  const auto scrap = testing::page_of(2, "The lamp of the tower was lit again that night. Nobody knew why.", "Chapter 1");
  EXPECT_TRUE(plan_of({scrap}, {}).planned().empty());
  const auto book = testing::small_book();
  const auto notes = written(plan_of({book[0]}, {}).planned());
  const auto joined = plan_of({book[0], scrap}, notes).planned();
  ASSERT_EQ(joined.size(), 1U);
  EXPECT_EQ(joined[0].id, notes[0].id);
  EXPECT_EQ(joined[0].members.back().page_id, "002");
}

TEST(NoteExtract, is_whole_sentences_of_the_pages_in_their_order) {
  std::vector<NoteSource> sources;
  for (const auto& content : testing::small_book()) {
    for (const auto& passage : content.passages)
      sources.push_back({.page_id = content.page.id,
                         .label = content.page.label,
                         .page_version = 1,
                         .page_text = content.page.text,
                         .passage = passage.number,
                         .text = passage.text});
  }
  const auto candidates = extract_candidates(sources, "en");
  EXPECT_EQ(candidates.size(), 36U);
  const auto note = extract_note(sources, candidates, "en");
  int words = 0;
  std::set<std::string> pages;
  std::string last;
  for (const auto& sentence : note) {
    words += count_words(sentence.text);
    ASSERT_EQ(sentence.citations.size(), 1U);
    const auto& citation = sentence.citations[0];
    EXPECT_GE(citation.page_id, last);
    last = citation.page_id;
    pages.insert(last);
    const auto source = std::ranges::find(sources, citation.page_id, &NoteSource::page_id);
    EXPECT_NE(source->page_text.find(sentence.text), std::string::npos) << sentence.text;
  }
  EXPECT_GE(words, 100);
  EXPECT_LE(words, 250);
  EXPECT_EQ(pages.size(), 4U) << "something of every page";
  EXPECT_EQ(note_text(extract_note(sources, candidates, "en")), note_text(note)) << "the same each time";
}

TEST(NoteExtract, leaves_out_headings_halves_of_speech_and_scraps) {
  const std::vector<NoteSource> sources = {
      {.page_id = "1",
       .label = "1",
       .text = "CHAPTER THE FIRST OF ALL THESE MANY CHAPTERS\n\n\"I will not go there today,\" she said, and went. \"It is late. "
               "Nobody will wait for us at the tower now. He ran. The lamp\nburned on above the wet roofs of the town."}};
  const auto candidates = extract_candidates(sources, "en");
  ASSERT_FALSE(candidates.empty());
  for (const auto& candidate : candidates) {
    EXPECT_FALSE(candidate.text.contains("CHAPTER")) << candidate.text;
    EXPECT_EQ(std::ranges::count(candidate.text, '"') % 2, 0) << candidate.text;
    EXPECT_FALSE(candidate.text.contains('\n'));
    EXPECT_GE(candidate.words, 6);
  }
  EXPECT_EQ(candidates.back().text, "The lamp burned on above the wet roofs of the town.");
}

}  // namespace
}  // namespace gibsey::jobs
