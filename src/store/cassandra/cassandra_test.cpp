// What the contract suites do not ask of the stores on Cassandra.
#include "base/ids.hpp"
#include "store/cassandra/page_store.hpp"
#include "store/cassandra/schema.hpp"
#include "store/cassandra/testing/cassandra_stores.hpp"
#include "store/testing/await.hpp"
#include "store/testing/sample_pages.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace gibsey::store::testing {
namespace {

using cassandra::cql;

TEST(CassandraSchema, is_the_one_that_people_read) {
  std::ifstream file(std::string(GIBSEY_SOURCE_DIR) + "/schema/pages.cql");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), cassandra::schema_text("gibsey")) << "gibsey migrate --print > schema/pages.cql";
}

class CassandraTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto* reason = why_not_on_cassandra("")) GTEST_SKIP() << reason;
    stores_ = open_cassandra_stores();
  }
  PageStore& pages() { return stores_->pages(); }
  void by_hand(const std::string& statement) { value_of(run_session().write(cql(statement))); }

  std::unique_ptr<Stores> stores_;
};

TEST_F(CassandraTest, a_row_that_another_hand_wrote_is_a_page_and_is_taken_in) {
  by_hand("INSERT INTO pages (world, id, text, title) VALUES ('tower', '042', 'By another hand.', 'Found')");
  const auto found = value_of(pages().find_page("tower", "042"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text, "By another hand.");
  EXPECT_EQ(found->title, "Found");
  EXPECT_EQ(found->label, "42");
  EXPECT_EQ(found->version, 0);
  EXPECT_LT(found->order, 0);
  EXPECT_FALSE(value_of(pages().find_content("tower", "042", "m"))) << "nothing of it can be searched yet";

  auto content = sample_page("042", -1, "By another hand");
  content.page.text = found->text;
  const auto written = value_of(pages().put_page(content, 0));
  EXPECT_TRUE(written.added);
  EXPECT_EQ(written.page.version, 1);
  EXPECT_EQ(value_of(pages().load_contents("tower")).size(), 1U);
}

TEST_F(CassandraTest, a_text_that_another_hand_overwrote_stays_readable) {
  value_of(pages().put_page(sample_page("1", 0, "mine"), std::nullopt));
  by_hand("UPDATE pages SET text = 'theirs' WHERE world = 'tower' AND id = '1'");
  EXPECT_EQ(value_of(pages().find_page("tower", "1"))->text, "theirs");
  EXPECT_EQ(value_of(pages().find_page_version("tower", "1", 1))->text, sample_page("1", 0, "mine").page.text);
  EXPECT_EQ(value_of(pages().put_page(sample_page("1", -1, "theirs"), 1)).page.version, 2);
}

TEST_F(CassandraTest, what_a_crash_left_between_two_steps_is_made_up_for) {
  value_of(pages().put_page(sample_page("1", 0, "a"), std::nullopt));
  value_of(pages().put_page(sample_page("2", 1, "b"), std::nullopt));
  const auto start = value_of(pages().last_change());
  // The writer of page 1 and the remover of page 2 ended after the conditional write.
  for (const auto* id : {"1", "2"}) {
    by_hand(std::string("INSERT INTO page_intents (world, id, begun, by_hand) VALUES ('tower', '") + id + "', 1000, true)");
  }
  by_hand("UPDATE pages SET version = 2, text = 'new', content_hash = 'new', position = 7 WHERE world = 'tower' AND id = '1'");
  by_hand("DELETE FROM pages WHERE world = 'tower' AND id = '2'");
  CassandraPageStore again(run_session());
  EXPECT_EQ(value_of(again.repair()), 2);
  const auto changes = value_of(pages().changes_after(start, 10));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].version, 2);
  EXPECT_TRUE(changes[1].removed);
  const auto listed = value_of(pages().list_pages("tower", "", 10));
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].order, 7);
  EXPECT_EQ(value_of(pages().find_page_version("tower", "1", 2))->text, "new");
  EXPECT_EQ(value_of(again.repair()), 0);
}

TEST_F(CassandraTest, a_log_goes_on_behind_the_end_of_its_partition) {
  const auto last = cassandra::BlockLog::kBlock - 1;
  value_of(run_session().write(cql("UPDATE page_changes SET last = ? WHERE block = 0", last)));
  value_of(pages().put_pages({sample_page("1", 0, "a"), sample_page("2", 1, "b"), sample_page("3", 2, "c")}, false));
  EXPECT_EQ(value_of(pages().last_change()), last + 3);
  const auto changes = value_of(pages().changes_after(last, 10));
  ASSERT_EQ(changes.size(), 3U);
  for (std::int64_t i = 0; i < 3; ++i) EXPECT_EQ(changes[static_cast<std::size_t>(i)].seq, last + 1 + i);
  CassandraPageStore fresh(run_session());
  EXPECT_EQ(value_of(fresh.last_change()), last + 3);
}

TEST_F(CassandraTest, two_programs_can_migrate_at_once_and_again) {
  auto address = run_session().address();
  address.keyspace = "test_" + random_id().substr(0, 12);
  const auto first = cassandra::Session::connect(address).value();
  const auto second = cassandra::Session::connect(address).value();
  EXPECT_EQ(error_of(cassandra::use_current_form(*first)).code, ErrorCode::unavailable);
  std::optional<Result<cassandra::Forms>> answers[2];
  std::vector<boost::asio::awaitable<void>> both;
  both.push_back(keep_answer(cassandra::migrate(*first), answers[0]));
  both.push_back(keep_answer(cassandra::migrate(*second), answers[1]));
  run_all(std::move(both), 2);
  const auto forms = static_cast<int>(cassandra::schema_forms().size());
  for (const auto& answer : answers) {
    ASSERT_TRUE(*answer) << answer->error().message;
    EXPECT_EQ((*answer)->now, forms);
  }
  EXPECT_EQ(value_of(cassandra::migrate(*first)).before, forms);
  value_of(cassandra::use_current_form(*second));
  value_of(first->define("DROP KEYSPACE " + address.keyspace));
}

TEST(CassandraSession, says_that_nobody_answers) {
  cassandra::Address address;
  address.contact_points = "127.0.0.1:1";
  address.connect_timeout = std::chrono::milliseconds(300);
  const auto session = cassandra::Session::connect(address);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unavailable);
  EXPECT_NE(session.error().message.find("127.0.0.1:1"), std::string::npos);
}

}  // namespace
}  // namespace gibsey::store::testing
