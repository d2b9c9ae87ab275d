#include "store/sqlite/turn_store.hpp"

#include "store/sqlite/connection.hpp"
#include "store/testing/await.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/sample_turns.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace gibsey::store {
namespace {

using testing::error_of;
using testing::sample_turn;
using testing::tokens;
using testing::value_of;

class SqliteTurnTest : public ::testing::Test {
 protected:
  std::unique_ptr<sqlite::Connection> other_hand() {
    return sqlite::Connection::open((folder_.path() / "turns.db").string(), sqlite::Access::read_write).value();
  }
  std::int64_t number(const char* sql) { return other_hand()->value<std::int64_t>(sql).value(); }

  testing::TemporaryFolder folder_;
  std::unique_ptr<SqliteTurnStore> turns_ = SqliteTurnStore::open(folder_.path()).value();
};

TEST_F(SqliteTurnTest, a_batch_is_one_row_and_costs_the_same_however_long_the_log_is) {
  value_of(turns_->begin(sample_turn("t1")));
  std::int64_t seq = 1;
  for (int i = 0; i < 64; ++i, ++seq) value_of(turns_->append_events("t1", seq, tokens({std::string(32 * 1024, 'x')})));
  EXPECT_EQ(number("SELECT count(*) FROM turn_events"), 64);
  EXPECT_EQ(value_of(turns_->find("t1"))->reply.size(), 64U * 32 * 1024);

  const auto keeps_log_open = other_hand();  // so that the log file of the writes stays to be looked at
  ASSERT_TRUE(keeps_log_open->run("PRAGMA wal_checkpoint(TRUNCATE)"));
  value_of(turns_->append_events("t1", seq, tokens({"a", "b", "c"})));
  EXPECT_LE(std::filesystem::file_size(folder_.path() / "turns.db-wal"), 32U * 1024) << "two megabytes were not written again";
  EXPECT_EQ(number("SELECT count(*) FROM turn_events"), 65);
  EXPECT_EQ(number("SELECT length(reply) FROM turns"), 0) << "the reply is written when the turn ends";
}

TEST_F(SqliteTurnTest, a_damaged_log_is_corrupt) {
  value_of(turns_->begin(sample_turn("t1")));
  value_of(turns_->append_events("t1", 1, tokens({"a", "b"})));
  for (const auto* damage : {"[\"a\"]", "[\"a\", \"b\"", "[{\"type\":\"unheard of\"}, \"b\"]"}) {
    ASSERT_TRUE(other_hand()->run("UPDATE turn_events SET events = ?", damage));
    EXPECT_EQ(error_of(turns_->events("t1", 0, 10)).code, ErrorCode::corrupt) << damage;
    EXPECT_EQ(error_of(turns_->find("t1")).code, ErrorCode::corrupt) << damage;
  }
}

TEST_F(SqliteTurnTest, a_turn_is_stored_whatever_its_numbers_are) {
  value_of(turns_->begin(sample_turn("t1")));
  auto odd = testing::finished_turn("t1");
  odd.temperature = std::numeric_limits<double>::quiet_NaN();
  odd.top_p = std::numeric_limits<double>::infinity();
  odd.phases[0].ms = std::numeric_limits<double>::infinity();
  value_of(turns_->finish(odd, 1, {}));
  const auto stored = *value_of(turns_->find("t1"));
  EXPECT_EQ(stored.temperature, 0.0);
  EXPECT_EQ(stored.top_p, std::numeric_limits<double>::infinity());
  EXPECT_EQ(stored.phases[0].ms, 0.0);
}

TEST_F(SqliteTurnTest, vectors_are_little_endian_floats_with_their_model) {
  value_of(turns_->begin(sample_turn("t1")));
  value_of(turns_->put_turn_vector("t1", "minilm", {1.0F, -2.0F}));
  EXPECT_EQ(other_hand()
                ->value<std::string>("SELECT embedding_model || ' ' || dimension || ' ' || hex(vector) FROM turn_vectors")
                .value(),
            "minilm 2 0000803F000000C0");
}

TEST_F(SqliteTurnTest, claims_that_are_too_old_do_not_pile_up) {
  for (int i = 0; i < 100; ++i) {
    value_of(turns_->claim(
        {.user_id = "u1", .route = "/ask", .key = std::to_string(i), .body_hash = "", .turn_id = "t", .made = i}, i - 10));
  }
  EXPECT_EQ(number("SELECT count(*) FROM claims"), 11);
}

TEST_F(SqliteTurnTest, walks_and_lists_use_indexes) {
  const auto db = other_hand();
  const auto plan = [&](const std::string& sql) {
    std::string text;
    const auto explained = db->each("EXPLAIN QUERY PLAN " + sql, [&](sqlite::Row row) {
      std::int64_t ignored = 0;
      std::string detail;
      row >> ignored >> ignored >> ignored >> detail;
      text += detail + "\n";
      return Result<void>();
    });
    EXPECT_TRUE(explained);
    return text;
  };
  for (const auto* sql :
       {"SELECT id FROM conversations WHERE user_id = 'u' AND (updated, id) < (1, 'c') ORDER BY updated DESC, id DESC LIMIT 9",
        "SELECT text FROM facts WHERE user_id = 'u' AND character_id = 'c' ORDER BY created DESC, number DESC LIMIT 9",
        "SELECT t.id FROM turns t JOIN turn_vectors v ON v.turn = t.number WHERE t.user_id = 'u' AND t.character_id = 'c' "
        "AND t.status <> 'running' AND v.embedding_model = 'm' ORDER BY t.number DESC LIMIT 9",
        "SELECT events FROM turn_events WHERE turn = 1 AND last_seq > 5 ORDER BY last_seq LIMIT 9",
        "SELECT turn_id FROM claims WHERE user_id = 'u' AND route = 'r' AND made < 5"}) {
    const auto text = plan(sql);
    EXPECT_EQ(text.find("SCAN"), std::string::npos) << sql << "\n" << text;
    EXPECT_EQ(text.find("TEMP B-TREE"), std::string::npos) << sql << "\n" << text;
  }
}

}  // namespace
}  // namespace gibsey::store
