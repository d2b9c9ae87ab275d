// What the contract suite does not ask of the notes on Cassandra: several programs, and what a crash leaves.
#include "store/cassandra/note_store.hpp"
#include "store/cassandra/schema.hpp"
#include "store/cassandra/testing/cassandra_stores.hpp"
#include "store/testing/await.hpp"
#include "store/testing/sample_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gibsey::store::testing {
namespace {

using cassandra::cql;

model::Note note_of(const std::string& id, std::int64_t version, const std::string& page_id,
                    const std::string& text = "It rains.") {
  return {.world = "tower",
          .id = id,
          .chapter = "One",
          .version = version,
          .kind = model::NoteKind::extract,
          .text = text,
          .sentences = {{text, {{page_id, "1", 1}}}},
          .members = {{page_id, 0, "aa"}},
          .source_hash = "hash"};
}

class CassandraNotes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto* reason = why_not_on_cassandra("")) GTEST_SKIP() << reason;
    stores_ = open_cassandra_stores();
  }
  NoteStore& notes() { return stores_->notes(); }
  static void by_hand(const std::string& statement) { value_of(run_session().write(cql(statement))); }
  static std::size_t count(const std::string& table) {
    return value_of(run_session().read(cql("SELECT * FROM " + table))).size();
  }

  std::unique_ptr<Stores> stores_;
};

TEST_F(CassandraNotes, of_two_programs_one_writes_a_version_and_one_has_the_job) {
  constexpr std::size_t kWriters = 8;
  CassandraNoteStore other(run_session());
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<void>>> written(kWriters);
  std::vector<std::optional<Result<model::JobState>>> taken(kWriters);
  value_of(notes().put_note(note_of("n1", 1, "001")));
  for (std::size_t i = 0; i < kWriters; ++i) {
    auto& store = i % 2 == 0 ? notes() : static_cast<NoteStore&>(other);
    operations.push_back(keep_answer(store.put_note(note_of("n1", 2, "001", std::to_string(i))), written[i]));
    operations.push_back(keep_answer(store.change_job({.name = "nightly", .holder = std::to_string(i)}), taken[i]));
  }
  run_all(std::move(operations), 4);
  std::string winner;
  std::string holder;
  for (std::size_t i = 0; i < kWriters; ++i) {
    if (*written[i]) winner += std::to_string(i);
    if (!*written[i]) EXPECT_EQ(written[i]->error().code, ErrorCode::conflict) << written[i]->error().message;
    if (*taken[i]) holder += std::to_string(i);
    if (!*taken[i]) EXPECT_EQ(taken[i]->error().code, ErrorCode::conflict) << taken[i]->error().message;
  }
  EXPECT_EQ(value_of(other.find_note("n1"))->text, winner) << "one alone was told that it has written";
  EXPECT_EQ(value_of(other.find_job("nightly")).holder, holder);
  EXPECT_EQ(value_of(other.find_job("nightly")).revision, 1);
}

TEST_F(CassandraNotes, two_programs_can_write_into_one_world_at_once) {
  constexpr std::size_t kEach = 12;
  CassandraNoteStore other(run_session());
  std::vector<boost::asio::awaitable<void>> operations;
  std::vector<std::optional<Result<void>>> written(2 * kEach);
  for (std::size_t i = 0; i < written.size(); ++i) {
    auto& store = i % 2 == 0 ? notes() : static_cast<NoteStore&>(other);
    operations.push_back(keep_answer(store.put_note(note_of("n" + std::to_string(100 + i), 1, "001")), written[i]));
  }
  run_all(std::move(operations), 4);
  for (const auto& answer : written) EXPECT_TRUE(*answer) << answer->error().message;
  EXPECT_EQ(value_of(notes().list_notes("tower", "", 100)).size(), written.size());
  EXPECT_EQ(value_of(notes().notes_of_page("tower", "001")).size(), written.size());
}

TEST_F(CassandraNotes, are_rows_that_people_can_read) {
  value_of(notes().put_note(note_of("n1", 1, "001")));
  value_of(notes().put_note(note_of("n1", 2, "001", "It pours.")));
  const auto rows =
      value_of(run_session().read(cql("SELECT cluster, version, title, text, extractive FROM summaries WHERE world = 'tower'")));
  ASSERT_EQ(rows.size(), 2U);
  std::string cluster;
  std::int64_t version = 0;
  std::string title;
  std::string text;
  bool extractive = false;
  rows[0] >> cluster >> version >> title >> text >> extractive;
  EXPECT_EQ(cluster, "n1");
  EXPECT_EQ(version, 2) << "newest first";
  EXPECT_EQ(title, "One");
  EXPECT_EQ(text, "It pours.");
  EXPECT_TRUE(extractive);
  EXPECT_EQ(value_of(run_session().read(cql("SELECT version FROM summaries WHERE world = 'tower' AND cluster = 'n1' AND "
                                            "version = 1 AND page_ids CONTAINS '001' ALLOW FILTERING")))
                .size(),
            1U);
}

TEST_F(CassandraNotes, rows_that_list_nothing_are_recognised) {
  value_of(notes().put_note(note_of("n1", 1, "001")));
  value_of(notes().put_note(note_of("n1", 2, "002")));
  // Left by writers that ended before, between and after their two steps.
  by_hand("INSERT INTO notes_by_page (world, page_id, id, version) VALUES ('tower', '001', 'n1', 1)");
  by_hand("INSERT INTO notes_by_page (world, page_id, id, version) VALUES ('tower', '001', 'n1', 2)");
  by_hand("INSERT INTO notes_by_page (world, page_id, id, version) VALUES ('tower', '001', 'n1', 3)");
  by_hand("INSERT INTO notes_by_page (world, page_id, id, version) VALUES ('tower', '001', 'n2', 1)");
  by_hand("INSERT INTO note_worlds (id, world) VALUES ('n2', 'tower')");
  EXPECT_TRUE(value_of(notes().notes_of_page("tower", "001")).empty());
  EXPECT_EQ(count("notes_by_page WHERE world = 'tower' AND page_id = '001'"), 2U) << "one of these may be about to be written";
  EXPECT_FALSE(value_of(notes().find_note("n2")));
  value_of(notes().retire_note("n2"));
  value_of(notes().put_note(note_of("n2", 1, "001")));
  EXPECT_EQ(value_of(notes().notes_of_page("tower", "001")).size(), 1U);

  value_of(notes().put_run({.id = "r1", .started = 10}));
  by_hand("INSERT INTO runs_in_order (part, started, id) VALUES (0, 30, 'never')");
  by_hand("INSERT INTO runs_in_order (part, started, id) VALUES (0, 20, 'r1')");
  const auto runs = value_of(notes().list_runs(1));
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].started, 10);
  EXPECT_EQ(value_of(notes().list_runs(10)).size(), 1U);
}

TEST_F(CassandraNotes, a_row_of_summaries_that_another_hand_wrote_is_no_note) {
  by_hand("INSERT INTO summaries (world, cluster, version, text) VALUES ('tower', 'mine', 1, 'What I think of it.')");
  value_of(notes().put_note(note_of("n1", 1, "001")));
  const auto listed = value_of(notes().list_notes("tower", "", 10));
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id, "n1");
  EXPECT_FALSE(value_of(notes().find_note("mine")));
}

TEST_F(CassandraNotes, an_id_is_of_one_world) {
  value_of(notes().put_note(note_of("n1", 1, "001")));
  auto elsewhere = note_of("n1", 2, "001");
  elsewhere.world = "river";
  EXPECT_EQ(error_of(notes().put_note(elsewhere)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(value_of(notes().find_note("n1"))->world, "tower");
}

TEST_F(CassandraNotes, go_with_their_world) {
  value_of(stores_->pages().put_pages({sample_page("001", 0, "a")}, false));
  for (const auto* id : {"n1", "n2"}) value_of(notes().put_note(note_of(id, 1, "001")));
  value_of(notes().put_note(note_of("n1", 2, "001")));
  auto other = note_of("n3", 1, "001");
  other.world = "river";
  value_of(notes().put_note(other));
  value_of(stores_->pages().remove_world("tower"));
  EXPECT_FALSE(value_of(notes().find_note("n1")));
  EXPECT_TRUE(value_of(notes().list_note_versions("n1")).empty());
  EXPECT_TRUE(value_of(notes().list_notes("tower", "", 10)).empty());
  for (const auto* table : {"summaries", "note_worlds", "notes_by_page"}) EXPECT_EQ(count(table), 1U) << table;
  value_of(notes().put_note(note_of("n1", 1, "001")));
  EXPECT_EQ(value_of(notes().find_note("n1"))->version, 1);
}

TEST_F(CassandraNotes, a_migration_that_was_cut_off_is_taken_up_again) {
  auto address = run_session().address();
  by_hand("DELETE FROM schema_forms WHERE part = 'form' AND form > 1");
  const auto session = cassandra::Session::connect(address).value();
  EXPECT_EQ(error_of(cassandra::use_current_form(*session)).code, ErrorCode::unavailable);
  const auto forms = value_of(cassandra::migrate(*session));
  EXPECT_EQ(forms.before, 1);
  EXPECT_EQ(forms.now, static_cast<int>(cassandra::schema_forms().size()));
  value_of(cassandra::use_current_form(*session));
}

}  // namespace
}  // namespace gibsey::store::testing
