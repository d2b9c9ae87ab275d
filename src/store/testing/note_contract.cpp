#include "store/sqlite/page_store.hpp"
#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/sample_pages.hpp"
#include "store/testing/temporary_folder.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

model::Note sample_note(const std::string& id, std::int64_t version = 1, const std::string& text = "It rains. [p. 1]") {
  return {.world = "tower",
          .id = id,
          .chapter = "One",
          .voice = "arieol",
          .version = version,
          .kind = model::NoteKind::written,
          .text = text,
          .sentences = {{"It rains.", {{"001", "1", 3}, {"002", "ii", 1}}}},
          .members = {{"001", 0, "aa"}, {"001", 1, "ab"}, {"002", 0, "ba"}},
          .source_hash = "hash " + text,
          .model = "script",
          .run_id = "run1",
          .created = 1000 + version};
}

class NoteContract : public Contract {
 protected:
  NoteStore& notes_ = stores_->notes();

  void put(const model::Note& note) { value_of(notes_.put_note(note)); }
  std::vector<std::string> listed(const std::string& world = "tower") {
    std::vector<std::string> ids;
    for (const auto& note : value_of(notes_.list_notes(world, "", 100))) ids.push_back(note.id);
    return ids;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, NoteContract, ::testing::ValuesIn(backends()), name_of);

using Ids = std::vector<std::string>;

TEST_P(NoteContract, a_note_comes_back_whole) {
  auto note = sample_note("n1");
  note.reverted_to = 0;
  put(note);
  const auto found = value_of(notes_.find_note("n1"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->world, "tower");
  EXPECT_EQ(found->chapter, "One");
  EXPECT_EQ(found->voice, "arieol");
  EXPECT_EQ(found->version, 1);
  EXPECT_EQ(found->kind, model::NoteKind::written);
  EXPECT_EQ(found->text, note.text);
  EXPECT_EQ(found->sentences, note.sentences);
  EXPECT_EQ(found->members, note.members);
  EXPECT_EQ(found->source_hash, note.source_hash);
  EXPECT_EQ(found->model, "script");
  EXPECT_EQ(found->run_id, "run1");
  EXPECT_EQ(found->created, 1001);
  EXPECT_FALSE(found->retired);
  EXPECT_FALSE(value_of(notes_.find_note("n2")));
}

TEST_P(NoteContract, a_version_follows_the_one_that_is_there_and_no_other) {
  EXPECT_EQ(error_of(notes_.put_note(sample_note("n1", 2))).code, ErrorCode::conflict);
  put(sample_note("n1"));
  EXPECT_EQ(error_of(notes_.put_note(sample_note("n1", 1))).code, ErrorCode::conflict);
  EXPECT_EQ(error_of(notes_.put_note(sample_note("n1", 3))).code, ErrorCode::conflict);
  auto second = sample_note("n1", 2, "It pours. [p. 1]");
  second.kind = model::NoteKind::extract;
  second.reverted_to = 1;
  put(second);
  EXPECT_EQ(value_of(notes_.find_note("n1"))->text, "It pours. [p. 1]");
  EXPECT_EQ(value_of(notes_.find_note("n1"))->kind, model::NoteKind::extract);
  EXPECT_EQ(value_of(notes_.find_note("n1"))->reverted_to, 1);
  EXPECT_EQ(value_of(notes_.find_note_version("n1", 1))->text, "It rains. [p. 1]");
  EXPECT_EQ(value_of(notes_.find_note_version("n1", 1))->sentences.size(), 1U);
  EXPECT_EQ(value_of(notes_.find_note_version("n1", 2))->text, "It pours. [p. 1]");
  EXPECT_FALSE(value_of(notes_.find_note_version("n1", 3)));
  const auto versions = value_of(notes_.list_note_versions("n1"));
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].version, 1);
  EXPECT_EQ(versions[1].version, 2);
  EXPECT_TRUE(versions[1].members.empty());
  EXPECT_TRUE(value_of(notes_.list_note_versions("n2")).empty());
}

TEST_P(NoteContract, what_is_no_note_is_refused) {
  for (auto* field : {"id", "world", "members"}) {
    auto note = sample_note("n1");
    if (field == std::string("id")) note.id.clear();
    if (field == std::string("world")) note.world.clear();
    if (field == std::string("members")) note.members.clear();
    EXPECT_EQ(error_of(notes_.put_note(note)).code, ErrorCode::invalid_argument) << field;
  }
  EXPECT_TRUE(listed().empty());
}

TEST_P(NoteContract, of_many_writers_of_a_version_one_wins) {
  put(sample_note("n1"));
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<void>>> answers(16);
  for (std::size_t i = 0; i < answers.size(); ++i)
    operations.push_back(keep_answer(notes_.put_note(sample_note("n1", 2, std::to_string(i))), answers[i]));
  run_all(std::move(operations), 4);
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& answer) { return answer->has_value(); }), 1);
  EXPECT_EQ(value_of(notes_.list_note_versions("n1")).size(), 2U);
}

TEST_P(NoteContract, lists_go_by_world_and_page) {
  for (const auto* id : {"n3", "n1", "n2"}) put(sample_note(id));
  auto other = sample_note("m1");
  other.world = "cellar";
  put(other);
  auto moved = sample_note("n2", 2);
  moved.members = {{"005", 0, "x"}};
  put(moved);
  EXPECT_EQ(listed(), (Ids{"n1", "n2", "n3"}));
  EXPECT_EQ(value_of(notes_.list_notes("tower", "n1", 1)).at(0).id, "n2");
  EXPECT_TRUE(value_of(notes_.list_notes("tower", "n3", 9)).empty());
  EXPECT_EQ(listed("cellar"), Ids{"m1"});
  const auto of_page = value_of(notes_.notes_of_page("tower", "002"));
  ASSERT_EQ(of_page.size(), 2U);
  EXPECT_EQ(of_page[0].id, "n1");
  EXPECT_EQ(of_page[1].id, "n3");
  EXPECT_EQ(value_of(notes_.notes_of_page("tower", "005")).at(0).id, "n2");
  EXPECT_TRUE(value_of(notes_.notes_of_page("tower", "009")).empty());
}

TEST_P(NoteContract, a_retired_note_is_in_no_list_and_can_come_back) {
  put(sample_note("n1"));
  value_of(notes_.retire_note("n1"));
  value_of(notes_.retire_note("n2"));
  EXPECT_TRUE(listed().empty());
  EXPECT_TRUE(value_of(notes_.notes_of_page("tower", "001")).empty());
  EXPECT_TRUE(value_of(notes_.find_note("n1"))->retired);
  put(sample_note("n1", 2));
  EXPECT_EQ(listed(), Ids{"n1"});
  EXPECT_FALSE(value_of(notes_.find_note("n1"))->retired);
}

TEST_P(NoteContract, a_list_goes_on_behind_those_that_are_retired_and_tells_each_note_once) {
  for (const auto* id : {"n1", "n2", "n3", "n4", "n5", "n6"}) put(sample_note(id));
  put(sample_note("n3", 2, "It pours. [p. 1]"));
  for (const auto* id : {"n1", "n2", "n5"}) value_of(notes_.retire_note(id));
  const auto first = value_of(notes_.list_notes("tower", "", 2));
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].id, "n3");
  EXPECT_EQ(first[0].version, 2);
  EXPECT_EQ(first[0].members.size(), 3U);
  EXPECT_EQ(first[1].id, "n4");
  const auto rest = value_of(notes_.list_notes("tower", "n4", 2));
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].id, "n6");
  EXPECT_TRUE(value_of(notes_.list_notes("tower", "n6", 2)).empty());
  EXPECT_TRUE(value_of(notes_.list_notes("tower", "", 0)).empty());
}

TEST_P(NoteContract, a_version_about_other_pages_is_found_by_those_alone) {
  put(sample_note("n1"));
  auto second = sample_note("n1", 2);
  second.members = {{"002", 0, "ba"}, {"003", 0, "ca"}};
  put(second);
  EXPECT_TRUE(value_of(notes_.notes_of_page("tower", "001")).empty());
  EXPECT_EQ(value_of(notes_.notes_of_page("tower", "002")).at(0).version, 2);
  EXPECT_EQ(value_of(notes_.notes_of_page("tower", "003")).size(), 1U);
  put(sample_note("n1", 3));
  EXPECT_EQ(value_of(notes_.notes_of_page("tower", "001")).size(), 1U);
  EXPECT_TRUE(value_of(notes_.notes_of_page("tower", "003")).empty());
}

TEST_P(NoteContract, runs_are_kept_and_listed_newest_first) {
  model::NightlyRun run{
      .id = "r1", .world = "tower", .force = true, .trigger = "request", .attempts = 1, .started = 10, .updated = 11};
  value_of(notes_.put_run(run));
  run.status = model::RunStatus::failed;
  run.counts = {.clusters = 9,
                .written = 1,
                .extractive = 2,
                .unchanged = 3,
                .retired = 4,
                .left_over = 5,
                .sentences_kept = 6,
                .sentences_dropped = 7};
  run.error = "the model went away";
  run.planned = true;
  run.plan = {{.world = "tower", .id = "n1", .chapter = "One", .members = {{"001", 2, "h"}}}};
  run.covers = {{"tower", 77}};
  run.ended = 20;
  value_of(notes_.put_run(run));
  value_of(notes_.put_run({.id = "r2", .started = 30}));
  const auto found = value_of(notes_.find_run("r1"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->status, model::RunStatus::failed);
  EXPECT_EQ(found->world, "tower");
  EXPECT_TRUE(found->force);
  EXPECT_EQ(found->trigger, "request");
  EXPECT_EQ(found->counts.left_over, 5);
  EXPECT_EQ(found->counts.sentences_dropped, 7);
  EXPECT_EQ(found->error, "the model went away");
  ASSERT_EQ(found->plan.size(), 1U);
  EXPECT_EQ(found->plan[0].members, run.plan[0].members);
  EXPECT_EQ(found->covers, run.covers);
  EXPECT_EQ(found->ended, 20);
  EXPECT_FALSE(value_of(notes_.find_run("r3")));
  const auto runs = value_of(notes_.list_runs(10));
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].id, "r2");
  EXPECT_EQ(runs[1].counts.clusters, 9);
  EXPECT_TRUE(runs[1].plan.empty());
  EXPECT_EQ(value_of(notes_.list_runs(1)).size(), 1U);
}

TEST_P(NoteContract, a_job_is_changed_by_compare_and_set_alone) {
  auto job = value_of(notes_.find_job("nightly"));
  EXPECT_EQ(job.revision, 0);
  EXPECT_EQ(job.name, "nightly");
  job.holder = "a";
  job.held_until = 5;
  job.run_id = "r1";
  job.last_due = 6;
  job.attempts = 2;
  job.retry_at = 7;
  job.last_done = 8;
  job.last_error = "why";
  job.covered = {{"tower", 9}};
  const auto first = value_of(notes_.change_job(job));
  EXPECT_EQ(first.revision, 1);
  EXPECT_EQ(error_of(notes_.change_job(job)).code, ErrorCode::conflict);
  const auto stored = value_of(notes_.find_job("nightly"));
  EXPECT_EQ(stored.revision, 1);
  EXPECT_EQ(stored.holder, "a");
  EXPECT_EQ(stored.held_until, 5);
  EXPECT_EQ(stored.run_id, "r1");
  EXPECT_EQ(stored.last_due, 6);
  EXPECT_EQ(stored.attempts, 2);
  EXPECT_EQ(stored.retry_at, 7);
  EXPECT_EQ(stored.last_done, 8);
  EXPECT_EQ(stored.last_error, "why");
  EXPECT_EQ(stored.covered, job.covered);
  EXPECT_EQ(value_of(notes_.find_job("other")).revision, 0);
}

TEST_P(NoteContract, of_many_nodes_one_gets_the_job) {
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<model::JobState>>> answers(16);
  for (std::size_t i = 0; i < answers.size(); ++i)
    operations.push_back(keep_answer(notes_.change_job({.name = "nightly", .holder = std::to_string(i)}), answers[i]));
  run_all(std::move(operations), 4);
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& answer) { return answer->has_value(); }), 1);
  EXPECT_EQ(value_of(notes_.find_job("nightly")).revision, 1);
}

TEST(SqliteNotes, survive_a_restart_and_go_with_their_world) {
  const TemporaryFolder folder;
  {
    const auto pages = SqlitePageStore::open(folder.path()).value();
    value_of(pages->put_pages({sample_page("001", 0, "a")}, false));
    value_of(pages->notes().put_note(sample_note("n1")));
    value_of(pages->notes().put_note(sample_note("n1", 2)));
    value_of(pages->notes().change_job({.name = "nightly", .holder = "a"}));
  }
  const auto pages = SqlitePageStore::open(folder.path()).value();
  EXPECT_EQ(value_of(pages->notes().find_note("n1"))->version, 2);
  EXPECT_EQ(value_of(pages->notes().find_job("nightly")).holder, "a");
  value_of(pages->remove_world("tower"));
  EXPECT_FALSE(value_of(pages->notes().find_note("n1")));
  EXPECT_TRUE(value_of(pages->notes().list_note_versions("n1")).empty());
  value_of(pages->check_integrity());
}

}  // namespace
}  // namespace gibsey::store::testing
