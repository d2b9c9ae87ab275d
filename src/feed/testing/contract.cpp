#include "feed/testing/await.hpp"
#include "feed/testing/backends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

namespace gibsey::feed::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Time for a group to find its members.
constexpr auto kSoon = 20s;

std::vector<Event> numbered(const std::string& key, int first, int count) {
  std::vector<Event> events;
  for (int i = first; i < first + count; ++i) events.push_back({key, std::to_string(i), {}, 0});
  return events;
}

/// The next `count` events, or fewer when they do not come in time.
std::vector<Delivered> take(Reader& reader, std::size_t count, std::chrono::milliseconds time = kSoon) {
  std::vector<Delivered> all;
  const auto deadline = Deadline::after(time);
  while (all.size() < count && !deadline.passed()) {
    for (auto& event : value_of(reader.next(count - all.size(), deadline))) all.push_back(std::move(event));
  }
  return all;
}

std::vector<std::string> values(const std::vector<Delivered>& events) {
  std::vector<std::string> values;
  for (const auto& delivered : events) values.push_back(delivered.event.value);
  return values;
}

std::vector<std::string> numbers(int first, int count) {
  std::vector<std::string> texts;
  for (int i = first; i < first + count; ++i) texts.push_back(std::to_string(i));
  return texts;
}

class ReaderContract : public FeedContract {};
class ConsumerContract : public FeedContract {
 protected:
  std::unique_ptr<Consumer> consumer(const std::string& group = "workers") { return value_of(feed_->consumer(topic_, group)); }
};

TEST_P(ReaderContract, events_come_as_they_were_appended) {
  const std::string bytes("\0\xff\n\"k", 5);
  const auto before = unix_millis_now();
  value_of(feed_->append(topic_, {{bytes, "first", {{"why", "because"}, {"", bytes}}, 0}}));
  value_of(feed_->append(topic_, {{bytes, "", {}, 1'700'000'000'123}, {bytes, std::string(700'000, 'x'), {}, 0}}));
  const auto reader = value_of(feed_->reader(topic_, std::string(kBeginning)));
  const auto events = take(*reader, 3);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].event.key, bytes);
  EXPECT_EQ(events[0].event.value, "first");
  EXPECT_GE(events[0].event.time, before);
  EXPECT_LE(events[0].event.time, unix_millis_now());
  EXPECT_EQ(events[1].event.value, "");
  EXPECT_EQ(events[1].event.time, 1'700'000'000'123);
  EXPECT_EQ(events[2].event.value, std::string(700'000, 'x'));
  ASSERT_EQ(events[0].event.headers.size(), 2U);
  EXPECT_EQ(events[0].event.headers[0], (Header{"why", "because"}));
  EXPECT_EQ(events[0].event.headers[1].value, bytes);
}

TEST_P(ReaderContract, a_position_leads_behind_its_event) {
  value_of(feed_->append(topic_, numbered("page", 0, 10)));
  const auto reader = value_of(feed_->reader(topic_, std::string(kBeginning)));
  const auto events = take(*reader, 10);
  ASSERT_EQ(values(events), numbers(0, 10));
  for (const std::size_t i : {0UL, 4UL, 8UL}) {
    const auto again = value_of(feed_->reader(topic_, events[i].position));
    EXPECT_EQ(values(take(*again, 9 - i)), numbers(static_cast<int>(i) + 1, 9 - static_cast<int>(i)));
  }
  value_of(feed_->append(topic_, {}));
  const auto late = value_of(feed_->reader(topic_, events[9].position));
  EXPECT_TRUE(value_of(late->next(1, Deadline::after(50ms))).empty());
}

TEST_P(ReaderContract, a_reader_at_the_end_hears_what_is_new) {
  value_of(feed_->append(topic_, numbered("page", 0, 5)));
  const auto reader = value_of(feed_->reader(topic_, std::string(kEnd)));
  EXPECT_TRUE(value_of(reader->next(10, Deadline::after(200ms))).empty());
  value_of(feed_->append(topic_, numbered("page", 5, 2)));
  EXPECT_EQ(values(take(*reader, 2)), numbers(5, 2));
}

TEST_P(ReaderContract, a_reader_waits_for_the_next_event) {
  value_of(feed_->append(topic_, numbered("page", 0, 1)));
  const auto reader = value_of(feed_->reader(topic_, std::string(kBeginning)));
  ASSERT_EQ(take(*reader, 1).size(), 1U);
  std::jthread writer([this] {
    std::this_thread::sleep_for(300ms);
    value_of(feed_->append(topic_, numbered("page", 1, 1)));
  });
  const auto started = Clock::now();
  const auto events = value_of(reader->next(10, Deadline::after(kSoon)));
  EXPECT_GE(Clock::now() - started, 250ms);
  EXPECT_EQ(values(events), numbers(1, 1));
}

TEST_P(ReaderContract, stop_ends_the_wait) {
  value_of(feed_->append(topic_, numbered("page", 0, 1)));
  const auto reader = value_of(feed_->reader(topic_, std::string(kEnd)));
  std::jthread stopper([&reader] {
    std::this_thread::sleep_for(200ms);
    reader->stop();
  });
  const auto started = Clock::now();
  EXPECT_EQ(error_of(reader->next(10, Deadline::after(30s))).code, ErrorCode::cancelled);
  EXPECT_LT(Clock::now() - started, 10s);
  EXPECT_EQ(error_of(reader->next(10, Deadline::after(30s))).code, ErrorCode::cancelled);
}

TEST_P(ReaderContract, events_outlive_the_feed) {
  value_of(feed_->append(topic_, numbered("page", 0, 3)));
  feed_->close();
  feed_ = place_->open();
  value_of(feed_->append(topic_, numbered("page", 3, 3)));
  const auto reader = value_of(feed_->reader(topic_, std::string(kBeginning)));
  EXPECT_EQ(values(take(*reader, 6)), numbers(0, 6));
}

TEST_P(ReaderContract, appends_at_once_keep_the_order_of_each_key) {
  constexpr int kWriters = 4;
  constexpr int kEach = 50;
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([this, writer] {
        for (int i = 0; i < kEach; i += 5) value_of(feed_->append(topic_, numbered(fmt::format("page {}", writer), i, 5)));
      });
    }
  }
  const auto reader = value_of(feed_->reader(topic_, std::string(kBeginning)));
  std::map<std::string, std::vector<std::string>> by_key;
  for (const auto& [event, partition, offset, position] : take(*reader, kWriters * kEach))
    by_key[event.key].push_back(event.value);
  ASSERT_EQ(by_key.size(), std::size_t{kWriters});
  for (const auto& [key, found] : by_key) EXPECT_EQ(found, numbers(0, kEach)) << key;
}

TEST_P(ReaderContract, what_makes_no_sense_is_refused) {
  EXPECT_EQ(error_of(feed_->append("no/topic", numbered("k", 0, 1))).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(feed_->append("", numbered("k", 0, 1))).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(feed_->append(topic_, {{"k", std::string(kLargestEvent, 'x'), {}, 0}})).code, ErrorCode::too_large);
  value_of(feed_->append(topic_, numbered("k", 0, 1)));
  for (const char* position : {"soon", "-1", "1x", "99999999999999999999999"})
    EXPECT_EQ(error_of(feed_->reader(topic_, position)).code, ErrorCode::invalid_argument) << position;
}

TEST_P(ConsumerContract, what_was_not_committed_is_given_again) {
  value_of(feed_->append(topic_, numbered("page", 0, 6)));
  {
    const auto first = consumer();
    const auto events = take(*first, 4);
    ASSERT_EQ(values(events), numbers(0, 4));
    value_of(first->commit({events[0], events[1]}));
  }
  {
    const auto second = consumer();
    const auto events = take(*second, 4);
    ASSERT_EQ(values(events), numbers(2, 4));
    value_of(second->commit(events));
  }
  feed_->close();
  feed_ = place_->open();
  value_of(feed_->append(topic_, numbered("page", 6, 1)));
  const auto third = consumer();
  EXPECT_EQ(values(take(*third, 1)), numbers(6, 1));
}

TEST_P(ConsumerContract, groups_know_nothing_of_each_other) {
  value_of(feed_->append(topic_, numbered("page", 0, 3)));
  const auto workers = consumer();
  const auto events = take(*workers, 3);
  ASSERT_EQ(values(events), numbers(0, 3));
  value_of(workers->commit(events));
  const auto others = consumer("others");
  EXPECT_EQ(values(take(*others, 3)), numbers(0, 3));
}

TEST_P(ConsumerContract, its_lag_is_what_it_has_not_committed) {
  value_of(feed_->append(topic_, numbered("page", 0, 5)));
  const auto workers = consumer();
  const auto events = take(*workers, 5);
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(workers->lag().events, 5);
  value_of(workers->commit({events.begin(), events.begin() + 2}));
  EXPECT_EQ(workers->lag().events, 3);
  EXPECT_GE(workers->lag().seconds, 0);
  value_of(workers->commit(events));
  EXPECT_EQ(workers->lag().events, 0);
  EXPECT_EQ(workers->lag().seconds, 0);
}

TEST_P(ConsumerContract, a_reader_with_a_full_queue_whose_group_changes_goes_on) {
  // More than a reader takes in before it is asked, so that it has stopped reading when the group shares out anew.
  constexpr int kEvents = 2'500;
  for (int i = 0; i < kEvents; i += 500) value_of(feed_->append(topic_, numbered("page", i, 500)));
  const auto stays = consumer();
  std::set<std::string> seen;
  for (const auto& delivered : take(*stays, 1)) seen.insert(delivered.event.value);
  std::this_thread::sleep_for(2s);
  {
    // A feed without a broker has one member a group, and refuses it.
    const auto passes = answer_of(feed_->consumer(topic_, "workers"));
    if (passes) take(**passes, 1, 5s);
  }
  const auto deadline = Clock::now() + 2 * kSoon;
  while (seen.size() < kEvents && Clock::now() < deadline) {
    for (const auto& delivered : take(*stays, 64, 1s)) seen.insert(delivered.event.value);
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kEvents));
}

TEST_P(ConsumerContract, an_older_commit_takes_nothing_back) {
  value_of(feed_->append(topic_, numbered("page", 0, 4)));
  {
    const auto workers = consumer();
    const auto events = take(*workers, 4);
    ASSERT_EQ(events.size(), 4U);
    value_of(workers->commit(events));
    value_of(workers->commit({events[0]}));
  }
  value_of(feed_->append(topic_, numbered("page", 4, 1)));
  const auto workers = consumer();
  EXPECT_EQ(values(take(*workers, 1)), numbers(4, 1));
}

std::string name_of(const ::testing::TestParamInfo<Backend>& backend) {
  return backend.param.name;
}

INSTANTIATE_TEST_SUITE_P(Feed, ReaderContract, ::testing::ValuesIn(backends()), name_of);
INSTANTIATE_TEST_SUITE_P(Feed, ConsumerContract, ::testing::ValuesIn(backends()), name_of);

}  // namespace
}  // namespace gibsey::feed::testing
