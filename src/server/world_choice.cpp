#include "server/world_choice.hpp"

#include <fmt/format.h>

namespace gibsey::server {

std::string no_world(const std::string& name) {
  return "There is no world '" + name + "'; GET /health lists those that there are.";
}

boost::asio::awaitable<Result<model::World>> choose_world(store::PageStore& pages, std::string name) {
  if (name.empty()) {
    GIBSEY_CO_TRY(auto worlds, co_await pages.list_worlds());
    if (worlds.empty()) co_return fail(ErrorCode::not_found, "There is no world yet; make one with gibsey ingest.");
    co_return std::move(worlds.front());
  }
  GIBSEY_CO_TRY(auto world, co_await pages.find_world(name));
  if (!world) co_return fail(ErrorCode::not_found, no_world(name));
  co_return *std::move(world);
}

boost::asio::awaitable<Result<model::World>> choose_book(store::PageStore& pages, const retrieval::PassageFinder& passages,
                                                         std::string name) {
  GIBSEY_CO_TRY(auto world, co_await choose_world(pages, std::move(name)));
  if (!passages.has_book(world.name))
    co_return fail(ErrorCode::not_found, fmt::format("The world '{}' has no book.", world.name));
  co_return world;
}

}  // namespace gibsey::server
