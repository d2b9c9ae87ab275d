#include "jobs/cron.hpp"
#include "jobs/local_time.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace gibsey::jobs {
namespace {

/// "2026-03-29T01:00" in UTC.
UnixMillis utc(const std::string& text) {
  std::tm parts{};
  EXPECT_EQ(
      std::sscanf(text.c_str(), "%d-%d-%dT%d:%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min),
      5);
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return UnixMillis{timegm(&parts)} * 1000;
}

std::string shown(std::optional<UnixMillis> time) {
  return time ? iso8601(*time).substr(0, 16) : "never";
}

struct Due {
  const char* schedule;
  const char* zone;
  const char* after;
  const char* next;
};

TEST(Cron, knows_when_something_is_due_next) {
  // The days of the week are those of the calendar: 2026-11-22 is a Sunday.
  const std::vector<Due> table = {
      {"0 3 * * *", "UTC", "2026-11-22T02:59", "2026-11-22T03:00"},
      {"0 3 * * *", "UTC", "2026-11-22T03:00", "2026-11-23T03:00"},
      {"*/15 * * * *", "UTC", "2026-11-22T10:01", "2026-11-22T10:15"},
      {"5-10/5,58 22-23 * * *", "UTC", "2026-11-22T22:10", "2026-11-22T22:58"},
      {"5-10/5,58 22-23 * * *", "UTC", "2026-11-22T22:58", "2026-11-22T23:05"},
      {"0 12 * * mon-fri", "UTC", "2026-11-20T12:00", "2026-11-23T12:00"},
      {"0 12 * * 7", "UTC", "2026-11-21T00:00", "2026-11-22T12:00"},
      {"0 12 * * 0", "UTC", "2026-11-21T00:00", "2026-11-22T12:00"},
      {"0 12 * * SUN", "UTC", "2026-11-21T00:00", "2026-11-22T12:00"},
      {"0 0 1 jan,JUL *", "UTC", "2026-01-01T00:00", "2026-07-01T00:00"},
      {"0 0 31 * *", "UTC", "2026-04-01T00:00", "2026-05-31T00:00"},
      {"0 0 29 2 *", "UTC", "2026-03-01T00:00", "2028-02-29T00:00"},
      {"0 0 29 2 *", "UTC", "2096-03-01T00:00", "2104-02-29T00:00"},
      {"0 0 30 2 *", "UTC", "2026-01-01T00:00", "never"},
      // Either day is enough where both are restricted; a field that begins with * restricts nothing.
      {"0 0 13 * fri", "UTC", "2026-11-20T00:00", "2026-11-27T00:00"},
      {"0 0 13 * fri", "UTC", "2026-12-11T00:00", "2026-12-13T00:00"},
      {"0 0 */2 * mon", "UTC", "2026-11-22T00:00", "2026-11-23T00:00"},
      {"@daily", "UTC", "2026-11-22T10:00", "2026-11-23T00:00"},
      {"@yearly", "UTC", "2026-11-22T10:00", "2027-01-01T00:00"},
      {"59 23 31 12 *", "UTC", "2026-12-31T23:59", "2027-12-31T23:59"},
      // Local times.
      {"0 3 * * *", "Europe/Berlin", "2026-07-01T00:00", "2026-07-01T01:00"},
      {"0 3 * * *", "Asia/Kolkata", "2026-07-01T00:00", "2026-07-01T21:30"},
      {"0 3 * * *", "America/New_York", "2026-01-15T07:00", "2026-01-15T08:00"},
      // Berlin, 2026-03-29: from 02:00 the clocks go to 03:00, at 01:00 UTC. 02:30 is not on them; it is due at 03:00.
      {"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00"},
      {"30 2 * * *", "Europe/Berlin", "2026-03-29T01:00", "2026-03-30T00:30"},
      {"0 3 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00"},
      {"*/20 2 * * *", "Europe/Berlin", "2026-03-29T00:59", "2026-03-29T01:00"},
      {"*/20 2 * * *", "Europe/Berlin", "2026-03-29T01:00", "2026-03-30T00:00"},
      // Berlin, 2026-10-25: from 03:00 the clocks go back to 02:00, at 01:00 UTC. 02:30 comes twice; it is due the first time.
      {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:30"},
      {"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30"},
      {"30 2 * * *", "Europe/Berlin", "2026-10-25T01:10", "2026-10-26T01:30"},
      {"0 3 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T02:00"},
      {"*/30 * * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T02:00"},
      // New York, 2026-03-08 and 2026-11-01; Lord Howe moves by half an hour; Havana at midnight; Samoa left out a whole day.
      {"30 2 * * *", "America/New_York", "2026-03-08T00:00", "2026-03-08T07:00"},
      {"30 1 * * *", "America/New_York", "2026-11-01T00:00", "2026-11-01T05:30"},
      {"30 1 * * *", "America/New_York", "2026-11-01T05:30", "2026-11-02T06:30"},
      {"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-03T15:30"},
      {"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-04T14:45"},
      {"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:45", "2026-04-05T15:15"},
      {"30 0 * * *", "America/Havana", "2026-03-08T00:00", "2026-03-08T05:00"},
      {"30 0 * * *", "America/Havana", "2026-11-01T04:00", "2026-11-01T04:30"},
      {"30 0 * * *", "America/Havana", "2026-11-01T04:30", "2026-11-02T05:30"},
      {"0 3 * * *", "Pacific/Apia", "2011-12-29T14:00", "2011-12-30T10:00"},
      {"0 3 * * *", "Pacific/Apia", "2011-12-30T10:00", "2011-12-30T13:00"},
  };
  for (const auto& [text, zone_name, after, next] : table) {
    const auto schedule = CronSchedule::parse(text);
    ASSERT_TRUE(schedule) << text << ": " << schedule.error().message;
    const auto zone = TimeZone::find(zone_name);
    ASSERT_TRUE(zone) << zone_name;
    EXPECT_EQ(shown(zone->next(*schedule, utc(after))), next) << text << " in " << zone_name << " after " << after;
  }
}

TEST(Cron, says_what_is_wrong_with_a_schedule) {
  for (const auto* text :
       {"",          "0 3 * *",    "0 3 * * * *",    "60 3 * * *", "0 24 * * *",  "0 3 0 * *",   "0 3 32 * *",    "0 3 * 13 *",
        "0 3 * 0 *", "0 3 * * 8",  "0 3 * * monday", "a * * * *",  "5-2 * * * *", "*/0 * * * *", "*/-1 * * * *",  "5/2 * * * *",
        ", * * * *", "1, * * * *", "1,,2 * * * *",   "- * * * *",  "1- * * * *",  "-1 * * * *",  "1-2-3 * * * *", "* * jan * *",
        "@often"}) {
    const auto schedule = CronSchedule::parse(text);
    ASSERT_FALSE(schedule) << text;
    EXPECT_EQ(schedule.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_NE(CronSchedule::parse("0 25 * * *").error().message.find("'25' is no hour"), std::string::npos);
  EXPECT_NE(CronSchedule::parse("tomorrow").error().message.find("five fields"), std::string::npos);
}

TEST(Cron, every_instant_of_a_year_follows_the_one_before) {
  const auto zone = TimeZone::find("Europe/Berlin").value();
  const auto schedule = CronSchedule::parse("0,30 0-5 * * *").value();
  auto now = utc("2026-01-01T00:00");
  int count = 0;
  for (const auto end = utc("2027-01-01T00:00"); now < end; ++count) {
    const auto next = zone.next(schedule, now).value();
    ASSERT_GT(next, now);
    ASSERT_LE(next - now, 19 * 3'600'000 + 3'600'000);
    now = next;
  }
  // Twelve a night; in the night of the gap 02:00, 02:30 and 03:00 are one instant.
  EXPECT_EQ(count, 365 * 12 - 2);
}

TEST(TimeZone, is_found_by_name_and_by_machine) {
  EXPECT_EQ(TimeZone::find("Europe/Atlantis").error().code, ErrorCode::not_found);
  EXPECT_EQ(TimeZone::find("America/Havana")->name(), "America/Havana");
  EXPECT_TRUE(TimeZone::find(""));
}

}  // namespace
}  // namespace gibsey::jobs
