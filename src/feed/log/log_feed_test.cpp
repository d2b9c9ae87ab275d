#include "feed/log/log_feed.hpp"

#include "feed/position_file.hpp"
#include "feed/testing/await.hpp"
#include "store/testing/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <thread>

namespace gibsey::feed {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using store::testing::TemporaryFolder;
using testing::error_of;
using testing::value_of;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::unique_ptr<LogFeed> open(const fs::path& folder, LogFeedOptions options = {}) {
  auto feed = LogFeed::open(folder, std::move(options));
  if (!feed) throw std::runtime_error(feed.error().message);
  return *std::move(feed);
}

std::vector<Delivered> all_of(LogFeed& feed, const std::string& topic) {
  const auto reader = value_of(feed.reader(topic, std::string(kBeginning)));
  std::vector<Delivered> all;
  for (;;) {
    auto events = value_of(reader->next(1000, Deadline::after(0s)));
    if (events.empty()) return all;
    std::ranges::move(events, std::back_inserter(all));
  }
}

std::vector<fs::path> segments_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".log") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

class Damage : public ::testing::Test {
 protected:
  /// A topic of events "0" to "n-1", each a frame; answers its only file.
  fs::path write(int n) {
    const auto feed = open(folder_.path());
    for (int i = 0; i < n; ++i) value_of(feed->append("t", {{"k", std::to_string(i), {{"h", "v"}}, 1}}));
    feed->close();
    return segments_of(folder_.path() / "t").front();
  }
  TemporaryFolder folder_;
};

TEST_F(Damage, a_tail_cut_at_any_byte_is_recovered) {
  const auto path = write(5);
  const auto whole = bytes_of(path);
  const auto frame = (whole.size() - 32) / 5;
  for (std::size_t size = whole.size() - frame; size < whole.size(); ++size) {
    write_bytes(path, whole.substr(0, size));
    const auto feed = open(folder_.path());
    ASSERT_EQ(all_of(*feed, "t").size(), 4U) << size;
    value_of(feed->append("t", {{"k", "again", {}, 0}}));
    const auto events = all_of(*feed, "t");
    ASSERT_EQ(events.size(), 5U);
    EXPECT_EQ(events.back().event.value, "again");
    EXPECT_EQ(events.back().offset, 4);
    feed->close();
    // The damaged bytes are gone for good.
    const auto reopened = open(folder_.path());
    ASSERT_EQ(all_of(*reopened, "t").size(), 5U) << size;
    reopened->close();
  }
}

TEST_F(Damage, a_changed_byte_of_the_last_event_is_a_torn_tail_and_before_it_an_error) {
  const auto path = write(5);
  const auto whole = bytes_of(path);
  const auto frame = (whole.size() - 32) / 5;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    write_bytes(path, bytes);
    auto feed = LogFeed::open(folder_.path());
    if (at >= whole.size() - frame) {
      ASSERT_TRUE(feed.has_value()) << at;
      EXPECT_EQ(all_of(**feed, "t").size(), 4U) << at;
      (*feed)->close();
    } else {
      ASSERT_FALSE(feed.has_value()) << at;
      EXPECT_EQ(feed.error().code, ErrorCode::corrupt);
      EXPECT_NE(feed.error().message.find("Move the folder"), std::string::npos) << feed.error().message;
      EXPECT_NE(feed.error().message.find(path.string()), std::string::npos) << feed.error().message;
    }
  }
}

TEST_F(Damage, a_file_that_was_only_just_made_is_made_again) {
  const auto path = write(3);
  for (const std::size_t size : {0UL, 7UL, 31UL}) {
    write_bytes(folder_.path() / "t" / fmt::format("{:020}.log", 3),
                std::string("GIBFEED1abcdefghijklmnopqrstuvwx").substr(0, size));
    const auto feed = open(folder_.path());
    EXPECT_EQ(all_of(*feed, "t").size(), 3U);
    feed->close();
  }
}

TEST_F(Damage, a_position_survives_a_torn_write) {
  const auto path = folder_.path() / "group.position";
  {
    auto position = PositionFile::open(path);
    ASSERT_TRUE(position.has_value());
    EXPECT_EQ(position->value(), 0);
    for (const std::int64_t value : {7, 8, 9}) ASSERT_TRUE(position->set(value).has_value());
  }
  const auto whole = bytes_of(path);
  ASSERT_EQ(whole.size(), 48U);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    write_bytes(path, bytes);
    const auto position = PositionFile::open(path);
    ASSERT_TRUE(position.has_value());
    EXPECT_EQ(position->value(), at < 24 ? 9 : 8) << at;
  }
}

LogFeedOptions compacting() {
  return {.segment_bytes = 4096,
          .retention = {{"pages", {.by_key = true, .superseded = 0s}}, {"turns", {.bytes = 20'000}}, {"aged", {.age = 1h}}}};
}

TEST(LogFeedRetention, the_newest_event_of_each_key_stays) {
  const TemporaryFolder folder;
  auto feed = open(folder.path(), compacting());
  for (int i = 0; i < 1000; ++i)
    value_of(feed->append("pages", {{fmt::format("page {}", i % 20), fmt::format("{} {}", i, std::string(40, 'x')), {}, 1}}));
  auto reader = value_of(feed->reader("pages", std::string(kBeginning)));
  // Old events are given up beside it, so that a file may hold fewer than it wants.
  std::int64_t read_until = value_of(reader->next(5, Deadline::after(1s))).back().offset;
  value_of(feed->retain("pages"));
  const auto files = segments_of(folder.path() / "pages").size();
  const auto check = [&](LogFeed& kept_by) {
    const auto events = all_of(kept_by, "pages");
    EXPECT_LT(events.size(), 150U);
    std::map<std::string, std::int64_t> newest;
    std::int64_t last = -1;
    for (const auto& event : events) {
      EXPECT_GT(event.offset, last) << "places do not change";
      last = newest[event.event.key] = event.offset;
    }
    EXPECT_EQ(newest.size(), 20U);
    for (int i = 980; i < 1000; ++i) EXPECT_EQ(newest.at(fmt::format("page {}", i % 20)), i);
  };
  check(*feed);
  EXPECT_LT(files, 5U);
  while (read_until < 999) {
    const auto events = value_of(reader->next(1000, Deadline::after(1s)));
    ASSERT_FALSE(events.empty()) << "who was reading goes on";
    EXPECT_GT(events.front().offset, read_until);
    read_until = events.back().offset;
  }
  value_of(feed->append("pages", {{"page 3", "the next", {}, 0}}));
  EXPECT_EQ(all_of(*feed, "pages").back().offset, 1000);
  reader.reset();
  feed->close();
  feed = open(folder.path(), compacting());
  EXPECT_EQ(all_of(*feed, "pages").back().offset, 1000);
}

TEST(LogFeedRetention, a_compaction_that_was_cut_short_loses_nothing) {
  const TemporaryFolder folder;
  auto feed = open(folder.path(), {.segment_bytes = 4096});
  for (int i = 0; i < 400; ++i) value_of(feed->append("pages", {{fmt::format("page {}", i % 10), std::string(60, 'x'), {}, 1}}));
  feed->close();
  const auto old = segments_of(folder.path() / "pages");
  std::map<fs::path, std::string> kept;
  for (const auto& path : old) kept[path] = bytes_of(path);
  feed = open(folder.path(), compacting());
  EXPECT_GT(value_of(feed->retain("pages")), 200U);
  const auto after = all_of(*feed, "pages");
  feed->close();
  // As if it had been killed before it removed the files whose place the new one has taken, and in the middle of another.
  for (const auto& path : old) {
    if (!fs::exists(path)) write_bytes(path, kept[path]);
  }
  write_bytes(folder.path() / "pages" / "00000000000000000007.new", "half");
  feed = open(folder.path(), compacting());
  const auto again = all_of(*feed, "pages");
  ASSERT_EQ(again.size(), after.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(again[i].offset, after[i].offset);
  EXPECT_FALSE(fs::exists(folder.path() / "pages" / "00000000000000000007.new"));
}

TEST(LogFeedRetention, the_oldest_go_by_bytes_and_by_age) {
  const TemporaryFolder folder;
  const auto feed = open(folder.path(), compacting());
  for (int i = 0; i < 600; ++i) {
    value_of(feed->append("turns", {{"k", fmt::format("{} {}", i, std::string(80, 'x')), {}, 0}}));
    value_of(feed->append("aged", {{"k", fmt::format("{} {}", i, std::string(80, 'x')), {}, i < 300 ? 1 : 0}}));
  }
  const auto first = all_of(*feed, "turns");
  value_of(feed->retain("turns"));
  value_of(feed->retain("aged"));
  const auto turns = all_of(*feed, "turns");
  EXPECT_LT(turns.size(), 250U);
  EXPECT_GT(turns.size(), 50U);
  EXPECT_EQ(turns.back().offset, 599);
  const auto aged = all_of(*feed, "aged");
  EXPECT_GT(aged.front().offset, 200);
  EXPECT_LE(aged.front().offset, 300);
  const auto late = value_of(feed->reader("turns", "3"));
  EXPECT_EQ(value_of(late->next(1, Deadline::after(1s))).front().offset, turns.front().offset);
}

/// Appends, and commits every third event, until it is killed; what was acknowledged goes to `report`.
[[noreturn]] void write_until_killed(const fs::path& folder, int report) {
  const auto feed = open(folder, {.segment_bytes = 4096});
  const auto consumer = value_of(feed->consumer("t", "workers"));
  for (std::int64_t i = 0;; ++i) {
    value_of(feed->append("t", {{"k", std::to_string(i), {}, 0}}));
    const auto events = value_of(consumer->next(1, Deadline::after(5s)));
    std::int64_t line[2] = {i, -1};
    if (i % 3 == 0) {
      value_of(consumer->commit(events));
      line[1] = events.at(0).offset;
    }
    if (::write(report, line, sizeof line) != sizeof line) ::_exit(1);
  }
}

TEST(LogFeedKill, what_was_acknowledged_survives_and_so_does_the_position) {
  for (int round = 0; round < 5; ++round) {
    const TemporaryFolder folder;
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const auto child = ::fork();
    if (child == 0) write_until_killed(folder.path(), pipe[1]);
    ::close(pipe[1]);
    std::int64_t acknowledged = -1;
    std::int64_t committed = -1;
    const auto until = std::chrono::steady_clock::now() + 300ms + round * 37ms;
    std::int64_t line[2];
    bool killed = false;
    while (::read(pipe[0], line, sizeof line) == sizeof line) {
      acknowledged = line[0];
      if (line[1] >= 0) committed = line[1];
      if (!killed && std::chrono::steady_clock::now() > until) {
        ::kill(child, SIGKILL);
        killed = true;
      }
    }
    ::close(pipe[0]);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ASSERT_GT(committed, 0) << "it had no time to begin";
    const auto feed = open(folder.path(), {.segment_bytes = 4096});
    const auto events = all_of(*feed, "t");
    ASSERT_GT(static_cast<std::int64_t>(events.size()), acknowledged);
    for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].event.value, std::to_string(i));
    const auto consumer = value_of(feed->consumer("t", "workers"));
    const auto next = value_of(consumer->next(1, Deadline::after(0s)));
    // The event after the commit that was reported, or after one more that there was no time to report.
    const auto place = next.empty() ? static_cast<std::int64_t>(events.size()) : next[0].offset;
    EXPECT_TRUE(place == committed + 1 || place == committed + 4) << place << " after " << committed;
  }
}

TEST(LogFeedConsumer, a_group_has_one_here) {
  const TemporaryFolder folder;
  const auto feed = open(folder.path());
  auto first = value_of(feed->consumer("t", "workers"));
  EXPECT_EQ(error_of(feed->consumer("t", "workers")).code, ErrorCode::conflict);
  first.reset();
  (void)value_of(feed->consumer("t", "workers"));
}

TEST(LogFeedConsumer, a_position_behind_a_log_that_was_begun_anew_is_taken_back) {
  const TemporaryFolder folder;
  auto feed = open(folder.path());
  for (int i = 0; i < 5; ++i) value_of(feed->append("t", {{"k", "v", {}, 0}}));
  {
    const auto consumer = value_of(feed->consumer("t", "workers"));
    value_of(consumer->commit(value_of(consumer->next(10, Deadline::after(1s)))));
  }
  feed->close();
  for (const auto& path : segments_of(folder.path() / "t")) fs::remove(path);
  feed = open(folder.path());
  const auto consumer = value_of(feed->consumer("t", "workers"));
  value_of(feed->append("t", {{"k", "anew", {}, 0}}));
  const auto events = value_of(consumer->next(10, Deadline::after(1s)));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event.value, "anew");
}

TEST(LogFeedClose, ends_who_waits) {
  const TemporaryFolder folder;
  const auto feed = open(folder.path(), {.sync = log::Sync::interval});
  value_of(feed->append("t", {{"k", "v", {}, 0}}));
  const auto reader = value_of(feed->reader("t", std::string(kEnd)));
  std::jthread closer([&feed] {
    std::this_thread::sleep_for(100ms);
    feed->close();
  });
  EXPECT_EQ(error_of(reader->next(1, Deadline::after(30s))).code, ErrorCode::unavailable);
  closer.join();
  EXPECT_EQ(error_of(feed->append("t", {{"k", "v", {}, 0}})).code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace gibsey::feed
