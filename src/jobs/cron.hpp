#pragma once
#include "base/result.hpp"

#include <bitset>
#include <optional>
#include <string>

namespace gibsey::jobs {

/// When something is due, in the words of crontab(5): minute, hour, day of the month, month, day of the week; each `*`, a number,
/// a range `2-5`, either with a step `*/15`, `2-9/3`, or a list of those; months and days of the week by their first three
/// letters too; 7 is Sunday as 0 is. Where both days are restricted either is enough. @hourly, @daily, @midnight, @weekly,
/// @monthly,
/// @yearly, @annually. A plain value.
class CronSchedule {
 public:
  /// Error: invalid_argument, naming the field and what may stand there.
  [[nodiscard]] static Result<CronSchedule> parse(const std::string& text);

  [[nodiscard]] bool has_minute(int minute) const { return minutes_.test(static_cast<std::size_t>(minute)); }
  [[nodiscard]] bool has_hour(int hour) const { return hours_.test(static_cast<std::size_t>(hour)); }
  /// `month` 1 to 12, `day` 1 to 31, `weekday` 0 (Sunday) to 6.
  [[nodiscard]] bool has_day(int month, int day, int weekday) const;

 private:
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = false;  ///< the field begins with *, and so does not restrict
  bool any_weekday_ = false;
};

}  // namespace gibsey::jobs
