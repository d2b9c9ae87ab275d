#include "server/stargate/stargate.hpp"

#include "server/auth/cassandra_tokens.hpp"
#include "server/problem.hpp"
#include "server/stargate/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::server::stargate {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kKeyspace = "gibsey";
/// Rows that one request looks at; a `where` that fits none of them gives an empty part and the place where it goes on.
constexpr int kMostLookedAt = 10'000;
constexpr int kAtATime = 500;

net::HttpResponse error(int status, std::string_view description, const char* grpc = nullptr) {
  return json_response(status, {{"description", description},
                                {"code", status},
                                {"grpcStatus", grpc == nullptr ? Json(nullptr) : Json(grpc)},
                                {"internalTxId", nullptr}});
}

net::HttpResponse invalid(std::string_view description) {
  return error(400, description);
}

/// The store's own outcomes as Stargate tells them: it has neither 422 nor 503.
int stargate_status(int status) {
  if (status == 422 || status == 409) return 400;
  if (status == 403) return 401;
  return status == 503 ? 502 : status;
}

net::HttpResponse failed(const Error& from) {
  return refusal({}, problem(from));
}

std::vector<std::string> split_key(const std::string& path, std::size_t most) {
  std::vector<std::string> key;
  std::size_t begin = 0;
  while (key.size() + 1 < most) {
    const auto end = path.find('/', begin);
    if (end == std::string::npos) break;
    key.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  key.push_back(path.substr(begin));
  return key;
}

/// Who asks and what for; or the refusal.
struct Opened {
  const Table* table = nullptr;
  std::string world;  ///< of ?world=
};

std::expected<Opened, net::HttpResponse> open(const Services& services, RouteRequest& request) {
  auto principal = services.auth.identify_cassandra_client(request.http);
  if (!principal && principal.error() == CassandraRefusal::missing) {
    return std::unexpected(
        error(401, "Role unauthorized for operation: Missing token, expecting one in the X-Cassandra-Token header.", nullptr));
  }
  if (!principal) {
    return std::unexpected(error(401,
                                 "Unauthenticated gRPC operation (Status.Code.UNAUTHENTICATED->401): the token is unknown or has "
                                 "expired; get one by POST /v1/auth.",
                                 "UNAUTHENTICATED"));
  }
  request.principal = *std::move(principal);
  if (request.parameters.at(0) != kKeyspace) {
    return std::unexpected(invalid(fmt::format("Keyspace '{}' not found", request.parameters.at(0))));
  }
  const auto* table = find_table(request.parameters.at(1));
  if (table == nullptr) {
    return std::unexpected(invalid(fmt::format("Table '{}' not found (in keyspace '{}')", request.parameters.at(1), kKeyspace)));
  }
  return Opened{table, request.find("world").value_or("")};
}

bool may_write(const Principal& principal) {
  return principal.open || principal.admin || principal.service;
}

net::HttpResponse no_permission() {
  return error(401, "Unauthorized gRPC operation (Status.Code.PERMISSION_DENIED->401): only an admin or a service may write.",
               "PERMISSION_DENIED");
}

/// The rows behind query.page_state that fit, at most a page of them, and where the next part begins.
asio::awaitable<Result<std::pair<std::vector<Json>, std::string>>> scan(const Services& services, const RouteRequest& request,
                                                                        const Opened& opened, const RowQuery& query) {
  std::vector<Json> rows;
  auto place = query.page_state;
  auto world = opened.world.empty() ? only_value(query.where, "world").value_or("") : opened.world;
  for (int looked = 0; looked < kMostLookedAt;) {
    // One more than is wanted tells whether there is more.
    const int wanted = query.where.empty() ? query.page_size - static_cast<int>(rows.size()) + 1 : kAtATime;
    GIBSEY_CO_TRY(auto part, co_await opened.table->list(services, request, world, place, std::min(wanted, kAtATime)));
    for (auto& [row, behind] : part) {
      const bool full = rows.size() == static_cast<std::size_t>(query.page_size);
      const bool fit = fits(row, query.where);
      if (fit && full) co_return std::pair(std::move(rows), std::move(place));
      if (fit) rows.push_back(std::move(row));
      place = std::move(behind);
    }
    if (part.size() < static_cast<std::size_t>(std::min(wanted, kAtATime))) co_return std::pair(std::move(rows), std::string());
    looked += static_cast<int>(part.size());
  }
  co_return std::pair(std::move(rows), std::move(place));
}

asio::awaitable<net::HttpResponse> scanned(const Services& services, const RouteRequest& request, const Opened& opened,
                                           const RowQuery& query) {
  if (query.sort) {
    co_return invalid(
        "Invalid 'sort' parameter, problem: rows are sorted within a partition alone; name its key in the path or by $eq.");
  }
  auto found = co_await scan(services, request, opened, query);
  if (!found) co_return failed(found.error());
  co_return json_response(200, envelope(query, found->first, found->second));
}

/// All rows of a key, paged by their number: a partition is small.
net::HttpResponse partition(const RowQuery& query, std::vector<Json> rows) {
  std::erase_if(rows, [&query](const Json& row) { return !fits(row, query.where); });
  if (query.sort) sort_rows(rows, *query.sort);
  std::size_t first = 0;
  if (!query.page_state.empty()) {
    if (query.page_state.size() > 9 || query.page_state.find_first_not_of("0123456789") != std::string::npos) {
      return invalid("Invalid 'page-state' parameter, problem: it is none that this server gave.");
    }
    first = std::min(rows.size(), static_cast<std::size_t>(std::stoul(query.page_state)));
  }
  const auto last = std::min(rows.size(), first + static_cast<std::size_t>(query.page_size));
  auto next = last < rows.size() ? std::to_string(last) : std::string();
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(last), rows.end());
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(first));
  return json_response(200, envelope(query, rows, next));
}

std::expected<Json, net::HttpResponse> read_columns(const RouteRequest& request, const Table& table) {
  auto body = Json::parse(request.http.body, nullptr, false);
  if (body.is_discarded() || !body.is_object()) {
    return std::unexpected(invalid("Invalid JSON payload: it must be an object of columns and their values."));
  }
  for (const auto& [name, value] : body.items()) {
    if (std::ranges::find(table.columns(), std::string_view(name), &Column::name) == table.columns().end()) {
      return std::unexpected(invalid(fmt::format("Unknown field name '{}'.", name)));
    }
  }
  return body;
}

asio::awaitable<net::HttpResponse> token(const Services& services, const RouteRequest& request, const char* user_field,
                                         const char* password_field) {
  const auto refused = [](int status, std::string_view description) {
    return json_response(status, {{"description", description}});
  };
  const auto body = Json::parse(request.http.body, nullptr, false);
  if (!body.is_object()) co_return refused(400, "Must provide a body to the request");
  const auto text = [&body](const char* name) {
    const auto at = body.find(name);
    return at != body.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  const auto user = text(user_field);
  const auto password = text(password_field);
  if (user.empty()) co_return refused(400, fmt::format("Must provide {} in request", user_field));
  if (password.empty()) co_return refused(400, fmt::format("Must provide {} in request", password_field));
  const auto issued = services.auth.issue_cassandra_token(user, password);
  if (!issued) {
    co_return refused(401, fmt::format("Failed to create token: Provided username {} and/or password are incorrect", user));
  }
  auto answer = json_response(201, {{"authToken", *issued}});
  const auto age = kCassandraTokenLifetime.count() - 10;  // as Stargate: a cached token is not one that ends at once
  answer.headers.add("Cache-Control", fmt::format("max-age={0}, s-maxage={0}", age));
  co_return answer;
}

}  // namespace

const Table* find_table(std::string_view name) {
  for (const auto* table : {&pages_table(), &characters_table(), &page_vectors_table(), &ledger_table(), &summaries_table()}) {
    if (table->name() == name) return table;
  }
  return nullptr;
}

net::HttpResponse refusal(const net::HttpRequest&, net::HttpResponse answer) {
  const auto from = Json::parse(answer.body, nullptr, false);
  const auto detail = from.is_object() ? from.value("detail", std::string()) : std::string();
  auto reworded = error(stargate_status(answer.status), detail.empty() ? net::reason_phrase(answer.status) : detail);
  for (const auto& [name, value] : answer.headers.fields()) {
    if (name != "Content-Type") reworded.headers.add(name, value);
  }
  return reworded;
}

asio::awaitable<net::HttpResponse> create_token(const Services& services, RouteRequest& request) {
  return token(services, request, "username", "password");
}

asio::awaitable<net::HttpResponse> generate_token(const Services& services, RouteRequest& request) {
  return token(services, request, "key", "secret");
}

asio::awaitable<net::HttpResponse> search_rows(const Services& services, RouteRequest& request) {
  const auto opened = open(services, request);
  if (!opened) co_return opened.error();
  if (!request.find("where")) co_return invalid("Request invalid: 'where' must be provided.");
  const auto query = parse_row_query(request, opened->table->columns());
  if (!query) co_return invalid(query.error());
  // A named key is looked up, not looked for.
  if (auto key = only_value(query->where, opened->table->columns().front().name)) {
    auto world = opened->world.empty() ? only_value(query->where, "world").value_or("") : opened->world;
    auto rows = co_await opened->table->find(services, request, std::move(world), {*std::move(key)});
    if (!rows) co_return failed(rows.error());
    co_return partition(*query, *std::move(rows));
  }
  co_return co_await scanned(services, request, *opened, *query);
}

asio::awaitable<net::HttpResponse> list_rows(const Services& services, RouteRequest& request) {
  const auto opened = open(services, request);
  if (!opened) co_return opened.error();
  auto query = parse_row_query(request, opened->table->columns());
  if (!query) co_return invalid(query.error());
  query->where.clear();
  co_return co_await scanned(services, request, *opened, *query);
}

asio::awaitable<net::HttpResponse> get_rows(const Services& services, RouteRequest& request) {
  const auto opened = open(services, request);
  if (!opened) co_return opened.error();
  auto query = parse_row_query(request, opened->table->columns());
  if (!query) co_return invalid(query.error());
  query->where.clear();
  auto rows =
      co_await opened->table->find(services, request, opened->world, split_key(request.parameters.at(2), opened->table->keys()));
  if (!rows) co_return failed(rows.error());
  if (!opened->table->bare() || query->raw) co_return partition(*query, *std::move(rows));
  if (rows->empty()) co_return error(404, fmt::format("There is no row '{}'.", request.parameters.at(2)));
  const auto row = project(rows->front(), query->fields);
  auto body = envelope(*query, *rows, "");
  body.update(row);
  co_return json_response(200, body);
}

asio::awaitable<net::HttpResponse> add_row(const Services& services, RouteRequest& request) {
  const auto opened = open(services, request);
  if (!opened) co_return opened.error();
  if (!may_write(request.principal)) co_return no_permission();
  const auto columns = read_columns(request, *opened->table);
  if (!columns) co_return columns.error();
  std::vector<std::string> key;
  for (std::size_t i = 0; i < opened->table->keys(); ++i) {
    const auto name = opened->table->columns()[i].name;
    const auto at = columns->find(name);
    if (at == columns->end() || at->is_null())
      co_return invalid(fmt::format("The column '{}' of the primary key is missing.", name));
    key.push_back(at->is_string() ? at->get<std::string>() : dump(*at));
  }
  auto answer = co_await opened->table->put(services, request, std::move(key));
  if (answer.status >= 300) co_return refusal(request.http, std::move(answer));
  co_return json_response(201, *columns);
}

asio::awaitable<net::HttpResponse> put_row(const Services& services, RouteRequest& request) {
  const auto opened = open(services, request);
  if (!opened) co_return opened.error();
  if (!may_write(request.principal)) co_return no_permission();
  const auto columns = read_columns(request, *opened->table);
  if (!columns) co_return columns.error();
  auto key = split_key(request.parameters.at(2), opened->table->keys());
  if (key.size() < opened->table->keys()) {
    co_return invalid(fmt::format("Number of key values provided ({}) less than number of partition keys ({})", key.size(),
                                  opened->table->keys()));
  }
  const bool raw = request.find("raw").value_or("") == "true";
  auto answer = co_await opened->table->put(services, request, std::move(key));
  if (answer.status >= 300) co_return refusal(request.http, std::move(answer));
  co_return json_response(200, raw ? *columns : Json{{"data", *columns}});
}

asio::awaitable<net::HttpResponse> delete_row(const Services& services, RouteRequest& request) {
  const auto opened = open(services, request);
  if (!opened) co_return opened.error();
  if (!may_write(request.principal)) co_return no_permission();
  auto answer = co_await opened->table->remove(services, request, split_key(request.parameters.at(2), opened->table->keys()));
  if (answer.status >= 300 && answer.status != 404) co_return refusal(request.http, std::move(answer));
  co_return net::HttpResponse{204, {}, {}};
}

}  // namespace gibsey::server::stargate
