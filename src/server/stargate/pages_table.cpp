#include "server/page_edits.hpp"
#include "server/pages.hpp"
#include "server/stargate/table.hpp"
#include "server/stargate/world_rows.hpp"
#include "server/world_choice.hpp"

namespace gibsey::server::stargate {
namespace {

Json row_of(const model::Page& page) {
  return {{"id", page.id},
          {"world", page.world},
          {"label", page.label},
          {"title", page.title},
          {"chapter", page.chapter},
          {"voice", page.voice},
          {"text", page.text},
          {"source", page.source.empty() ? Json(nullptr) : Json(page.source)},
          {"page_order", page.order},
          {"version", page.version},
          {"content_hash", page.content_hash},
          {"updated", iso8601(page.updated)}};
}

class PagesTable final : public Table {
 public:
  PagesTable()
      : Table("pages",
              {{"id"},
               {"world"},
               {"label"},
               {"title"},
               {"chapter"},
               {"voice"},
               {"text"},
               {"source"},
               {"page_order", Type::number},
               {"version", Type::number},
               {"content_hash"},
               {"updated", Type::timestamp}},
              1) {}

  Rows find(const Services& services, const RouteRequest&, std::string world, std::vector<std::string> key) const override {
    GIBSEY_CO_TRY(const auto chosen, co_await choose_world(services.pages, std::move(world)));
    GIBSEY_CO_TRY(const auto page, co_await find_page(services.pages, chosen.name, key.at(0)));
    std::vector<Json> rows;
    if (page) rows.push_back(row_of(*page));
    co_return rows;
  }

  Listing list(const Services& services, const RouteRequest&, std::string world, std::string after, int limit) const override {
    GIBSEY_CO_TRY(auto place, read_place(after, 1));
    GIBSEY_CO_TRY(const auto worlds, co_await worlds_from(services, std::move(world), place.world));
    auto behind = place.parts.empty() ? std::string() : place.parts.front();
    std::vector<PlacedRow> rows;
    for (const auto& name : worlds) {
      const int wanted = limit - static_cast<int>(rows.size());
      if (wanted <= 0) break;
      const auto pages = co_await services.pages.list_pages(name, std::exchange(behind, ""), wanted);
      if (!pages && pages.error().code == ErrorCode::not_found) co_return std::unexpected(no_such_place());
      if (!pages) co_return std::unexpected(pages.error());
      for (const auto& page : *pages) rows.push_back({row_of(page), write_place({name, {page.id}})});
    }
    co_return rows;
  }

  Written put(const Services& services, RouteRequest& request, std::vector<std::string> key) const override {
    // What the store itself keeps may come back with a row that was read; it stays the store's.
    auto columns = Json::parse(request.http.body);
    for (const char* own : {"id", "page_order", "version", "content_hash", "updated"}) columns.erase(own);
    request.http.body = dump(columns);
    request.parameters = {std::move(key.at(0))};
    return put_page(services, request);
  }

  Written remove(const Services& services, RouteRequest& request, std::vector<std::string> key) const override {
    request.parameters = {std::move(key.at(0))};
    return delete_page(services, request);
  }
};

}  // namespace

const Table& pages_table() {
  static const PagesTable table;
  return table;
}

}  // namespace gibsey::server::stargate
