#include "jobs/scheduler.hpp"

#include "jobs/testing/run.hpp"
#include "jobs/webhook_alarm.hpp"
#include "net/testing/keeping_server.hpp"
#include "store/memory/note_store.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/testing/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <random>

namespace gibsey::jobs {
namespace {

namespace asio = boost::asio;
using testing::error_of;
using testing::value_of;

constexpr UnixMillis kHour = 3'600'000;
constexpr UnixMillis kDay = 24 * kHour;

/// Notes when it was run; does what it is told to.
class Diary final : public Job {
 public:
  asio::awaitable<Result<void>> work(model::NightlyRun& run, Keeper& keeper) override {
    {
      const std::lock_guard lock(mutex_);
      runs.push_back(run);
      times.push_back(run.updated);
    }
    if (on_work) on_work();
    run.counts.written = 7;
    if (failures > 0) {
      --failures;
      co_return fail(ErrorCode::unavailable, "no model can answer");
    }
    co_return co_await keeper.keep(run);
  }

  std::atomic<int> failures = 0;
  std::function<void()> on_work;
  std::vector<model::NightlyRun> runs;
  std::vector<UnixMillis> times;

 private:
  std::mutex mutex_;
};

class Bell final : public Alarm {
 public:
  asio::awaitable<void> failed(model::NightlyRun run, std::optional<UnixMillis> retry_at) override {
    alarms.emplace_back(run.attempts, retry_at);
    co_return;
  }
  std::vector<std::pair<int, std::optional<UnixMillis>>> alarms;
};

class SchedulerTest : public ::testing::Test {
 protected:
  Scheduler make(const std::string& node, store::NoteStore& notes, const char* schedule = "0 3 * * *", bool alone = false) {
    SchedulerSettings settings{.node = node, .alone = alone, .attempts = 3};
    if (schedule != nullptr) settings.schedule = CronSchedule::parse(schedule).value();
    settings.zone = TimeZone::find("Europe/Berlin").value();
    return {context_.get_executor(),
            {.notes = notes, .job = diary_, .alarm = &bell_, .clock = [this] { return now_.load(); }},
            std::move(settings)};
  }
  model::JobState row() { return value_of(notes_.find_job("nightly")); }

  asio::io_context context_;
  store::MemoryNoteStore notes_;
  Diary diary_;
  Bell bell_;
  std::atomic<UnixMillis> now_ = 1'774'000'000'000;  // 2026-03-20T09:46:40Z
};

asio::awaitable<void> look_at(Scheduler& scheduler) {
  const auto looked = co_await scheduler.look();
  EXPECT_TRUE(looked) << looked.error().message;
}

/// Three nodes look, all at once and on several threads, at times that are no multiples of anything.
void live_through(store::NoteStore& notes, Scheduler& a, Scheduler& b, Scheduler& c, std::atomic<UnixMillis>& now,
                  UnixMillis end) {
  static_cast<void>(notes);
  std::mt19937 random(7);
  while (now < end) {
    std::vector<asio::awaitable<void>> looks;
    for (auto* node : {&a, &b, &c}) {
      if (random() % 4 != 0) looks.push_back(look_at(*node));
    }
    std::shuffle(looks.begin(), looks.end(), random);
    testing::run_all(std::move(looks), 3);
    now += 60'000 + static_cast<UnixMillis>(random() % (14 * 60'000));
  }
}

TEST_F(SchedulerTest, of_three_nodes_one_runs_each_night_once_over_both_changes_of_the_clocks) {
  auto a = make("a", notes_, "30 2 * * *");
  auto b = make("b", notes_, "30 2 * * *");
  auto c = make("c", notes_, "30 2 * * *");
  for (const auto& [start, change] :
       {std::pair{UnixMillis{1'774'000'000'000}, "2026-03-29"}, std::pair{UnixMillis{1'792'000'000'000}, "2026-10-25"}}) {
    diary_.times.clear();
    diary_.runs.clear();
    // Half a year in which nobody was there is made up for by one run, if there was one before.
    const bool first = row().revision == 0;
    now_ = start;
    live_through(notes_, a, b, c, now_, start + 14 * kDay);
    std::map<std::string, int> nights;
    for (const auto time : diary_.times) ++nights[iso8601(time + 2 * kHour).substr(0, 10)];
    const auto made_up = first ? 0U : 1U;
    EXPECT_EQ(diary_.times.size(), 14U + made_up) << change;
    EXPECT_EQ(nights.size(), 14U + made_up) << change;
    EXPECT_EQ(nights[change], 1);
    for (std::size_t i = made_up; i + 1 < diary_.times.size(); ++i)
      EXPECT_NEAR(static_cast<double>(diary_.times[i + 1] - diary_.times[i]), 24.0 * kHour, 1.6 * kHour);
  }
  EXPECT_EQ(value_of(notes_.list_runs(1000)).size(), 29U);
}

TEST_F(SchedulerTest, three_nodes_on_one_database_run_once) {
  const store::testing::TemporaryFolder folder;
  const auto pages = store::SqlitePageStore::open(folder.path()).value();
  auto a = make("a", pages->notes());
  auto b = make("b", pages->notes());
  auto c = make("c", pages->notes());
  live_through(pages->notes(), a, b, c, now_, now_ + 3 * kDay);
  EXPECT_EQ(diary_.times.size(), 3U);
}

TEST_F(SchedulerTest, what_was_missed_is_made_up_for_by_one_run) {
  auto node = make("a", notes_);
  EXPECT_FALSE(value_of(node.look())) << "what was due before there was anybody is not made up for";
  now_ += 40 * kDay;
  EXPECT_TRUE(value_of(node.look()));
  EXPECT_FALSE(value_of(node.look()));
  EXPECT_EQ(diary_.runs.size(), 1U);
  const auto run = value_of(notes_.list_runs(10)).at(0);
  EXPECT_EQ(run.status, model::RunStatus::done);
  EXPECT_EQ(run.counts.written, 7);
  EXPECT_EQ(run.trigger, "schedule");
  EXPECT_EQ(run.ended, now_);
  EXPECT_EQ(row().last_done, now_);
  EXPECT_EQ(iso8601(*node.state().next), "2026-04-30T01:00:00.000Z");
}

TEST_F(SchedulerTest, a_failed_run_is_told_and_tried_again_later_and_later) {
  auto node = make("a", notes_);
  diary_.failures = 2;
  const auto asked = value_of(node.request("entrance-way", true));
  EXPECT_TRUE(value_of(node.look()));
  EXPECT_FALSE(value_of(node.look())) << "not at once";
  EXPECT_EQ(node.state().job.last_error, "no model can answer");
  EXPECT_EQ(value_of(notes_.find_run(asked.id))->status, model::RunStatus::failed);
  now_ += 300'000;
  EXPECT_TRUE(value_of(node.look()));
  now_ += 300'000;
  EXPECT_FALSE(value_of(node.look())) << "the second pause is longer";
  now_ += 300'000;
  EXPECT_TRUE(value_of(node.look()));
  ASSERT_EQ(diary_.runs.size(), 3U);
  for (const auto& run : diary_.runs) EXPECT_EQ(run.id, asked.id);
  EXPECT_EQ(diary_.runs[2].world, "entrance-way");
  EXPECT_TRUE(diary_.runs[2].force);
  const auto run = *value_of(notes_.find_run(asked.id));
  EXPECT_EQ(run.status, model::RunStatus::done);
  EXPECT_EQ(run.attempts, 3);
  EXPECT_EQ(run.error, "");
  EXPECT_EQ(node.state().job.last_error, "");
  ASSERT_EQ(bell_.alarms.size(), 2U);
  EXPECT_TRUE(bell_.alarms[0].second);
  EXPECT_TRUE(bell_.alarms[1].second);
}

TEST_F(SchedulerTest, a_run_that_fails_each_time_is_given_up) {
  auto node = make("a", notes_);
  diary_.failures = 100;
  value_of(node.request("", false));
  for (int i = 0; i < 100; ++i) {
    value_of(node.look());
    now_ += 120'000;
  }
  EXPECT_EQ(diary_.runs.size(), 3U);
  ASSERT_EQ(bell_.alarms.size(), 3U);
  EXPECT_FALSE(bell_.alarms[2].second);
  EXPECT_EQ(node.state().job.last_error, "no model can answer") << "it stays to be seen";
  diary_.failures = 0;
  now_ += kDay;
  EXPECT_TRUE(value_of(node.look())) << "the next night is another one";
  EXPECT_EQ(node.state().job.last_error, "");
}

TEST_F(SchedulerTest, a_node_that_dies_leaves_its_run_to_another) {
  auto dying = make("dying", notes_);
  auto other = make("other", notes_);
  const auto run = value_of(dying.request("", false));
  EXPECT_FALSE(value_of(other.look())) << "it may still live";
  EXPECT_EQ(error_of(other.request("", false)).code, ErrorCode::conflict);
  now_ += 300'001;
  EXPECT_TRUE(value_of(other.look()));
  ASSERT_EQ(diary_.runs.size(), 1U);
  EXPECT_EQ(diary_.runs[0].id, run.id);
  EXPECT_FALSE(value_of(dying.look())) << "if it was only slow, it has nothing to do any more";
  EXPECT_EQ(diary_.runs.size(), 1U);
}

TEST_F(SchedulerTest, a_node_alone_goes_on_with_what_a_crash_left_at_once) {
  auto before = make("before", notes_);
  const auto run = value_of(before.request("", false));
  auto now = make("now", notes_, nullptr, true);
  EXPECT_TRUE(value_of(now.look()));
  EXPECT_EQ(diary_.runs.at(0).id, run.id);
  EXPECT_FALSE(now.state().next);
}

TEST_F(SchedulerTest, a_node_that_starts_again_under_its_name_goes_on_at_once_beside_others) {
  auto before = make("a", notes_);
  const auto left = value_of(before.request("", false));
  auto other = make("b", notes_);
  EXPECT_FALSE(value_of(other.look()));
  auto again = make("a", notes_);
  EXPECT_TRUE(value_of(again.look()));
  EXPECT_EQ(diary_.runs.at(0).id, left.id);

  value_of(again.request("", false));
  auto third = make("a", notes_);
  EXPECT_EQ(error_of(other.request("", false)).code, ErrorCode::conflict);
  const auto asked = value_of(third.request("", false));
  EXPECT_EQ(error_of(third.request("", false)).code, ErrorCode::conflict) << "its own is no crash";
  EXPECT_TRUE(value_of(third.look()));
  EXPECT_EQ(diary_.runs.at(1).id, asked.id);
}

TEST_F(SchedulerTest, a_run_that_makes_way_for_another_is_told_as_failed) {
  auto before = make("before", notes_);
  const auto left = value_of(before.request("", false));
  auto now = make("now", notes_, nullptr, true);
  const auto asked = value_of(now.request("", false));
  value_of(now.look());
  EXPECT_EQ(value_of(notes_.find_run(left.id))->status, model::RunStatus::failed);
  EXPECT_TRUE(value_of(notes_.find_run(left.id))->error.contains(asked.id));
  EXPECT_EQ(value_of(notes_.find_run(asked.id))->status, model::RunStatus::done);
}

TEST_F(SchedulerTest, a_node_that_was_slow_loses_its_run) {
  auto slow = make("slow", notes_);
  auto other = make("other", notes_);
  value_of(slow.request("", false));
  diary_.on_work = [&] {
    diary_.on_work = nullptr;
    now_ += 300'001;
    value_of(other.look());
  };
  EXPECT_TRUE(value_of(slow.look()));
  EXPECT_EQ(diary_.runs.size(), 2U);
  EXPECT_TRUE(bell_.alarms.empty());
  const auto run = value_of(notes_.list_runs(10)).at(0);
  EXPECT_EQ(run.status, model::RunStatus::done);
  EXPECT_EQ(run.attempts, 2) << "the other one's record";
  EXPECT_EQ(row().holder, "");
}

TEST_F(SchedulerTest, a_stop_leaves_the_run_for_the_next_start) {
  auto node = make("a", notes_);
  const auto asked = value_of(node.request("", false));
  diary_.on_work = [&] { node.stop(); };
  value_of(node.look());
  EXPECT_EQ(value_of(notes_.find_run(asked.id))->status, model::RunStatus::running);
  EXPECT_TRUE(bell_.alarms.empty());
  diary_.on_work = nullptr;
  auto next = make("b", notes_);
  EXPECT_TRUE(value_of(next.look()));
  EXPECT_EQ(value_of(notes_.find_run(asked.id))->status, model::RunStatus::done);
}

TEST_F(SchedulerTest, what_it_covered_is_remembered_only_when_nothing_is_left_over) {
  class Covering final : public Job {
   public:
    asio::awaitable<Result<void>> work(model::NightlyRun& run, Keeper&) override {
      run.covers = {{"tower", 5}};
      run.counts.left_over = left_over;
      co_return Result<void>();
    }
    int left_over = 1;
  } job;
  Scheduler node(context_.get_executor(), {.notes = notes_, .job = job}, {.node = "a"});
  value_of(node.request("", false));
  value_of(node.look());
  EXPECT_TRUE(row().covered.empty());
  job.left_over = 0;
  value_of(node.request("", false));
  value_of(node.look());
  EXPECT_EQ(row().covered.at("tower"), 5);
}

TEST(WebhookAlarm, posts_json_and_tries_again) {
  std::vector<std::string> bodies;
  std::mutex mutex;
  net::testing::KeepingServer server([&](const net::testing::SeenRequest& request) {
    const std::lock_guard lock(mutex);
    bodies.push_back(request.body);
    return net::testing::KeepingServer::Answer{bodies.size() == 1 ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
                                                                  : "HTTP/1.1 204 Taken\r\n\r\n"};
  });
  WebhookAlarm alarm("http://127.0.0.1:" + server.port() + "/hook?key=secret", std::chrono::milliseconds(1));
  std::vector<asio::awaitable<void>> operations;
  operations.push_back(
      alarm.failed({.id = "r1", .attempts = 2, .error = "no model can answer", .started = 0, .ended = 1000}, 2000));
  testing::run_all(std::move(operations), 1);
  const std::lock_guard lock(mutex);
  ASSERT_EQ(bodies.size(), 2U);
  const auto body = nlohmann::json::parse(bodies[1]);
  EXPECT_EQ(body.at("event"), "nightly_run_failed");
  EXPECT_EQ(body.at("run_id"), "r1");
  EXPECT_EQ(body.at("attempt"), 2);
  EXPECT_EQ(body.at("error"), "no model can answer");
  EXPECT_EQ(body.at("retry_at"), "1970-01-01T00:00:02.000Z");
  EXPECT_NE(body.at("text").get<std::string>().find("r1 failed: no model can answer"), std::string::npos);
}

}  // namespace
}  // namespace gibsey::jobs
