#pragma once
#include "server/json_response.hpp"
#include "server/router.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The query parameters of Stargate's REST API v2 (`where`, `fields`, `sort`, `page-size`, `page-state`, `raw`), over rows that
/// are JSON objects with every column in its place.
namespace gibsey::server::stargate {

enum class Type { text, number, boolean, timestamp, counter, list, vector };

struct Column {
  std::string_view name;
  Type type = Type::text;
};

/// What is wrong with a request, in Stargate's words; the status is 400.
template <typename T>
using Parsed = std::expected<T, std::string>;

struct Condition {
  std::string column;
  std::string operation;  ///< "$eq", "$lt", "$lte", "$gt", "$gte", "$in", "$exists", "$contains"
  Json operand;
};

struct RowQuery {
  std::vector<Condition> where;
  std::vector<std::string> fields;  ///< none: all
  struct Order {
    std::string column;
    bool descending = false;
  };
  std::optional<Order> sort;
  int page_size = 100;
  std::string page_state;  ///< decoded: where the listing goes on; "" from the start
  bool raw = false;
};

[[nodiscard]] Parsed<RowQuery> parse_row_query(const RouteRequest& request, const std::vector<Column>& columns);

/// Whether the row fulfils all conditions. null fulfils none but `$exists: false`.
[[nodiscard]] bool fits(const Json& row, const std::vector<Condition>& where);
/// The value that `where` asks of a column, when it asks for one alone ($eq, or $in of one).
[[nodiscard]] std::optional<std::string> only_value(const std::vector<Condition>& where, std::string_view column);
void sort_rows(std::vector<Json>& rows, const RowQuery::Order& order);
[[nodiscard]] Json project(const Json& row, const std::vector<std::string>& fields);

/// {count, pageState?, data}, or the bare array where `raw` was asked for. `next` "" is the end.
[[nodiscard]] Json envelope(const RowQuery& query, const std::vector<Json>& rows, const std::string& next);

}  // namespace gibsey::server::stargate
