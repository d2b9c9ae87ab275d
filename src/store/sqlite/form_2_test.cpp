// Opens files as the program of form 2 left them.
#include "store/sqlite/connection.hpp"
#include "store/sqlite/page_schema.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/sqlite/turn_schema.hpp"
#include "store/sqlite/turn_store.hpp"
#include "store/testing/await.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/sample_turns.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace gibsey::store {
namespace {

using testing::same;
using testing::value_of;

class FormTwoTest : public ::testing::Test {
 protected:
  /// Makes `name` with the first two of the steps alone and fills it.
  void make(const char* name, sqlite::Migrations steps, const char* rows) {
    const auto db = sqlite::Connection::open((folder_.path() / name).string(), sqlite::Access::read_write).value();
    sqlite::migrate(*db, steps.first(2)).value();
    ASSERT_EQ(db->value<std::int64_t>("PRAGMA user_version").value(), 2);
    const auto filled = db->run_script(rows);
    ASSERT_TRUE(filled) << filled.error().message;
  }
  std::int64_t form_of(const char* name) {
    const auto db = sqlite::Connection::open((folder_.path() / name).string(), sqlite::Access::read_only).value();
    return db->value<std::int64_t>("PRAGMA user_version").value();
  }

  testing::TemporaryFolder folder_;
};

constexpr const char* kTurns = R"sql(
INSERT INTO turns (number, id, conversation_id, parent_id, dialect, user_id, world, character_id, question, reply, status, hold_id,
                   sources, quotes, receipt, prompt_tokens, completion_tokens, provider, model, finish_reason, error,
                   false_quotes, first_token_ms, total_ms, created, updated, phases) VALUES
  (1, 't1', 'c1', '', 'turns', 'u1', 'tower', 'arieol', 'Why did you climb the tower?', 'One.', 'complete', 'hold of t1', '[]', '[]',
   NULL, 640, 31, 'local', 'small', 'stop', '', 0, 120, 900, 1000, 1900, '[{"name":"hold","ms":0.5}]'),
  (2, 't2', 'c1', 't1', 'turns', 'u1', 'tower', 'arieol', 'Why did you climb the tower?', '', 'running', 'hold of t2', '[]', '[]',
   NULL, 0, 0, '', '', '', '', 0, 0, 0, 1000, 1000, '[]');
INSERT INTO turn_events VALUES (2, 1, 1, '["Half"]');
INSERT INTO conversations VALUES ('c1', 'u1', 'tower', 'arieol', 'Why did you climb the tower?', 't2', 2, 1000, 1900);
)sql";

TEST_F(FormTwoTest, turns_go_on_and_take_what_models_were_sent) {
  make("turns.db", sqlite::turn_migrations(), kTurns);
  const auto turns = SqliteTurnStore::open(folder_.path()).value();
  EXPECT_EQ(form_of("turns.db"), static_cast<std::int64_t>(sqlite::turn_migrations().size()));

  auto expected = testing::sample_turn("t1");
  expected.reply = "One.";
  expected.status = model::TurnStatus::complete;
  expected.usage = {.prompt_tokens = 640, .completion_tokens = 31};
  expected.provider = "local";
  expected.model = "small";
  expected.finish_reason = "stop";
  expected.phases = {{.name = "hold", .ms = 0.5}};
  expected.first_token_ms = 120;
  expected.total_ms = 900;
  expected.updated = 1900;
  EXPECT_TRUE(same(*value_of(turns->find("t1")), expected)) << "and nothing is known of its calls";

  EXPECT_EQ(value_of(turns->find("t2"))->reply, "Half");
  const auto ended = testing::finished_turn("t2", "c1", "u1", "t1");
  value_of(turns->finish(ended, 2, testing::tokens({" of it"})));
  EXPECT_TRUE(same(*value_of(turns->find("t2")), ended));
  EXPECT_EQ(value_of(turns->find_conversation("c1"))->turns, 2);
  value_of(turns->check_integrity());
}

constexpr const char* kPages = R"sql(
INSERT INTO worlds VALUES (1, 'tower', 'The Tower', 'An author', 'en', 'CC0', 'folder', 7, 2, '', '', '{"world":"tower"}', 'small');
)sql";

TEST_F(FormTwoTest, a_world_goes_on_and_may_choose_how_long_replies_are) {
  make("pages.db", sqlite::page_migrations(), kPages);
  const auto pages = SqlitePageStore::open(folder_.path()).value();
  EXPECT_EQ(form_of("pages.db"), static_cast<std::int64_t>(sqlite::page_migrations().size()));
  auto world = *value_of(pages->find_world("tower"));
  EXPECT_EQ(world.small_prompt_template, "small");
  EXPECT_EQ(world.character_cost, 7);
  EXPECT_EQ(world.max_tokens, 0);
  world.max_tokens = 300;
  value_of(pages->put_world(world));
  EXPECT_TRUE(same(*value_of(pages->find_world("tower")), world));
  value_of(pages->check_integrity());
}

}  // namespace
}  // namespace gibsey::store
