#include "store/http/ledger_answers.hpp"

#include "base/utf8.hpp"
#include "net/service_json.hpp"

#include <charconv>
#include <chrono>

namespace gibsey::store::http {

using net::member;
using net::number_member;
using net::text_member;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestLine = 200;

/// The digits at `at`, as a number; -1 where something else stands.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int number = 0;
  const auto* first = text.data() + at;
  const auto [end, error] = std::from_chars(first, first + count, number);
  return error == std::errc() && end == first + count && *first != '-' ? number : -1;
}

UnixMillis time_of(const json& value) {
  if (const auto number = net::whole_number(value)) return *number;
  return value.is_string() ? read_iso8601(value.get_ref<const std::string&>()) : 0;
}

}  // namespace

Result<Booked> read_booked(const std::string& body) {
  if (body.find_first_not_of(" \t\r\n") == std::string::npos) return Booked{};
  const auto answer = net::parse_service_json(body);
  if (!answer.is_object()) return fail(ErrorCode::corrupt, "it is no JSON object");
  return Booked{.entry_id = text_member(answer, "entry_id"), .balance = number_member(answer, "balance")};
}

model::InsufficientCredits read_insufficient(const std::string& body, int asked) {
  const auto answer = net::parse_service_json(body);
  const auto& numbers = member(answer, "detail").is_object() ? member(answer, "detail") : answer;
  const auto needed = number_member(numbers, "needed").value_or(asked);
  return {.needed = needed > 0 && needed <= INT32_MAX ? static_cast<int>(needed) : asked,
          .available = number_member(numbers, "available").value_or(0)};
}

Result<std::int64_t> read_balance(const std::string& body) {
  const auto balance = number_member(net::parse_service_json(body), "balance");
  if (!balance) return fail(ErrorCode::corrupt, "it holds no balance");
  return *balance;
}

Result<std::vector<model::LedgerEntry>> read_entries(const std::string& body, const std::string& user_id) {
  const auto answer = net::parse_service_json(body);
  const auto& list = member(answer, "entries");
  if (!list.is_array()) return fail(ErrorCode::corrupt, "it holds no entries");
  std::vector<model::LedgerEntry> entries;
  for (const auto& item : list) {
    if (!item.is_object()) return fail(ErrorCode::corrupt, "it holds an entry that is none");
    entries.push_back({.number = number_member(item, "number").value_or(0),
                       .id = text_member(item, "id"),
                       .user_id = user_id,
                       .kind = text_member(item, "kind"),
                       .amount = number_member(item, "amount").value_or(0),
                       .ref = text_member(item, "ref"),
                       .reason = text_member(item, "reason"),
                       .balance = number_member(item, "balance").value_or(0),
                       .created = time_of(member(item, "created"))});
  }
  return entries;
}

std::string read_detail(const std::string& body) {
  const auto answer = net::parse_service_json(body);
  const auto& detail = member(answer, "detail");
  return detail.is_string() ? one_line(detail.get_ref<const std::string&>()) : std::string();
}

UnixMillis read_iso8601(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.dddZ";
  if (text.size() != kForm.size()) return 0;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] != 'd' && text[i] != kForm[i]) return 0;
  }
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (year < 0 || month < 0 || day < 0) return 0;
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  const int hours = digits(text, 11, 2);
  const int minutes = digits(text, 14, 2);
  const int seconds = digits(text, 17, 2);
  const int millis = digits(text, 20, 3);
  if (!date.ok() || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60 || millis < 0) return 0;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24LL + hours) * 60 + minutes) * 60'000 + seconds * 1000LL + millis;
}

std::string sibling_address(const std::string& address, std::string_view name) {
  auto base = address.substr(0, address.find_first_of("?#"));
  const auto scheme = base.find("://");
  while (base.ends_with('/')) base.pop_back();
  const auto path = base.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  base.resize(path == std::string::npos ? base.size() : base.rfind('/'));
  return base + "/" + std::string(name);
}

std::string one_line(std::string_view text) {
  std::string line;
  for (std::size_t count = 0; !text.empty() && count < kLongestLine; ++count) {
    const auto [code_point, length] = utf8::decode(text);
    text.remove_prefix(length);
    const bool control = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
    utf8::append(line, control ? U' ' : code_point);
  }
  return line;
}

}  // namespace gibsey::store::http
