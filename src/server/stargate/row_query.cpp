#include "server/stargate/row_query.hpp"

#include "server/auth/base64url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gibsey::server::stargate {
namespace {

constexpr std::array kOperations{"$eq", "$lt", "$lte", "$gt", "$gte", "$in", "$exists", "$contains"};
constexpr int kLargestPage = 1000;

std::unexpected<std::string> wrong(std::string message) {
  return std::unexpected(std::move(message));
}

const Column* find(const std::vector<Column>& columns, std::string_view name) {
  const auto at = std::ranges::find(columns, name, &Column::name);
  return at == columns.end() ? nullptr : &*at;
}

std::unexpected<std::string> unknown_field(std::string_view name) {
  return wrong(fmt::format("Unknown field name '{}'.", name));
}

/// A number that was sent as a text is taken for one, as Stargate does.
Json as_type(const Json& value, Type type) {
  if (type != Type::number || !value.is_string()) return value;
  const auto& text = value.get_ref<const std::string&>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? Json(number) : value;
}

bool suits(const Json& value, Type type) {
  switch (type) {
    case Type::number: return value.is_number();
    case Type::boolean: return value.is_boolean();
    case Type::text:
    case Type::timestamp: return value.is_string();
    case Type::counter: return value.is_string() || value.is_number();
    case Type::list:
    case Type::vector: return value.is_array();
  }
  return false;
}

Parsed<Json> operand_of(const Column& column, const std::string& operation, const Json& given) {
  const auto unfit = [&](std::string_view what) {
    return wrong(fmt::format("Invalid 'where' parameter, problem: '{}' of column '{}' needs {}.", operation, column.name, what));
  };
  if (operation == "$exists") return given.is_boolean() ? Parsed<Json>(given) : unfit("true or false");
  if (operation == "$contains") {
    if (column.type != Type::list) return unfit("a column that is a list");
    return given.is_string() ? Parsed<Json>(given) : unfit("a text");
  }
  if (operation == "$in") {
    if (!given.is_array() || given.empty()) return unfit("a list of values");
    auto values = Json::array();
    for (const auto& value : given) {
      values.push_back(as_type(value, column.type));
      if (!suits(values.back(), column.type)) return unfit("values of the column's type");
    }
    return values;
  }
  auto value = as_type(given, column.type);
  return suits(value, column.type) ? Parsed<Json>(std::move(value)) : unfit("a value of the column's type");
}

Parsed<std::vector<Condition>> parse_where(const std::string& text, const std::vector<Column>& columns) {
  const auto object = Json::parse(text, nullptr, false);
  if (!object.is_object())
    return wrong("Invalid 'where' parameter, problem: it must be a JSON object such as {\"id\":{\"$eq\":\"42\"}}.");
  std::vector<Condition> where;
  for (const auto& [name, operations] : object.items()) {
    const Column* column = find(columns, name);
    if (column == nullptr) return unknown_field(name);
    if (!operations.is_object() || operations.empty()) {
      return wrong(
          fmt::format("Invalid 'where' parameter, problem: the entry for field '{}' must be an object of operations.", name));
    }
    for (const auto& [operation, given] : operations.items()) {
      if (std::ranges::find(kOperations, std::string_view(operation)) == kOperations.end()) {
        return wrong(fmt::format("Invalid 'where' parameter, problem: the operation '{}' is not known; there are {}.", operation,
                                 fmt::join(kOperations, ", ")));
      }
      auto operand = operand_of(*column, operation, given);
      if (!operand) return wrong(std::move(operand).error());
      where.push_back({name, operation, *std::move(operand)});
    }
  }
  return where;
}

Parsed<std::vector<std::string>> parse_fields(std::string_view text, const std::vector<Column>& columns) {
  std::vector<std::string> fields;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    auto name = text.substr(0, end);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty() && find(columns, name) == nullptr) return unknown_field(name);
    if (!name.empty()) fields.emplace_back(name);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fields;
}

Parsed<std::optional<RowQuery::Order>> parse_sort(const std::string& text, const std::vector<Column>& columns) {
  const auto object = Json::parse(text, nullptr, false);
  constexpr const char* kForm = "Invalid 'sort' parameter, problem: it must be a JSON object such as {\"passage\":\"desc\"}.";
  if (!object.is_object() || object.size() != 1) return wrong(kForm);
  const auto& name = object.begin().key();
  const auto& direction = object.begin().value();
  if (find(columns, name) == nullptr) return unknown_field(name);
  if (direction != "asc" && direction != "desc") return wrong(kForm);
  return RowQuery::Order{name, direction == "desc"};
}

Parsed<int> parse_page_size(const std::string& text) {
  int size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error == std::errc() && end == text.data() + text.size() && size >= 1 && size <= kLargestPage) return size;
  return wrong(fmt::format("Invalid 'page-size' parameter, problem: it must be a number from 1 to {}.", kLargestPage));
}

Parsed<bool> parse_raw(const std::string& text) {
  if (text == "true") return true;
  if (text == "false" || text.empty()) return false;
  return wrong("Invalid 'raw' parameter, problem: it must be true or false.");
}

/// Numbers by value, all else as text.
int compare(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) {
    return a.get<double>() < b.get<double>() ? -1 : a.get<double>() > b.get<double>() ? 1 : 0;
  }
  const auto text = [](const Json& value) { return value.is_string() ? value.get<std::string>() : dump(value); };
  return text(a).compare(text(b));
}

bool holds(const Json& value, const Condition& condition) {
  const auto& operation = condition.operation;
  if (operation == "$exists") return value.is_null() != condition.operand.get<bool>();
  if (value.is_null()) return false;
  if (operation == "$contains") return std::ranges::find(value, condition.operand) != value.end();
  if (operation == "$in") {
    return std::ranges::any_of(condition.operand, [&value](const Json& one) { return compare(value, one) == 0; });
  }
  const int order = compare(value, condition.operand);
  if (operation == "$eq") return order == 0;
  if (operation == "$lt") return order < 0;
  if (operation == "$lte") return order <= 0;
  if (operation == "$gt") return order > 0;
  return order >= 0;
}

}  // namespace

Parsed<RowQuery> parse_row_query(const RouteRequest& request, const std::vector<Column>& columns) {
  RowQuery query;
  if (const auto text = request.find("where")) {
    auto where = parse_where(*text, columns);
    if (!where) return wrong(std::move(where).error());
    query.where = *std::move(where);
  }
  auto fields = parse_fields(request.find("fields").value_or(""), columns);
  if (!fields) return wrong(std::move(fields).error());
  query.fields = *std::move(fields);
  if (const auto text = request.find("sort")) {
    auto sort = parse_sort(*text, columns);
    if (!sort) return wrong(std::move(sort).error());
    query.sort = *std::move(sort);
  }
  if (const auto text = request.find("page-size")) {
    const auto size = parse_page_size(*text);
    if (!size) return wrong(size.error());
    query.page_size = *size;
  }
  if (const auto text = request.find("page-state"); text && !text->empty()) {
    const auto state = base64url_decoded(*text);
    if (!state) return wrong("Invalid 'page-state' parameter, problem: it is none that this server gave.");
    query.page_state = *state;
  }
  const auto raw = parse_raw(request.find("raw").value_or(""));
  if (!raw) return wrong(raw.error());
  query.raw = *raw;
  return query;
}

bool fits(const Json& row, const std::vector<Condition>& where) {
  return std::ranges::all_of(where, [&row](const Condition& condition) { return holds(row.at(condition.column), condition); });
}

std::optional<std::string> only_value(const std::vector<Condition>& where, std::string_view column) {
  for (const auto& condition : where) {
    if (condition.column != column) continue;
    const Json* value = nullptr;
    if (condition.operation == "$eq") value = &condition.operand;
    if (condition.operation == "$in" && condition.operand.size() == 1) value = &condition.operand.front();
    if (value != nullptr && value->is_string()) return value->get<std::string>();
  }
  return std::nullopt;
}

void sort_rows(std::vector<Json>& rows, const RowQuery::Order& order) {
  std::ranges::sort(rows, [&order](const Json& a, const Json& b) {
    const int way = compare(a.at(order.column), b.at(order.column));
    return order.descending ? way > 0 : way < 0;
  });
}

Json project(const Json& row, const std::vector<std::string>& fields) {
  if (fields.empty()) return row;
  Json part = Json::object();
  for (const auto& field : fields) part[field] = row.at(field);
  return part;
}

Json envelope(const RowQuery& query, const std::vector<Json>& rows, const std::string& next) {
  auto list = Json::array();
  for (const auto& row : rows) list.push_back(project(row, query.fields));
  if (query.raw) return list;
  Json body{{"count", rows.size()}};
  if (!next.empty()) body["pageState"] = base64url(next);
  body["data"] = std::move(list);
  return body;
}

}  // namespace gibsey::server::stargate
