#include "jobs/local_time.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <exception>

namespace gibsey::jobs {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using LocalSeconds = date::local_time<seconds>;

/// From one 29 February to the next there are eight years where a century is no leap year.
constexpr date::days kFarEnough{9 * 366};

/// A local time that comes twice is meant the first time, one that never comes when the clocks have gone on.
date::sys_seconds instant_of(const date::time_zone& zone, LocalSeconds local) {
  const auto found = zone.get_info(local);
  if (found.result == date::local_info::nonexistent) return found.first.end;
  return date::sys_seconds(local.time_since_epoch() - found.first.offset);
}

std::optional<date::sys_seconds> next_on(const date::time_zone& zone, const CronSchedule& schedule, date::local_days day,
                                         date::sys_seconds now) {
  for (int hour = 0; hour < 24; ++hour) {
    if (!schedule.has_hour(hour)) continue;
    for (int minute = 0; minute < 60; ++minute) {
      if (!schedule.has_minute(minute)) continue;
      const auto instant = instant_of(zone, day + hours(hour) + minutes(minute));
      if (instant > now) return instant;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<TimeZone> TimeZone::find(const std::string& name) {
  try {
    return TimeZone(name.empty() ? date::current_zone() : date::locate_zone(name));
  } catch (const std::exception& problem) {
    if (name.empty()) {
      return fail(ErrorCode::unavailable,
                  fmt::format("the time zone of this machine is not known ({}); name one, as Europe/Berlin", problem.what()));
    }
    return fail(ErrorCode::not_found, fmt::format("there is no time zone '{}'; give a name as Europe/Berlin or UTC", name));
  }
}

std::string TimeZone::name() const {
  return zone_->name();
}

std::optional<UnixMillis> TimeZone::next(const CronSchedule& schedule, UnixMillis now) const {
  const date::sys_seconds from = date::floor<seconds>(date::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(now)));
  // Instants follow the order of the local times that they are made of, so the first one after `now` is the next.
  const auto today = date::floor<date::days>(zone_->to_local(from));
  for (auto day = today; day < today + kFarEnough; day += date::days(1)) {
    const date::year_month_day date(day);
    const auto weekday = date::weekday(day).c_encoding();
    if (!schedule.has_day(static_cast<int>(static_cast<unsigned>(date.month())),
                          static_cast<int>(static_cast<unsigned>(date.day())), static_cast<int>(weekday)))
      continue;
    if (const auto found = next_on(*zone_, schedule, day, from))
      return std::chrono::duration_cast<std::chrono::milliseconds>(found->time_since_epoch()).count();
  }
  return std::nullopt;
}

}  // namespace gibsey::jobs
