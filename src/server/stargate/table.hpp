#pragma once
#include "server/json_response.hpp"
#include "server/router.hpp"
#include "server/stargate/row_query.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gibsey::server::stargate {

/// A row, and where a listing goes on behind it.
struct PlacedRow {
  Json row;
  std::string place;
};

/// One table of the keyspace, over whichever store is in use. Rows have all columns in their order; null where a value is not
/// there. A write has the rules of the path that it stands for (PUT /pages/{id} and so on), and its refusals.
class Table {
 public:
  using Rows = boost::asio::awaitable<Result<std::vector<Json>>>;
  using Listing = boost::asio::awaitable<Result<std::vector<PlacedRow>>>;
  using Written = boost::asio::awaitable<net::HttpResponse>;

  virtual ~Table() = default;

  [[nodiscard]] std::string_view name() const { return name_; }
  /// The key's columns first: the partition's one, then those that order its rows.
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  [[nodiscard]] std::size_t keys() const { return keys_; }
  /// Whether one row at most has a key, and the row's own columns stand beside `data` (the source's client of seed 000 reads them
  /// there, and needs 404 for a row that is not).
  [[nodiscard]] virtual bool bare() const { return false; }

  /// The rows of a key, which may lack its last parts. `world` "": the world that the path would take.
  virtual Rows find(const Services& services, const RouteRequest& request, std::string world,
                    std::vector<std::string> key) const = 0;
  /// Rows of all worlds, or of one, behind a place ("" from the start). invalid_argument: the place is none of a row.
  virtual Listing list(const Services& services, const RouteRequest& request, std::string world, std::string after,
                       int limit) const = 0;

  /// Writes columns of the row of that key, and answers below 300 where it did. `request.http.body` holds them.
  virtual Written put(const Services& services, RouteRequest& request, std::vector<std::string> key) const = 0;
  /// 204, or what its path answers.
  virtual Written remove(const Services& services, RouteRequest& request, std::vector<std::string> key) const = 0;

 protected:
  Table(std::string_view name, std::vector<Column> columns, std::size_t keys)
      : name_(name), columns_(std::move(columns)), keys_(keys) {}

 private:
  std::string_view name_;
  std::vector<Column> columns_;
  std::size_t keys_;
};

/// nullptr where the keyspace has none of that name.
[[nodiscard]] const Table* find_table(std::string_view name);

const Table& pages_table();
const Table& characters_table();
const Table& page_vectors_table();
const Table& ledger_table();
const Table& summaries_table();

}  // namespace gibsey::server::stargate
