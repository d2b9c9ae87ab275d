#include "store/sqlite/connection.hpp"
#include "store/sqlite/ledger_store.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/sqlite/turn_store.hpp"
#include "store/testing/await.hpp"
#include "store/testing/sample_pages.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace gibsey::store {
namespace {

using testing::sample_page;
using testing::sample_vector;
using testing::value_of;

TEST(ReopenTest, pages_versions_vectors_and_characters_are_found_again) {
  const testing::TemporaryFolder folder;
  {
    const auto pages = SqlitePageStore::open(folder.path()).value();
    model::World world;
    world.name = "tower";
    value_of(pages->put_world(world));
    value_of(pages->put_pages({sample_page("1", 0, "a"), sample_page("2", 1, "b")}, false));
    value_of(pages->put_pages({sample_page("1", 0, "A")}, false));
    value_of(pages->put_vectors("tower", "m", {sample_vector("2", 1, 0.1F)}));
    model::Character arieol;
    arieol.id = "arieol";
    arieol.aliases = {"owl"};
    value_of(pages->replace_characters("tower", {arieol}));
  }
  const auto pages = SqlitePageStore::open(folder.path()).value();
  EXPECT_EQ(value_of(pages->list_worlds()).size(), 1U);
  EXPECT_EQ(value_of(pages->find_page("tower", "1"))->version, 2);
  EXPECT_EQ(value_of(pages->find_page_version("tower", "1", 1))->content_hash, "hash of a");
  EXPECT_EQ(value_of(pages->load_contents("tower"))[1].quotes.size(), 3U);
  EXPECT_EQ(value_of(pages->load_vectors("tower", "m"))[0].values, sample_vector("2", 1, 0.1F).values);
  EXPECT_EQ(value_of(pages->find_character("", "owl"))->id, "arieol");
}

TEST(ReopenTest, turns_and_credits_are_found_again) {
  const testing::TemporaryFolder folder;
  std::string hold_id;
  {
    const auto turns = SqliteTurnStore::open(folder.path()).value();
    const auto ledger = SqliteLedgerStore::open(folder.path()).value();
    model::Turn turn;
    turn.id = "t1";
    value_of(turns->begin(turn));
    value_of(turns->append_events("t1", 1, {model::TurnStarted{.turn_id = "t1"}, model::TokenText{"half"}}));
    hold_id = std::get<model::CreditHold>(value_of(ledger->hold("u1", "t1", 5, 100))).id;
  }
  const auto turns = SqliteTurnStore::open(folder.path()).value();
  const auto ledger = SqliteLedgerStore::open(folder.path()).value();
  const auto running = value_of(turns->list_running());
  ASSERT_EQ(running.size(), 1U);
  EXPECT_EQ(running[0].reply, "half");
  EXPECT_EQ(value_of(turns->events("t1", 0, 10)).back().seq, 2);
  EXPECT_EQ(value_of(ledger->open_holds()).size(), 1U);
  EXPECT_EQ(value_of(ledger->release(hold_id, "interrupted")).balance, 100);
  EXPECT_EQ(std::get<model::CreditHold>(value_of(ledger->hold("u1", "t2", 5, 100))).balance, 95) << "no second opening grant";
  value_of(ledger->verify());
}

TEST(ReopenTest, a_person_can_count_the_vectors_and_changes_have_growing_numbers) {
  const testing::TemporaryFolder folder;
  const auto pages = SqlitePageStore::open(folder.path()).value();
  value_of(pages->put_pages({sample_page("1", 0, "a"), sample_page("2", 1, "b")}, false));
  value_of(pages->put_vectors("tower", "m", {sample_vector("1", 0, 1), sample_vector("2", 1, 2)}));
  const auto db = sqlite::Connection::open((folder.path() / "pages.db").string(), sqlite::Access::read_only).value();
  EXPECT_EQ(db->value<std::int64_t>("SELECT count(*) FROM page_vectors").value(), 2);
  // 1.0F in little-endian order.
  EXPECT_EQ(db->value<std::string>("SELECT hex(substr(vector, 1, 4)) FROM page_vectors WHERE passage = 0").value(), "0000803F");

  const auto last = [&] { return db->value<std::int64_t>("SELECT max(seq) FROM pages").value(); };
  EXPECT_EQ(last(), 2);
  value_of(pages->put_pages({sample_page("1", 0, "a"), sample_page("2", 1, "b")}, false));
  EXPECT_EQ(last(), 2) << "nothing changed";
  value_of(pages->put_pages({sample_page("1", 0, "A")}, true));
  value_of(pages->put_pages({sample_page("2", 1, "b")}, false));
  EXPECT_EQ(last(), 5) << "neither the number of a removed page nor that of its removal is given out again";
  value_of(pages->put_pages({sample_page("2", 7, "b")}, false));
  EXPECT_EQ(last(), 6) << "a page that moved has changed";
}

}  // namespace
}  // namespace gibsey::store
