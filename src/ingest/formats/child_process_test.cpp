#include "ingest/formats/child_process.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace gibsey::ingest {
namespace {

using namespace std::chrono_literals;

TEST(RunProcess, OutputComplaintsAndStatus) {
  const auto ran = run_process({"/bin/sh", "-c", "echo out; echo err >&2; cat; exit 3"});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->output, "out\n") << "and nothing to read";
  EXPECT_EQ(ran->complaints, "err\n");
  EXPECT_EQ(ran->status, 3);
  EXPECT_EQ(run_process({"echo", "$HOME; a 'b'"})->output, "$HOME; a 'b'\n") << "no shell looks at the arguments";
}

TEST(RunProcess, AMissingProgram) {
  const auto ran = run_process({"no-such-program-here"});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::not_found);
}

TEST(RunProcess, TimeIsLimited) {
  const auto started = std::chrono::steady_clock::now();
  const auto ran = run_process({"/bin/sh", "-c", "sleep 60 & sleep 60"}, {.time = 300ms});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::deadline);
  const auto silent = run_process({"/bin/sh", "-c", "exec >&- 2>&-; sleep 60"}, {.time = 300ms});
  ASSERT_FALSE(silent) << "it has closed both pipes and runs on";
  EXPECT_EQ(silent.error().code, ErrorCode::deadline);
  EXPECT_LT(std::chrono::steady_clock::now() - started, 30s);
}

TEST(RunProcess, OutputIsLimited) {
  const auto ran = run_process({"yes"}, {.output = 1 << 20});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::too_large);
  const auto noisy = run_process({"/bin/sh", "-c", "yes complaint | head -c 1000000 >&2; echo done"});
  ASSERT_TRUE(noisy) << noisy.error().message;
  EXPECT_EQ(noisy->complaints.size(), 4096U);
  EXPECT_EQ(noisy->output, "done\n");
}

TEST(RunProcess, ASignalIsTold) {
  EXPECT_EQ(run_process({"/bin/sh", "-c", "kill -TERM $$"})->status, 128 + 15);
}

}  // namespace
}  // namespace gibsey::ingest
