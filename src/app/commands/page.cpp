#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/on_server_or_file.hpp"
#include "app/complain.hpp"
#include "app/server_client.hpp"
#include "ingest/file_bytes.hpp"
#include "server/pages.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <iterator>

namespace gibsey::app {
namespace {

namespace asio = boost::asio;

struct PageName {
  std::string world;
  std::string id;
};

asio::awaitable<Result<PageName>> name_of(Application& app, std::string world, std::string id) {
  GIBSEY_CO_TRY(const auto chosen, co_await server::choose_world(app.pages(), std::move(world)));
  GIBSEY_CO_TRY(auto spelled, co_await server::spelled_id(app.pages(), chosen.name, std::move(id)));
  co_return PageName{.world = chosen.name, .id = std::move(spelled)};
}

asio::awaitable<Result<model::Page>> find_page(Application& app, PageOptions options) {
  GIBSEY_CO_TRY(const auto name, co_await name_of(app, options.world, options.id));
  GIBSEY_CO_TRY(auto page, options.version > 0 ? co_await app.pages().find_page_version(name.world, name.id, options.version)
                                               : co_await app.pages().find_page(name.world, name.id));
  if (!page) co_return fail(ErrorCode::not_found, fmt::format("there is no such page {} in {}", name.id, name.world));
  co_return *std::move(page);
}

asio::awaitable<Result<model::Page>> write_page(Application& app, ingest::PageEdit edit) {
  GIBSEY_CO_TRY(auto name, co_await name_of(app, edit.world, edit.id));
  edit.world = std::move(name.world);
  edit.id = std::move(name.id);
  GIBSEY_CO_TRY(auto written, co_await app.editor().write(std::move(edit)));
  co_return std::move(written.page);
}

asio::awaitable<Result<void>> take_page(Application& app, PageOptions options) {
  GIBSEY_CO_TRY(const auto name, co_await name_of(app, options.world, options.id));
  GIBSEY_CO_CHECK(co_await app.pages().remove_page(name.world, name.id, std::nullopt));
  co_return Result<void>();
}

Result<std::string> read_all(const std::filesystem::path& file) {
  if (file != "-") return ingest::read_file(file);
  return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
}

Result<void> show_text(const model::Page& page) {
  std::fwrite(page.text.data(), 1, page.text.size(), stdout);
  if (!page.text.ends_with('\n')) std::fputc('\n', stdout);
  return {};
}

Result<void> show_version(const model::Page& page) {
  fmt::print("page {} of {} has version {}\n", page.id, page.world, page.version);
  return {};
}

}  // namespace

int get_page(const Place& place, const PageOptions& options) {
  return on_server_or_file(
      place,
      [&](ServerClient& server) -> Result<void> {
        GIBSEY_TRY(const auto page, server.page(options.world, options.id, options.version));
        return show_text(page);
      },
      [&](Application& app) -> Result<void> {
        GIBSEY_TRY(const auto page, app.runtime().wait(find_page(app, options)));
        return show_text(page);
      });
}

int put_page(const Place& place, const PageOptions& options) {
  auto text = read_all(options.file);
  if (!text) return complain(text.error());
  ingest::PageEdit edit{.world = options.world, .id = options.id, .title = options.title};
  const auto extension = options.file.extension();
  (extension == ".md" || extension == ".markdown" ? edit.source : edit.text) = *std::move(text);
  return on_server_or_file(
      place,
      [&](ServerClient& server) -> Result<void> {
        GIBSEY_TRY(const auto page, server.put_page(edit));
        return show_version(page);
      },
      [&](Application& app) -> Result<void> {
        GIBSEY_TRY(const auto page, app.runtime().wait(write_page(app, edit)));
        return show_version(page);
      });
}

int remove_page(const Place& place, const PageOptions& options) {
  return on_server_or_file(
      place, [&](ServerClient& server) -> Result<void> { return server.remove_page(options.world, options.id); },
      [&](Application& app) -> Result<void> { return app.runtime().wait(take_page(app, options)); });
}

}  // namespace gibsey::app
