#include "server/pages.hpp"
#include "server/problem.hpp"
#include "server/stargate/table.hpp"
#include "server/stargate/world_rows.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gibsey::server::stargate {
namespace {

constexpr int kPagesAtATime = 32;

std::string model_of(const Services& services) {
  return services.embedder == nullptr ? "" : services.embedder->model();
}

template <typename Number>
std::optional<Number> number_of(const std::string& text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// By passage; passages without a vector have no row.
std::vector<Json> rows_of(const store::IndexedPage& indexed, const std::string& model) {
  std::vector<Json> rows;
  const auto& page = indexed.content.page;
  for (const auto& vector : indexed.vectors) {
    const auto passage = std::ranges::find(indexed.content.passages, vector.passage, &model::Passage::number);
    if (passage == indexed.content.passages.end()) continue;
    rows.push_back({{"page_id", page.id},
                    {"passage", vector.passage},
                    {"world", page.world},
                    {"embedding_model", model},
                    {"page_version", vector.page_version},
                    {"start_offset", passage->start},
                    {"end_offset", passage->end},
                    {"embedding", vector.values}});
  }
  return rows;
}

/// The numbers of a body's `embedding`, brought to unit length.
std::optional<std::vector<float>> unit_vector(const Json& columns) {
  const auto at = columns.find("embedding");
  if (at == columns.end() || !at->is_array() || at->empty()) return std::nullopt;
  std::vector<float> values;
  double square = 0;
  for (const auto& value : *at) {
    if (!value.is_number()) return std::nullopt;
    values.push_back(value.get<float>());
    square += static_cast<double>(values.back()) * values.back();
  }
  const double length = std::sqrt(square);
  if (!std::isfinite(length) || length == 0) return std::nullopt;
  for (auto& value : values) value = static_cast<float>(value / length);
  return values;
}

class PageVectorsTable final : public Table {
 public:
  PageVectorsTable()
      : Table("page_vectors",
              {{"page_id"},
               {"passage", Type::number},
               {"world"},
               {"embedding_model"},
               {"page_version", Type::number},
               {"start_offset", Type::number},
               {"end_offset", Type::number},
               {"embedding", Type::vector}},
              2) {}

  Rows find(const Services& services, const RouteRequest&, std::string world, std::vector<std::string> key) const override {
    GIBSEY_CO_TRY(const auto chosen, co_await choose_world(services.pages, std::move(world)));
    GIBSEY_CO_TRY(const auto id, co_await spelled_id(services.pages, chosen.name, key.at(0)));
    GIBSEY_CO_TRY(const auto indexed, co_await services.pages.find_content(chosen.name, id, model_of(services)));
    auto rows = indexed ? rows_of(*indexed, model_of(services)) : std::vector<Json>();
    if (key.size() > 1) {
      const auto passage = number_of<int>(key[1]);
      if (!passage) co_return fail(ErrorCode::invalid_argument, "Invalid path for row to find, problem: 'passage' is a number.");
      std::erase_if(rows, [&passage](const Json& row) { return row.at("passage") != *passage; });
    }
    co_return rows;
  }

  /// A place is the page before the one that a listing goes on in, and how many of this one's rows were given.
  Listing list(const Services& services, const RouteRequest&, std::string world, std::string after, int limit) const override {
    GIBSEY_CO_TRY(const auto place, read_place(after, 3));
    GIBSEY_CO_TRY(const auto worlds, co_await worlds_from(services, std::move(world), place.world));
    store::BookPosition position;
    std::size_t given = 0;
    if (!place.parts.empty()) {
      const auto order = number_of<std::int64_t>(place.parts[0]);
      const auto count = number_of<std::size_t>(place.parts[2]);
      if (!order || !count) co_return std::unexpected(no_such_place());
      position = {*order, place.parts[1]};
      given = *count;
    }
    std::vector<PlacedRow> rows;
    for (const auto& name : worlds) {
      GIBSEY_CO_CHECK(co_await list_world(services, name, std::exchange(position, {}), std::exchange(given, 0),
                                          static_cast<std::size_t>(limit), rows));
    }
    co_return rows;
  }

  Written put(const Services& services, RouteRequest& request, std::vector<std::string> key) const override {
    const auto columns = Json::parse(request.http.body);
    auto values = unit_vector(columns);
    if (!values) co_return problem(422, "The column 'embedding' must be a list of numbers, not all of them 0.", "embedding");
    const auto passage = number_of<int>(key.at(1));
    if (!passage) co_return problem(422, "The column 'passage' must be a number.", "passage");
    if (services.embedder == nullptr) {
      co_return problem(422, "No embedding model is in use here, so there is no set of vectors to write to.", "embedding");
    }
    const int dimension = services.embedder->dimension();
    if (dimension > 0 && values->size() != static_cast<std::size_t>(dimension)) {
      co_return problem(
          422, fmt::format("The column 'embedding' must have {} numbers, as those of {} have.", dimension, model_of(services)),
          "embedding");
    }
    auto world = request.find("world").value_or(columns.value("world", std::string()));
    const auto chosen = co_await choose_world(services.pages, std::move(world));
    if (!chosen) co_return problem(chosen.error());
    const auto page = co_await find_page(services.pages, chosen->name, key.at(0));
    if (!page) co_return problem(page.error());
    if (!*page) co_return problem(404, fmt::format("There is no page '{}' in the world '{}'.", key.at(0), chosen->name));
    model::PassageVector vector{(*page)->id, *passage, *std::move(values), columns.value("page_version", (*page)->version)};
    const auto stored = co_await services.pages.put_vectors(chosen->name, model_of(services), {std::move(vector)});
    if (!stored) co_return problem(stored.error());
    co_return net::HttpResponse{204, {}, {}};
  }

  Written remove(const Services&, RouteRequest&, std::vector<std::string>) const override {
    co_return problem(405, "Vectors follow their pages and cannot be removed by themselves; write or delete the page.");
  }

 private:
  static boost::asio::awaitable<Result<void>> list_world(const Services& services, std::string world,
                                                         store::BookPosition position, std::size_t given, std::size_t limit,
                                                         std::vector<PlacedRow>& rows) {
    const auto model = model_of(services);
    while (rows.size() < limit) {
      GIBSEY_CO_TRY(const auto pages, co_await services.pages.list_contents(world, position, kPagesAtATime, model));
      for (const auto& indexed : pages) {
        const auto& page = indexed.content.page;
        auto of_page = rows_of(indexed, model);
        for (auto i = std::exchange(given, 0); i < of_page.size() && rows.size() < limit; ++i) {
          rows.push_back({std::move(of_page[i]),
                          write_place({world, {std::to_string(position.order), position.id, std::to_string(i + 1)}})});
        }
        if (rows.size() >= limit) co_return Result<void>();
        position = {page.order, page.id};
      }
      if (pages.size() < static_cast<std::size_t>(kPagesAtATime)) break;
    }
    co_return Result<void>();
  }
};

}  // namespace

const Table& page_vectors_table() {
  static const PageVectorsTable table;
  return table;
}

}  // namespace gibsey::server::stargate
