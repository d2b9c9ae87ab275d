#include "store/sqlite/sqlite_error.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace gibsey::store::sqlite {
namespace {

TEST(SqliteErrorTest, every_failure_names_the_file_and_has_its_code) {
  const struct {
    int code;
    ErrorCode expected;
    const char* advice;
  } cases[] = {
      {SQLITE_FULL, ErrorCode::unavailable, "free some space"},
      {SQLITE_READONLY_DBMOVED, ErrorCode::unavailable, "the right to write"},
      {SQLITE_PERM, ErrorCode::unavailable, "the right to write"},
      {SQLITE_CANTOPEN, ErrorCode::unavailable, "check that its folder exists"},
      {SQLITE_CORRUPT, ErrorCode::corrupt, "backup"},
      {SQLITE_CORRUPT_INDEX, ErrorCode::corrupt, "backup"},
      {SQLITE_NOTADB, ErrorCode::corrupt, "move the file away"},
      {SQLITE_BUSY, ErrorCode::unavailable, "close that program"},
      {SQLITE_IOERR_FSYNC, ErrorCode::unavailable, "check the disk"},
      {SQLITE_NOMEM, ErrorCode::unavailable, "memory"},
      {SQLITE_TOOBIG, ErrorCode::too_large, "too large"},
      {SQLITE_CONSTRAINT_UNIQUE, ErrorCode::conflict, "refused"},
      {SQLITE_CONSTRAINT_TRIGGER, ErrorCode::corrupt, "refused"},
      {SQLITE_ERROR, ErrorCode::internal, "failed"},
  };
  for (const auto& one : cases) {
    const auto error = to_error(one.code, nullptr, "data/pages.db");
    EXPECT_EQ(error.code, one.expected) << one.code;
    EXPECT_NE(error.message.find("data/pages.db"), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(one.advice), std::string::npos) << error.message;
  }
}

}  // namespace
}  // namespace gibsey::store::sqlite
