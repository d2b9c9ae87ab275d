#include "jobs/cron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <sstream>
#include <string_view>
#include <vector>

namespace gibsey::jobs {
namespace {

struct FieldRule {
  const char* name;
  int least;
  int most;
  const std::vector<std::string_view>* names = nullptr;  ///< the first stands for `least`
};

const std::vector<std::string_view> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                               "jul", "aug", "sep", "oct", "nov", "dec"};
const std::vector<std::string_view> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
const std::array<FieldRule, 5> kRules = {{{"minute", 0, 59},
                                          {"hour", 0, 23},
                                          {"day of the month", 1, 31},
                                          {"month", 1, 12, &kMonths},
                                          {"day of the week", 0, 7, &kWeekdays}}};
const std::map<std::string, std::string> kNicknames = {
    {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}};

std::unexpected<Error> wrong(const FieldRule& rule, std::string_view text) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is no {}: give *, or numbers from {} to {}, as 5, 2-9, */15 or 1,3{}", text, rule.name,
                          rule.least, rule.most, rule.names == nullptr ? "" : ", or names of three letters"));
}

std::optional<int> number_of(const FieldRule& rule, std::string_view text) {
  if (rule.names != nullptr) {
    std::string small(text);
    std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto found = std::ranges::find(*rule.names, small);
    if (found != rule.names->end()) return rule.least + static_cast<int>(found - rule.names->begin());
  }
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < rule.least || number > rule.most) return std::nullopt;
  return number;
}

struct Range {
  int first = 0;
  int last = 0;
  int step = 1;
};

Result<Range> read_range(const FieldRule& rule, std::string_view text) {
  Range range{rule.least, rule.most};
  auto body = text;
  if (const auto slash = text.find('/'); slash != text.npos) {
    const FieldRule steps{"step", 1, rule.most};
    const auto step = number_of(steps, text.substr(slash + 1));
    if (!step) return wrong(rule, text);
    range.step = *step;
    body = text.substr(0, slash);
    // A step needs something to step through.
    if (body != "*" && !body.contains('-')) return wrong(rule, text);
  }
  if (body == "*") return range;
  const auto dash = body.find('-');
  const auto first = number_of(rule, body.substr(0, dash));
  const auto last = dash == body.npos ? first : number_of(rule, body.substr(dash + 1));
  if (!first || !last || *last < *first) return wrong(rule, text);
  range.first = *first;
  range.last = *last;
  return range;
}

Result<std::vector<int>> read_field(const FieldRule& rule, const std::string& text) {
  std::vector<int> numbers;
  std::string_view rest = text;
  while (true) {
    const auto comma = rest.find(',');
    GIBSEY_TRY(const auto range, read_range(rule, rest.substr(0, comma)));
    for (int number = range.first; number <= range.last; number += range.step) numbers.push_back(number);
    if (comma == rest.npos) return numbers;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<CronSchedule> CronSchedule::parse(const std::string& text) {
  const auto nickname = kNicknames.find(text);
  std::istringstream stream(nickname == kNicknames.end() ? text : nickname->second);
  std::vector<std::string> fields;
  for (std::string field; stream >> field;) fields.push_back(field);
  if (fields.size() != kRules.size()) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("'{}' is no schedule: it needs five fields, minute, hour, day of the month, month and day of the week, as "
                    "\"0 3 * * *\"",
                    text));
  }
  CronSchedule schedule;
  std::vector<std::vector<int>> numbers;
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    GIBSEY_TRY(auto read, read_field(kRules[i], fields[i]));
    numbers.push_back(std::move(read));
  }
  for (const int minute : numbers[0]) schedule.minutes_.set(static_cast<std::size_t>(minute));
  for (const int hour : numbers[1]) schedule.hours_.set(static_cast<std::size_t>(hour));
  for (const int day : numbers[2]) schedule.days_.set(static_cast<std::size_t>(day));
  for (const int month : numbers[3]) schedule.months_.set(static_cast<std::size_t>(month));
  for (const int weekday : numbers[4]) schedule.weekdays_.set(static_cast<std::size_t>(weekday % 7));
  schedule.any_day_ = fields[2].starts_with('*');
  schedule.any_weekday_ = fields[4].starts_with('*');
  return schedule;
}

bool CronSchedule::has_day(int month, int day, int weekday) const {
  if (!months_.test(static_cast<std::size_t>(month))) return false;
  const bool by_day = days_.test(static_cast<std::size_t>(day));
  const bool by_weekday = weekdays_.test(static_cast<std::size_t>(weekday));
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

}  // namespace gibsey::jobs
