#include "store/sqlite/folder_lock.hpp"

#include "store/testing/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>

namespace gibsey::store {
namespace {

TEST(FolderLockTest, a_second_holder_is_told_who_has_the_folder) {
  const testing::TemporaryFolder folder;
  auto lock = FolderLock::take(folder.path());
  ASSERT_TRUE(lock);
  ASSERT_TRUE(lock->announce("http://127.0.0.1:8002"));
  const auto second = FolderLock::take(folder.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  EXPECT_NE(second.error().message.find(fmt::format("process {} (http://127.0.0.1:8002)", getpid())), std::string::npos)
      << second.error().message;
}

TEST(FolderLockTest, says_who_holds_a_folder) {
  const testing::TemporaryFolder folder;
  const auto missing = folder.path() / "missing";
  EXPECT_FALSE(FolderLock::find_holder(missing).value());
  EXPECT_FALSE(std::filesystem::exists(missing)) << "asking makes nothing";
  {
    auto lock = FolderLock::take(folder.path());
    ASSERT_TRUE(lock);
    EXPECT_EQ(FolderLock::find_holder(folder.path()).value()->address, "");
    ASSERT_TRUE(lock->announce("http://127.0.0.1:65535"));
    ASSERT_TRUE(lock->announce("http://127.0.0.1:80"));
    const auto holder = FolderLock::find_holder(folder.path()).value();
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->pid, getpid());
    EXPECT_EQ(holder->address, "http://127.0.0.1:80");
  }
  EXPECT_FALSE(FolderLock::find_holder(folder.path()).value());
}

TEST(FolderLockTest, is_given_up_at_the_end_and_moves_with_the_object) {
  const testing::TemporaryFolder folder;
  {
    auto first = FolderLock::take(folder.path());
    ASSERT_TRUE(first);
    const FolderLock moved = *std::move(first);
    EXPECT_FALSE(FolderLock::take(folder.path()));
  }
  EXPECT_TRUE(FolderLock::take(folder.path()));
}

TEST(FolderLockTest, makes_the_folder_or_says_why_not) {
  const testing::TemporaryFolder folder;
  EXPECT_TRUE(FolderLock::take(folder.path() / "a" / "b"));
  std::fclose(std::fopen((folder.path() / "file").c_str(), "wb"));
  const auto refused = FolderLock::take(folder.path() / "file" / "c");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace gibsey::store
