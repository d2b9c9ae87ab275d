#include "store/sqlite/backup.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/ledger_store.hpp"
#include "store/sqlite/outbox_store.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/sqlite/turn_store.hpp"
#include "store/testing/await.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/sample_pages.hpp"
#include "store/testing/sample_turns.hpp"
#include "store/testing/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>

namespace gibsey::store {
namespace {

using testing::error_of;
using testing::value_of;

class BackupTest : public ::testing::Test {
 protected:
  /// A folder for copies, whose files have the names that the stores look for.
  std::filesystem::path copies() {
    const auto folder = folder_.path() / "copies";
    std::filesystem::create_directories(folder);
    return folder;
  }
  /// What another hand does to a file that nobody has open.
  void tamper(const char* name, const char* sql) {
    const auto db = sqlite::Connection::open((folder_.path() / name).string(), sqlite::Access::read_write).value();
    const auto done = db->run_script(sql);
    ASSERT_TRUE(done) << done.error().message;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(BackupTest, a_copy_of_each_store_opens_and_holds_everything) {
  const auto turns = SqliteTurnStore::open(folder_.path()).value();
  const auto ledger = SqliteLedgerStore::open(folder_.path()).value();
  const auto pages = SqlitePageStore::open(folder_.path()).value();
  const auto outbox = SqliteOutboxStore::open(folder_.path()).value();
  value_of(outbox->begin_hold({.id = "h1", .user_id = "u1", .turn_id = "t1", .amount = 5, .created = 1000}));
  value_of(outbox->end_hold("h1", 0, "release", "failed"));
  value_of(turns->begin(testing::sample_turn("t1")));
  value_of(turns->append_events("t1", 1, testing::sample_events()));
  value_of(turns->finish(testing::finished_turn("t1"), 11, {}));
  value_of(ledger->hold("u1", "t1", 5, 100));
  value_of(pages->put_pages({testing::sample_page("1", 0, "a")}, false));
  value_of(turns->backup(copies() / "turns.db"));
  value_of(ledger->backup(copies() / "ledger.db"));
  value_of(pages->backup(copies() / "pages.db"));
  value_of(outbox->backup(copies() / "outbox.db"));
  value_of(turns->begin(testing::sample_turn("later")));

  const auto copied_turns = SqliteTurnStore::open(copies()).value();
  EXPECT_TRUE(testing::same(*value_of(copied_turns->find("t1")), testing::finished_turn("t1")));
  EXPECT_TRUE(testing::same(value_of(copied_turns->events("t1", 0, 100)), value_of(turns->events("t1", 0, 100))));
  EXPECT_FALSE(value_of(copied_turns->find("later")));
  value_of(copied_turns->check_integrity());
  const auto copied_ledger = SqliteLedgerStore::open(copies()).value();
  EXPECT_EQ(value_of(copied_ledger->balance("u1")), 95);
  value_of(copied_ledger->verify());
  EXPECT_EQ(value_of(SqlitePageStore::open(copies()).value()->count_pages("tower")), 1);
  const auto copied_outbox = SqliteOutboxStore::open(copies()).value();
  EXPECT_EQ(value_of(copied_outbox->count_waiting()), 1);
  value_of(copied_outbox->verify());
  value_of(copied_outbox->check_integrity());
}

boost::asio::awaitable<void> write_until(SqliteLedgerStore& ledger, std::atomic<bool>& copied, int& written) {
  for (int i = 0; !copied || i < 20; ++i) {
    const auto outcome = co_await ledger.hold("u1", fmt::format("t{}", i), 1, 1'000'000);
    EXPECT_TRUE(outcome);
    const auto ended = co_await ledger.settle(std::get<model::CreditHold>(*outcome).id, i % 2, "test");
    EXPECT_TRUE(ended);
    ++written;
  }
}

boost::asio::awaitable<void> copy_often(SqliteLedgerStore& ledger, std::filesystem::path folder, std::atomic<bool>& copied) {
  for (int i = 0; i < 10; ++i) {
    const auto place = folder / fmt::format("{}", i);
    std::filesystem::create_directories(place);
    const auto done = co_await ledger.backup(place / "ledger.db");
    EXPECT_TRUE(done);
  }
  copied = true;
}

TEST_F(BackupTest, a_copy_is_of_one_moment_while_others_write) {
  std::vector<int> written(4);
  {
    const auto ledger = SqliteLedgerStore::open(folder_.path()).value();
    std::atomic<bool> copied = false;
    std::vector<boost::asio::awaitable<void>> operations;
    for (auto& count : written) operations.push_back(write_until(*ledger, copied, count));
    operations.push_back(copy_often(*ledger, copies(), copied));
    testing::run_all(std::move(operations), 2);
  }
  std::size_t last = 0;
  for (int i = 0; i < 10; ++i) {
    const auto copy = SqliteLedgerStore::open(copies() / fmt::format("{}", i)).value();
    value_of(copy->verify());
    value_of(copy->check_integrity());
    const auto entries = value_of(copy->statement("u1", 1'000'000)).size();
    EXPECT_GE(entries, last);
    last = entries;
  }
  EXPECT_GT(last, 1U) << "nothing was written while the copies were made";
}

TEST_F(BackupTest, an_existing_file_is_left_alone) {
  const auto turns = SqliteTurnStore::open(folder_.path()).value();
  const auto file = copies() / "precious";
  std::ofstream(file) << "mine";
  const auto error = error_of(turns->backup(file));
  EXPECT_EQ(error.code, ErrorCode::conflict);
  EXPECT_NE(error.message.find("precious exists already"), std::string::npos) << error.message;
  EXPECT_EQ(std::filesystem::file_size(file), 4U);
  value_of(turns->backup(copies() / "free"));
  EXPECT_EQ(error_of(turns->backup(copies() / "free")).code, ErrorCode::conflict);
  EXPECT_EQ(error_of(turns->backup(folder_.path() / "turns.db")).code, ErrorCode::conflict);
}

TEST_F(BackupTest, a_file_that_cannot_be_made_is_told) {
  const auto turns = SqliteTurnStore::open(folder_.path()).value();
  const auto error = error_of(turns->backup(folder_.path() / "nowhere" / "turns.db"));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_NE(error.message.find("choose a folder that exists"), std::string::npos) << error.message;
}

TEST_F(BackupTest, a_copy_is_for_its_owner_alone_and_leaves_nothing_beside_it) {
  const auto turns = SqliteTurnStore::open(folder_.path()).value();
  value_of(turns->backup(copies() / "turns.db"));
  struct stat status{};
  ASSERT_EQ(stat((copies() / "turns.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto files = std::distance(std::filesystem::directory_iterator(copies()), std::filesystem::directory_iterator());
  EXPECT_EQ(files, 1);
}

TEST_F(BackupTest, a_copy_that_fails_leaves_nothing) {
  std::ofstream(folder_.path() / "turns.db") << std::string(40'000, 'x');
  const auto db = sqlite::Connection::open((folder_.path() / "turns.db").string(), sqlite::Access::read_only).value();
  const auto done = sqlite::write_backup(*db, copies() / "turns.db");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::corrupt);
  EXPECT_TRUE(std::filesystem::is_empty(copies()));
}

TEST_F(BackupTest, the_check_finds_a_row_whose_owner_is_gone) {
  {
    const auto turns = SqliteTurnStore::open(folder_.path()).value();
    value_of(turns->begin(testing::sample_turn("t1")));
    value_of(turns->append_events("t1", 1, testing::tokens({"said"})));
    value_of(turns->check_integrity());
  }
  tamper("turns.db", "PRAGMA foreign_keys = OFF; DELETE FROM turns;");
  const auto turns = SqliteTurnStore::open(folder_.path()).value();
  const auto error = error_of(turns->check_integrity());
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_NE(error.message.find("of turn_events belongs to a row of turns"), std::string::npos) << error.message;
}

TEST_F(BackupTest, the_check_finds_a_byte_that_has_changed) {
  std::string id;
  {
    const auto ledger = SqliteLedgerStore::open(folder_.path()).value();
    id = value_of(ledger->grant("u1", 5, "x")).id;
    value_of(ledger->check_integrity());
  }
  std::fstream file(folder_.path() / "ledger.db", std::ios::in | std::ios::out | std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const auto place = bytes.find(id);
  ASSERT_NE(place, std::string::npos);
  file.seekp(static_cast<std::streamoff>(place));
  file.put(id[0] == 'a' ? 'b' : 'a');
  file.close();
  const auto ledger = SqliteLedgerStore::open(folder_.path()).value();
  const auto error = error_of(ledger->check_integrity());
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_NE(error.message.find("entries_by_id"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace gibsey::store
