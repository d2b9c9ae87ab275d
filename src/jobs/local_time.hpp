#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "jobs/cron.hpp"

#include <optional>
#include <string>

namespace date {
class time_zone;
}

namespace gibsey::jobs {

/// A time zone by the system's own tables (/usr/share/zoneinfo). Lives as long as the program; cheap to copy.
class TimeZone {
 public:
  /// By its IANA name ("Europe/Berlin"); "" is this machine's. Errors: not_found (no such zone), unavailable (the machine has no
  /// tables, or does not say where it is).
  [[nodiscard]] static Result<TimeZone> find(const std::string& name);
  [[nodiscard]] std::string name() const;

  /// The first time after `now` at which `schedule` is due here. A local time that a change of the clocks leaves out is due when
  /// the clocks have changed; one that comes twice is due the first time. nullopt: never ("0 0 30 2 *").
  [[nodiscard]] std::optional<UnixMillis> next(const CronSchedule& schedule, UnixMillis now) const;

 private:
  explicit TimeZone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;
};

}  // namespace gibsey::jobs
