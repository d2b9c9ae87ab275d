#include "store/sqlite/job_queue.hpp"

#include "store/testing/await.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace gibsey::store::sqlite {
namespace {

using namespace std::chrono_literals;

/// A job that does nothing but remember its answer.
class EmptyJob final : public Job {
 public:
  Result<void> run(Connection&) noexcept override { return {}; }
  void refuse(Error error) noexcept override { refusal_ = std::move(error); }
  [[nodiscard]] const Error& refusal() const { return refusal_; }

 private:
  Error refusal_;
};

class JobQueueTest : public ::testing::Test {
 protected:
  void push(Job& job) {
    boost::asio::co_spawn(io_, queue_.run(job), [](std::exception_ptr) {});
    io_.poll();
  }
  /// Lets the waiting coroutines, which must be all that wait, end.
  void answer(std::vector<WaitingJob> taken) {
    for (auto& waiting : taken) waiting.resume();
    io_.run();
  }

  JobQueue queue_{"the file", 3};
  boost::asio::io_context io_;
};

TEST_F(JobQueueTest, gives_jobs_out_in_order_and_not_too_many) {
  EmptyJob jobs[3];
  for (auto& job : jobs) push(job);
  auto first = queue_.take(2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].job, &jobs[0]);
  EXPECT_EQ(first[1].job, &jobs[1]);
  auto second = queue_.take(2);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].job, &jobs[2]);
  first.push_back(std::move(second[0]));
  answer(std::move(first));
}

TEST_F(JobQueueTest, a_worker_waits_for_as_many_as_are_likely) {
  EmptyJob jobs[2];
  push(jobs[0]);
  std::vector<WaitingJob> taken;
  std::thread worker([&] { taken = queue_.take(10, 2, 1h); });
  std::this_thread::sleep_for(5ms);
  push(jobs[1]);
  worker.join();
  EXPECT_EQ(taken.size(), 2U);
  answer(std::move(taken));
}

TEST_F(JobQueueTest, a_worker_takes_what_there_is_when_its_patience_ends) {
  EmptyJob job;
  push(job);
  auto taken = queue_.take(10, 2, 1ms);
  EXPECT_EQ(taken.size(), 1U);
  answer(std::move(taken));
}

TEST_F(JobQueueTest, a_closed_queue_gives_out_what_it_has_without_patience_and_refuses_more) {
  EmptyJob kept;
  EmptyJob late;
  push(kept);
  queue_.close();
  push(late);
  EXPECT_EQ(late.refusal().code, ErrorCode::unavailable);
  auto taken = queue_.take(10, 5, 1h);
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_TRUE(queue_.take(10).empty());
  answer(std::move(taken));
}

TEST_F(JobQueueTest, refuses_what_it_has_no_room_for) {
  EmptyJob jobs[4];
  for (auto& job : jobs) push(job);
  EXPECT_EQ(jobs[3].refusal().code, ErrorCode::busy);
  EXPECT_NE(jobs[3].refusal().message.find("try again"), std::string::npos);
  auto taken = queue_.take(10);
  EXPECT_EQ(taken.size(), 3U);
  answer(std::move(taken));
}

}  // namespace
}  // namespace gibsey::store::sqlite
