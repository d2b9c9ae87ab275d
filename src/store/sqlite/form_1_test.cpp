// Opens files as the program of form 1 left them.
#include "store/sqlite/connection.hpp"
#include "store/sqlite/ledger_schema.hpp"
#include "store/sqlite/ledger_store.hpp"
#include "store/sqlite/page_schema.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/sqlite/turn_schema.hpp"
#include "store/sqlite/turn_store.hpp"
#include "store/testing/await.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/sample_characters.hpp"
#include "store/testing/sample_turns.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace gibsey::store {
namespace {

using testing::ids_of;
using testing::same;
using testing::value_of;
using Ids = std::vector<std::string>;

class FormOneTest : public ::testing::Test {
 protected:
  /// Makes `name` with the first of the steps alone and fills it.
  void make(const char* name, sqlite::Migrations steps, const char* rows) {
    const auto db = sqlite::Connection::open((folder_.path() / name).string(), sqlite::Access::read_write).value();
    sqlite::migrate(*db, steps.first(1)).value();
    ASSERT_EQ(db->value<std::int64_t>("PRAGMA user_version").value(), 1);
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
INSERT INTO turns VALUES
  (1, 't1', 'c1', 'u1', 'tower', 'arieol', 'First?', 'One.', 'complete', 'h1',
   '[{"chapter":"Two","end":24,"label":"xiv","n":1,"page_id":"p1","quote":"Because.","score":0.5,"start":3,"title":"The stair"}]',
   '[{"end":24,"label":"xiv","n":1,"origin":"opening","page_id":"p1","reply_end":9,"reply_start":0,"start":3,"text":"Because.","title":"The stair","verified":true}]',
   '{"balance":95,"charged":5,"held":5,"released":0,"rule":"complete"}', 640, 31, 'local', 'small', 'stop', '', 2, 120, 900, 1000, 1900),
  (2, 't2', 'c2', 'u2', 'tower', '', 'Elsewhere?', 'Two.', 'failed', '', '[]', '[]', NULL, 0, 0, 'local', 'small', 'error', 'x', 0, 0, 0, 1100, 1200),
  (3, 't3', 'c1', 'u2', 'tower', 'todd', 'A stranger?', 'Three.', 'complete', '', '[]', '[]', NULL, 0, 0, 'local', 'small', 'stop', '', 0, 0, 0, 1200, 9000),
  (4, 't4', 'c1', 'u1', 'tower', 'todd', 'Second?', 'Four.', 'interrupted', '', '[]', '[]', NULL, 0, 0, 'local', 'small', 'error', '', 0, 0, 0, 1300, 1400),
  (5, 't5', 'c1', 'u1', 'tower', 'arieol', 'Third?', 'Half of "it" \ ' || char(10) || char(233), 'running', 'h5', '[]', '[]', NULL, 0, 0, 'local', 'small', '', '', 0, 0, 0, 1500, 1500),
  (6, 't6', 'c3', 'u1', 'tower', 'arieol', 'Alone?', '', 'running', 'h6', '[]', '[]', NULL, 0, 0, 'local', 'small', '', '', 0, 0, 0, 1600, 1600);
)sql";

TEST_F(FormOneTest, turns_have_parents_conversations_and_what_was_said) {
  make("turns.db", sqlite::turn_migrations(), kTurns);
  const auto turns = SqliteTurnStore::open(folder_.path()).value();
  EXPECT_EQ(form_of("turns.db"), static_cast<std::int64_t>(sqlite::turn_migrations().size()));

  auto expected = testing::sample_turn("t1");
  expected.dialect = "ask";
  expected.question = "First?";
  expected.reply = "One.";
  expected.status = model::TurnStatus::complete;
  expected.hold_id = "h1";
  expected.sources = {{.n = 1,
                       .page_id = "p1",
                       .label = "xiv",
                       .title = "The stair",
                       .chapter = "Two",
                       .quote = "Because.",
                       .start = 3,
                       .end = 24,
                       .score = 0.5}};
  expected.quotes = {{.n = 1,
                      .page_id = "p1",
                      .label = "xiv",
                      .title = "The stair",
                      .start = 3,
                      .end = 24,
                      .text = "Because.",
                      .origin = model::QuoteOrigin::opening,
                      .verified = true,
                      .reply_start = 0,
                      .reply_end = 9}};
  expected.receipt = model::Receipt{.held = 5, .charged = 5, .released = 0, .balance = 95, .rule = "complete"};
  expected.usage = {.prompt_tokens = 640, .completion_tokens = 31};
  expected.provider = "local";
  expected.model = "small";
  expected.finish_reason = "stop";
  expected.false_quotes = 2;
  expected.first_token_ms = 120;
  expected.total_ms = 900;
  expected.updated = 1900;
  EXPECT_TRUE(same(*value_of(turns->find("t1")), expected));

  EXPECT_EQ(value_of(turns->find("t4"))->parent_id, "t1") << "the stranger's turn between them is passed over";
  EXPECT_EQ(value_of(turns->find("t5"))->parent_id, "t4");
  EXPECT_EQ(value_of(turns->find("t3"))->parent_id, "");
  EXPECT_EQ(value_of(turns->find("t6"))->parent_id, "");
  EXPECT_EQ(ids_of(value_of(turns->history("t5", "u1", 10))), (Ids{"t1", "t4"}));
  EXPECT_TRUE(value_of(turns->events("t1", 0, 100)).empty()) << "a log was not written yet";

  const model::Conversation first{.id = "c1",
                                  .user_id = "u1",
                                  .world = "tower",
                                  .character_id = "arieol",
                                  .first_question = "First?",
                                  .last_turn_id = "t5",
                                  .turns = 3,
                                  .created = 1000,
                                  .updated = 1900};
  EXPECT_TRUE(same(*value_of(turns->find_conversation("c1")), first));
  EXPECT_EQ(ids_of(value_of(turns->list_conversations("u1", "", 10))), (Ids{"c1", "c3"}));
  EXPECT_EQ(ids_of(value_of(turns->list_conversations("u2", "", 10))), Ids{"c2"});
  value_of(turns->check_integrity());
}

TEST_F(FormOneTest, a_turn_that_was_running_keeps_what_was_saved_and_can_go_on) {
  make("turns.db", sqlite::turn_migrations(), kTurns);
  const auto turns = SqliteTurnStore::open(folder_.path()).value();
  const auto running = value_of(turns->list_running());
  ASSERT_EQ(ids_of(running), (Ids{"t5", "t6"}));
  EXPECT_EQ(running[0].reply, "Half of \"it\" \\ \n\u00e9");
  EXPECT_EQ(running[1].reply, "");
  EXPECT_EQ(value_of(turns->events("t5", 0, 100)).size(), 1U);
  EXPECT_TRUE(value_of(turns->events("t6", 0, 100)).empty());

  auto ended = running[0];
  ended.status = model::TurnStatus::interrupted;
  value_of(turns->finish(ended, 10'001, {model::TurnFailed{.code = "interrupted"}}));
  value_of(turns->append_events("t6", 1, testing::tokens({"on"})));
  EXPECT_TRUE(same(*value_of(turns->find("t5")), ended));
  EXPECT_EQ(value_of(turns->events("t5", 0, 100)).size(), 2U);
  EXPECT_EQ(value_of(turns->find("t6"))->reply, "on");
  value_of(turns->begin(testing::sample_turn("t7", "c1", "u1", "t5")));
  EXPECT_EQ(value_of(turns->find_conversation("c1"))->turns, 4);
}

constexpr const char* kLedger = R"sql(
INSERT INTO accounts VALUES ('u1', 100);
INSERT INTO entries VALUES (1, 'e1', 'u1', 'grant', 100, '', 'opening grant', 100, 1000);
UPDATE accounts SET balance = 95;
INSERT INTO entries VALUES (2, 'h1', 'u1', 'hold', -5, 't1', '', 95, 1100);
INSERT INTO holds VALUES ('h1', 2, NULL, NULL);
UPDATE accounts SET balance = 96;
INSERT INTO entries VALUES (3, 'e3', 'u1', 'settle', 1, 'h1', 'complete', 96, 1200);
UPDATE holds SET charged = 4, end_entry = 3;
UPDATE accounts SET balance = 86;
INSERT INTO entries VALUES (4, 'h2', 'u1', 'hold', -10, 't2', '', 86, 1300);
INSERT INTO holds VALUES ('h2', 4, NULL, NULL);
)sql";

TEST_F(FormOneTest, the_ledger_goes_on) {
  make("ledger.db", sqlite::ledger_migrations(), kLedger);
  const auto ledger = SqliteLedgerStore::open(folder_.path()).value();
  EXPECT_EQ(form_of("ledger.db"), static_cast<std::int64_t>(sqlite::ledger_migrations().size()));
  value_of(ledger->verify());
  value_of(ledger->check_integrity());
  EXPECT_EQ(value_of(ledger->balance("u1")), 86);
  EXPECT_EQ(value_of(ledger->settle("h1", 4, "again")).id, "e3");
  EXPECT_EQ(ids_of(value_of(ledger->open_holds())), Ids{"h2"});
  EXPECT_EQ(value_of(ledger->release("h2", "failed")).balance, 96);
  EXPECT_EQ(value_of(ledger->give_back("u1", 4, "h1", "by the operator")).balance, 100);
  EXPECT_EQ(std::get<model::LedgerEntry>(value_of(ledger->debit("u1", 7, "k1", 100))).balance, 93) << "no second opening grant";
  value_of(ledger->verify());
}

constexpr const char* kPages = R"sql(
INSERT INTO worlds VALUES (1, 'tower', 'The Tower', 'An author', 'en', 'CC0', 'folder', 5, 1, '', 'a template',
  '{"aliases":[],"blurb":"","color_hex":"#102030","display_name":"The narrator","greeting":"","id":"","lead_ins":[],"samples":[],"system_prompt":"You tell.","tone":"","unknown":[],"world":"tower"}');
INSERT INTO pages VALUES (1, 'tower', '1', 'i', 'T', 'One', 'some text', '', 'arieol', 0, 3, 'hash', 1000, 7);
INSERT INTO passages VALUES (1, 0, 0, 9, 'some text');
INSERT INTO quotes VALUES (1, 0, 0, 0, 4, 1, 1, 'some');
INSERT INTO page_vectors VALUES (1, 0, 'm', 1, x'0000803F');
INSERT INTO characters VALUES ('tower', 'todd', 0, '[]', 'Todd', '#000000', '', '', '', '', '[]', '[]', '[]'),
  ('tower', 'arieol', 1, '["owl"]', 'Arieol', '#5F9EA0', 'calm', 'a blurb', 'Hello', 'You are', '[{"reply":"Because.","user":"Why?"}]', '["I"]', '["No."]');
INSERT INTO character_aliases VALUES ('owl', 'tower', 'arieol');
UPDATE watermark SET seq = 7;
)sql";

TEST_F(FormOneTest, worlds_pages_and_characters_go_on) {
  make("pages.db", sqlite::page_migrations(), kPages);
  const auto pages = SqlitePageStore::open(folder_.path()).value();
  EXPECT_EQ(form_of("pages.db"), static_cast<std::int64_t>(sqlite::page_migrations().size()));
  const auto world = *value_of(pages->find_world("tower"));
  EXPECT_EQ(world.prompt_template, "a template");
  EXPECT_EQ(world.small_prompt_template, "");
  EXPECT_EQ(world.narrator.display_name, "The narrator");
  EXPECT_FALSE(world.narrator.personality);
  EXPECT_EQ(value_of(pages->find_page("tower", "1"))->version, 3);
  EXPECT_EQ(value_of(pages->load_vectors("tower", "m"))[0].values, std::vector<float>{1.0F});

  const model::Character arieol{.world = "tower",
                                .id = "arieol",
                                .aliases = {"owl"},
                                .display_name = "Arieol",
                                .color_hex = "#5F9EA0",
                                .tone = "calm",
                                .blurb = "a blurb",
                                .greeting = "Hello",
                                .system_prompt = "You are",
                                .samples = {{.user = "Why?", .reply = "Because."}},
                                .lead_ins = {"I"},
                                .unknown = {"No."}};
  EXPECT_TRUE(same(*value_of(pages->find_character("", "owl")), arieol));
  EXPECT_EQ(ids_of(value_of(pages->list_characters("tower"))), (Ids{"todd", "arieol"}));
  auto edited = testing::sample_character("todd");
  edited.world = "tower";
  value_of(pages->put_character(edited));
  value_of(pages->replace_characters("tower", {model::Character{.id = "todd"}, arieol}));
  EXPECT_EQ(ids_of(value_of(pages->list_characters("tower"))), (Ids{"arieol", "todd"}));
  EXPECT_EQ(value_of(pages->find_character("tower", "todd"))->greeting, "Hello");
  value_of(pages->check_integrity());
}

TEST_F(FormOneTest, a_newer_form_than_known_is_refused_by_each_store) {
  value_of(SqliteTurnStore::open(folder_.path()).value()->count());
  value_of(SqliteLedgerStore::open(folder_.path()).value()->verify());
  value_of(SqlitePageStore::open(folder_.path()).value()->list_worlds());
  for (const auto* name : {"turns.db", "ledger.db", "pages.db"}) {
    const auto db = sqlite::Connection::open((folder_.path() / name).string(), sqlite::Access::read_write).value();
    ASSERT_TRUE(db->run_script("PRAGMA user_version = 99"));
  }
  const auto refused = [](const auto& opened) {
    return !opened && opened.error().code == ErrorCode::unavailable && opened.error().message.contains("newer gibsey");
  };
  EXPECT_TRUE(refused(SqliteTurnStore::open(folder_.path())));
  EXPECT_TRUE(refused(SqliteLedgerStore::open(folder_.path())));
  EXPECT_TRUE(refused(SqlitePageStore::open(folder_.path())));
}

}  // namespace
}  // namespace gibsey::store
