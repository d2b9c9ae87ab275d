#include "provider/llama/machine_memory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace gibsey::provider {
namespace {

namespace fs = std::filesystem;

class MachineMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(::testing::TempDir()) / "machine_memory_test";
    fs::remove_all(root_);
    write("proc/meminfo",
          "MemTotal:       16000000 kB\nMemFree:          100000 kB\nMemAvailable:    8000000 kB\nHugePages_Total:       0\n");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }

  fs::path root_;
};

TEST_F(MachineMemoryTest, IsTheMachinesOwn) {
  const auto memory = machine_memory(root_);
  EXPECT_EQ(memory.total, 16'384'000'000U);
  EXPECT_EQ(memory.available, 8'192'000'000U);
}

TEST_F(MachineMemoryTest, IsThatOfTheContainerWhereItIsLess) {
  write("sys/fs/cgroup/memory.max", "4000000000\n");
  write("sys/fs/cgroup/memory.current", "3000000000\n");
  write("sys/fs/cgroup/memory.stat", "anon 1000000000\ninactive_file 1500000000\n");
  const auto memory = machine_memory(root_);
  EXPECT_EQ(memory.total, 4'000'000'000U);
  EXPECT_EQ(memory.available, 2'500'000'000U) << "cached files can be dropped";
}

TEST_F(MachineMemoryTest, KnowsTheOlderControlGroups) {
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000000\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "4500000000\n");
  EXPECT_EQ(machine_memory(root_).available, 0U);
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(machine_memory(root_).total, 16'384'000'000U) << "no limit";
}

TEST_F(MachineMemoryTest, AGroupWithoutALimitChangesNothing) {
  write("sys/fs/cgroup/memory.max", "max\n");
  write("sys/fs/cgroup/memory.current", "3000000000\n");
  EXPECT_EQ(machine_memory(root_).available, 8'192'000'000U);
}

TEST_F(MachineMemoryTest, NothingIsRefusedWhereNothingIsTold) {
  EXPECT_EQ(machine_memory("/no/such/root").available, 0U);
}

TEST(CheckMemory, RefusesWithBothSizes) {
  EXPECT_TRUE(check_memory("a word", 100));
  const auto refused = check_memory("the model M", std::uint64_t{4} << 40U);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::too_large);
  EXPECT_TRUE(refused.error().message.starts_with("the model M needs 4398.0 GB of memory and ")) << refused.error().message;
}

}  // namespace
}  // namespace gibsey::provider
