#pragma once
#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/server_client.hpp"

namespace gibsey::app {

/// Does it at the server where one runs on the data folder, at the folder itself where none does; `remote` takes a ServerClient,
/// `local` an Application, both give a Result<void>. Returns the command's exit code, errors told.
template <typename Remote, typename Local>
int on_server_or_file(const Place& place, Remote&& remote, Local&& local) {
  auto server = ServerClient::find(place.config);
  if (!server) return complain(server.error());
  if (*server) {
    const auto done = remote(**server);
    return done ? 0 : complain(done.error());
  }
  const auto app = Application::open(place.config, place.installation, {.exclusive = true});
  if (!app) return complain(app.error());
  const auto done = local(**app);
  return done ? 0 : complain(done.error());
}

}  // namespace gibsey::app
