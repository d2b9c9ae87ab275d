#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/sample_turns.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class EventContract : public Contract {
 protected:
  TurnStore& turns_ = stores_->turns();

  /// The numbers of the events after `after`.
  std::vector<std::int64_t> numbers(const std::string& turn, std::int64_t after, int limit) {
    std::vector<std::int64_t> found;
    for (const auto& event : value_of(turns_.events(turn, after, limit))) found.push_back(event.seq);
    return found;
  }
  std::string reply_of(const std::string& turn) { return value_of(turns_.find(turn))->reply; }
};
INSTANTIATE_TEST_SUITE_P(Stores, EventContract, ::testing::ValuesIn(backends()), name_of);

using Numbers = std::vector<std::int64_t>;

TEST_P(EventContract, keeps_every_kind_of_event) {
  value_of(turns_.begin(sample_turn("t1")));
  const auto all = sample_events();
  ASSERT_EQ(all.size(), std::variant_size_v<model::TurnEvent>);
  value_of(turns_.append_events("t1", 1, all));
  const auto logged = value_of(turns_.events("t1", 0, 100));
  ASSERT_EQ(logged.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(logged[i].seq, static_cast<std::int64_t>(i) + 1);
    EXPECT_TRUE(same(logged[i].event, all[i])) << i;
  }
}

TEST_P(EventContract, are_read_from_where_a_reader_has_come_to) {
  value_of(turns_.begin(sample_turn("t1")));
  value_of(turns_.append_events("t1", 1, tokens({"a", "b", "c"})));
  value_of(turns_.append_events("t1", 4, tokens({"d"})));
  value_of(turns_.append_events("t1", 5, tokens({"e", "f"})));
  EXPECT_EQ(numbers("t1", 0, 100), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(numbers("t1", 0, 2), (Numbers{1, 2}));
  EXPECT_EQ(numbers("t1", 1, 100), (Numbers{2, 3, 4, 5, 6}));
  EXPECT_EQ(numbers("t1", 2, 3), (Numbers{3, 4, 5}));
  EXPECT_EQ(numbers("t1", 5, 100), Numbers{6});
  EXPECT_EQ(numbers("t1", 6, 100), Numbers());
  EXPECT_EQ(numbers("t1", -5, 1), Numbers{1});
  EXPECT_EQ(numbers("t1", std::numeric_limits<std::int64_t>::max(), 100), Numbers());
  EXPECT_EQ(numbers("t1", 0, 0), Numbers());
  EXPECT_EQ(numbers("t1", 0, -1), Numbers());
  EXPECT_EQ(numbers("t2", 0, 100), Numbers());
}

TEST_P(EventContract, the_reply_of_a_running_turn_is_what_its_log_holds) {
  value_of(turns_.begin(sample_turn("t1")));
  value_of(turns_.append_events("t1", 1, {model::TurnStarted{.turn_id = "t1"}, model::TokenText{"Once \u2014 "}}));
  value_of(turns_.append_events("t1", 3, {}));
  value_of(turns_.append_events("t1", 3, {model::QuoteClosed{sample_quote()}, model::TokenText{std::string("upon\0a", 6)}}));
  EXPECT_EQ(reply_of("t1"), "Once \u2014 " + std::string("upon\0a", 6));
  value_of(turns_.append_events("t1", 5, {model::TokenText{"gone"}, model::TextReplaced{"changed"}, model::TokenText{"Twice"}}));
  EXPECT_EQ(reply_of("t1"), "Twice");
  EXPECT_EQ(value_of(turns_.list_turns("c1"))[0].reply, "Twice");
  value_of(turns_.append_events("t1", 8, {model::TextReplaced{"changed again"}}));
  EXPECT_EQ(reply_of("t1"), "");
}

TEST_P(EventContract, only_a_running_turn_takes_more) {
  EXPECT_EQ(error_of(turns_.append_events("t1", 1, tokens({"x"}))).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(turns_.append_events("t1", 1, {})).code, ErrorCode::not_found);
  value_of(turns_.begin(sample_turn("t1")));
  value_of(turns_.finish(finished_turn("t1"), 1, {}));
  EXPECT_EQ(error_of(turns_.append_events("t1", 1, tokens({"x"}))).code, ErrorCode::not_found);
  EXPECT_EQ(reply_of("t1"), finished_turn("t1").reply);
  EXPECT_EQ(numbers("t1", 0, 100), Numbers());
}

TEST_P(EventContract, numbers_only_go_up) {
  value_of(turns_.begin(sample_turn("t1")));
  EXPECT_EQ(error_of(turns_.append_events("t1", 0, tokens({"x"}))).code, ErrorCode::conflict);
  value_of(turns_.append_events("t1", 1, tokens({"a", "b"})));
  for (const std::int64_t taken : {-1, 0, 1, 2}) {
    EXPECT_EQ(error_of(turns_.append_events("t1", taken, tokens({"x"}))).code, ErrorCode::conflict) << taken;
    EXPECT_EQ(error_of(turns_.finish(finished_turn("t1"), taken, tokens({"x"}))).code, ErrorCode::conflict) << taken;
  }
  EXPECT_EQ(value_of(turns_.find("t1"))->status, model::TurnStatus::running) << "a finish that is refused changes nothing";
  EXPECT_EQ(reply_of("t1"), "ab");
  value_of(turns_.append_events("t1", 10'002, tokens({"after a jump", "and on"})));
  EXPECT_EQ(numbers("t1", 1, 100), (Numbers{2, 10'002, 10'003}));
  EXPECT_EQ(numbers("t1", 5, 1), Numbers{10'002});
}

TEST_P(EventContract, finish_logs_the_last_events_with_the_record) {
  value_of(turns_.begin(sample_turn("t1")));
  value_of(turns_.append_events("t1", 1, tokens({"a", "b"})));
  const std::vector<model::TurnEvent> last{model::UsageCounted{}, model::TurnDone{.turn_id = "t1"}};
  value_of(turns_.finish(finished_turn("t1"), 3, last));
  EXPECT_EQ(numbers("t1", 0, 100), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(reply_of("t1"), finished_turn("t1").reply);
  EXPECT_EQ(error_of(turns_.finish(finished_turn("t1"), 3, last)).code, ErrorCode::conflict);
  value_of(turns_.finish(finished_turn("t1"), 5, {model::LedgerSettled{sample_receipt()}}));
  EXPECT_EQ(numbers("t1", 3, 100), (Numbers{4, 5})) << "the log of an ended turn grows by finish alone";
  EXPECT_EQ(reply_of("t1"), finished_turn("t1").reply);
}

TEST_P(EventContract, logs_do_not_mix) {
  for (const auto* id : {"a", "b"}) value_of(turns_.begin(sample_turn(id)));
  for (int i = 0; i < 10; ++i) {
    for (const auto* id : {"a", "b"}) value_of(turns_.append_events(id, i + 1, tokens({fmt::format("{}{} ", id, i)})));
  }
  EXPECT_EQ(reply_of("a"), "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 ");
  EXPECT_EQ(numbers("b", 0, 100).size(), 10U);
}

TEST_P(EventContract, of_many_batches_with_one_number_one_is_taken) {
  value_of(turns_.begin(sample_turn("t1")));
  for (std::int64_t round = 0; round < 5; ++round) {
    std::vector<boost::asio::awaitable<void>> operations;
    std::vector<std::optional<Result<void>>> appended(8);
    for (auto& answer : appended) {
      operations.push_back(keep_answer(turns_.append_events("t1", 2 * round + 1, tokens({"x", "y"})), answer));
    }
    run_all(std::move(operations), 4);
    int taken = 0;
    for (const auto& answer : appended) {
      taken += *answer ? 1 : 0;
      if (!*answer) EXPECT_EQ(answer->error().code, ErrorCode::conflict);
    }
    EXPECT_EQ(taken, 1);
  }
  EXPECT_EQ(reply_of("t1"), "xyxyxyxyxy");
}

}  // namespace
}  // namespace gibsey::store::testing
