#include "store/sqlite/migration.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace gibsey::store::sqlite {
namespace {

constexpr const char* kFirst = "CREATE TABLE notes (text TEXT NOT NULL) STRICT; INSERT INTO notes VALUES ('old');";
constexpr const char* kSecond = "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 1; UPDATE notes SET stars = 5;";

class MigrationTest : public ::testing::Test {
 protected:
  std::unique_ptr<Connection> open() {
    return Connection::open((folder_.path() / "notes.db").string(), Access::read_write).value();
  }
  static std::int64_t number(Connection& db, const char* sql) { return db.value<std::int64_t>(sql).value(); }

  testing::TemporaryFolder folder_;
};

TEST_F(MigrationTest, brings_an_older_file_to_the_last_form_with_its_rows) {
  const char* const one[] = {kFirst};
  const char* const two[] = {kFirst, kSecond};
  {
    const auto db = open();
    ASSERT_TRUE(migrate(*db, one));
    EXPECT_EQ(number(*db, "PRAGMA user_version"), 1);
    ASSERT_TRUE(db->run("INSERT INTO notes VALUES ('mine')"));
  }
  const auto db = open();
  ASSERT_TRUE(migrate(*db, two));
  EXPECT_EQ(number(*db, "PRAGMA user_version"), 2);
  EXPECT_EQ(number(*db, "SELECT count(*) FROM notes WHERE stars = 5"), 2);
  ASSERT_TRUE(migrate(*db, two)) << "a file of the last form is left as it is";
  EXPECT_EQ(number(*db, "SELECT count(*) FROM notes"), 2);
}

TEST_F(MigrationTest, a_step_that_fails_leaves_the_file_as_it_was) {
  const char* const one[] = {kFirst};
  const char* const broken[] = {kFirst, kSecond, "CREATE TABLE notes (again TEXT) STRICT"};
  const auto db = open();
  ASSERT_TRUE(migrate(*db, one));
  const auto done = migrate(*db, broken);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::internal);
  EXPECT_EQ(number(*db, "PRAGMA user_version"), 1);
  EXPECT_EQ(number(*db, "SELECT count(*) FROM pragma_table_info('notes')"), 1);
  EXPECT_FALSE(db->in_transaction());
}

TEST_F(MigrationTest, refuses_a_file_of_a_newer_program) {
  {
    ASSERT_TRUE(SqlitePageStore::open(folder_.path()));
  }
  {
    const auto db = Connection::open((folder_.path() / "pages.db").string(), Access::read_write).value();
    ASSERT_TRUE(db->run_script("PRAGMA user_version = 99"));
  }
  const auto opened = SqlitePageStore::open(folder_.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::unavailable);
  EXPECT_NE(opened.error().message.find("newer gibsey"), std::string::npos) << opened.error().message;
}

}  // namespace
}  // namespace gibsey::store::sqlite
