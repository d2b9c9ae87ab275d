#include "app/serve.hpp"

#include "app/application.hpp"
#include "app/complain.hpp"
#include "base/log.hpp"
#include "net/http_server.hpp"
#include "server/openapi.hpp"
#include "server/routes.hpp"

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace gibsey::app {

namespace asio = boost::asio;

namespace {

/// All of SIGTERM's ten seconds (contracts: every stream is finished or kept by then) but for the closing of files.
constexpr auto kDrainGrace = std::chrono::seconds(8);
constexpr auto kConnectionGrace = std::chrono::seconds(1);

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

Result<std::vector<std::string>> listen(net::HttpServer& server, const Config& config) {
  std::vector<std::string> addresses;
  for (const auto port : config.ports) {
    GIBSEY_TRY(const auto real_port, server.listen(config.host, port));
    addresses.push_back(fmt::format("http://{}:{}", config.host == "::1" ? "[::1]" : config.host, real_port));
  }
  return addresses;
}

/// Whether every turn has ended.
asio::awaitable<bool> run_until_told(Application& app, net::HttpServer& server, asio::signal_set& signals) {
  for (;;) {
    boost::system::error_code error;
    const int signal = co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error || signal != SIGHUP) break;
    log::info("reloading the worlds");
    if (const auto loaded = co_await app.load_worlds(); !loaded) log::error("reload: {}", loaded.error().message);
  }
  log::info("stopping: running replies have {} s to finish", kDrainGrace.count());
  app.set_ready(false);
  const bool ended = co_await app.turns().drain(kDrainGrace);
  app.end_waits();
  if (!co_await server.stop(kConnectionGrace)) log::warn("a connection did not close in time");
  co_return ended;
}

}  // namespace

int serve(const Config& config, const Installation& installation) {
  if (!is_loopback(config.host) && config.auth.mode == server::AuthMode::off) {
    return complain(
        {ErrorCode::invalid_argument,
         fmt::format("will not listen on {}: without sign-in anyone could spend your readers' credits. Set GIBSEY_AUTH=on with "
                     "GIBSEY_API_KEYS or GIBSEY_JWT_ALGORITHM, or use 127.0.0.1.",
                     config.host)});
  }
  auto opened = Application::open(config, installation,
                                  {.turns = true,
                                   .chat_model = config.roles.chat || config.roles.scheduler,
                                   .exclusive = true,
                                   .embedder = config.roles.memory || config.roles.worker || config.roles.scheduler,
                                   .worlds = config.roles.chat || config.roles.memory});
  if (!opened) return complain(opened.error());
  auto& app = **opened;
  const server::StaticFiles page(installation.page);
  const auto table = server::read_openapi(installation.openapi);
  auto services = app.services(page);
  services.openapi = table;
  const auto handler =
      server::make_http_handler(services, {.hosts = config.allowed_hosts, .origins = config.allowed_origins}, config.roles);
  net::HttpServer server(app.runtime().executor(), *handler);
  const auto addresses = listen(server, config);
  if (!addresses) return complain(addresses.error());
  if (const auto announced = app.lock()->announce(addresses->front()); !announced) return complain(announced.error());
  // Before anybody is told that there is somebody to signal.
  asio::signal_set signals(app.runtime().executor(), SIGTERM, SIGINT, SIGHUP);
  app.set_ready(true);
  app.start_chores();
  fmt::print("Gibsey is ready at {}\n", fmt::join(*addresses, " and "));
  std::fflush(stdout);
  if (!app.runtime().wait(run_until_told(app, server, signals))) {
    log::warn("a store does not answer, so that turns have not ended: the next start ends them");
    // Their calls come back to what would be gone.
    std::fflush(nullptr);
    std::_Exit(0);
  }
  app.stop_chores();
  return 0;
}

}  // namespace gibsey::app
