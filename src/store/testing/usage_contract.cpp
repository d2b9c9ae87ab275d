#include "base/utf8.hpp"
#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/same_fields.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class UsageContract : public Contract {
 protected:
  UsageStore& usage_ = stores_->usage();

  std::vector<std::string> queries(std::int64_t before, int limit) {
    std::vector<std::string> found;
    for (const auto& row : value_of(usage_.list_usage(before, limit))) found.push_back(row.query);
    return found;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, UsageContract, ::testing::ValuesIn(backends()), name_of);

using Queries = std::vector<std::string>;

TEST_P(UsageContract, keeps_every_field_and_gives_the_number) {
  model::UsageRow row{.number = 77,
                      .user_id = "u1",
                      .client_ip = "127.0.0.1",
                      .creator_slug = "fox",
                      .query = "caf\u00e9?",
                      .prompt_tokens = 10,
                      .completion_tokens = 20,
                      .total_tokens = 30,
                      .cascade_tier = "hybrid",
                      .model = "small",
                      .latency_ms = 12.375,
                      .created = 1'763'000'000'123};
  ASSERT_EQ(unset_fields(row), std::vector<std::size_t>());
  value_of(usage_.log_usage(row));
  value_of(usage_.log_usage(row));
  const auto rows = value_of(usage_.list_usage(0, 10));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_GT(rows[0].number, rows[1].number);
  EXPECT_GT(rows[1].number, 0);
  row.number = rows[0].number;
  EXPECT_TRUE(same(rows[0], row));
}

TEST_P(UsageContract, lists_newest_first_and_page_by_page) {
  for (int i = 0; i < 5; ++i) value_of(usage_.log_usage({.query = fmt::format("q{}", i)}));
  const auto rows = value_of(usage_.list_usage(0, 2));
  EXPECT_EQ(queries(0, 2), (Queries{"q4", "q3"}));
  EXPECT_EQ(queries(rows[1].number, 2), (Queries{"q2", "q1"}));
  EXPECT_EQ(queries(rows[1].number - 2, 10), Queries{"q0"});
  EXPECT_EQ(queries(0, 100).size(), 5U);
  EXPECT_EQ(queries(-1, 10), Queries());
  EXPECT_EQ(queries(0, 0), Queries());
  EXPECT_EQ(queries(0, -1), Queries());
}

TEST_P(UsageContract, cuts_a_long_query_between_characters) {
  std::string query;
  for (int i = 0; i < 2'001; ++i) query += "\u00e9";
  value_of(usage_.log_usage({.query = query}));
  const auto stored = value_of(usage_.list_usage(0, 1))[0].query;
  EXPECT_EQ(utf8::length(stored), 2'000U);
  EXPECT_EQ(stored, query.substr(0, 4'000));
}

}  // namespace
}  // namespace gibsey::store::testing
