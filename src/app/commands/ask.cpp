#include "app/application.hpp"
#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/server_client.hpp"
#include "app/terminal.hpp"

#include <fmt/format.h>

namespace gibsey::app {

namespace asio = boost::asio;

namespace {

struct Speaker {
  std::string name;
  std::string color_hex;
};

asio::awaitable<Result<Speaker>> find_speaker(Application& app, std::string id) {
  if (id.empty()) {
    GIBSEY_CO_TRY(const auto worlds, co_await app.pages().list_worlds());
    if (worlds.empty()) co_return fail(ErrorCode::not_found, "no world is loaded yet: ingest one first");
    co_return Speaker{worlds.front().narrator.display_name, worlds.front().narrator.color_hex};
  }
  GIBSEY_CO_TRY(const auto character, co_await app.characters().find_character("", id));
  if (!character)
    co_return fail(ErrorCode::not_found, fmt::format("there is no character '{}'; `gibsey character list` shows them", id));
  co_return Speaker{character->display_name, character->color_hex};
}

asio::awaitable<Result<bool>> follow(Application& app, chat::Question question, TurnPrinter printer) {
  GIBSEY_CO_TRY(auto started, co_await app.turns().start(std::move(question)));
  if (const auto* refused = std::get_if<chat::CreditsRefused>(&started)) {
    co_return fail(ErrorCode::forbidden,
                   fmt::format("this question needs {} credits and you have {}; `gibsey credit grant USER N` gives more",
                               refused->needed, refused->available));
  }
  if (std::holds_alternative<chat::Busy>(started))
    co_return fail(ErrorCode::busy, "too many questions at once; try again in a moment");
  const auto turn = std::get<std::shared_ptr<chat::RunningTurn>>(started);
  for (std::int64_t seq = 0;;) {
    const auto next = co_await turn->next_after(seq);
    if (!next) co_return !printer.failed();
    seq = next->seq;
    printer.show(next->event);
  }
}

Result<bool> ask_here(const Place& place, const AskOptions& options, const std::string& character) {
  GIBSEY_TRY(const auto app, Application::open(place.config, place.installation,
                                               {.turns = true, .chat_model = true, .exclusive = true, .worlds = true}));
  GIBSEY_TRY(const auto speaker, app->runtime().wait(find_speaker(*app, character)));
  chat::Question question{.user_id = options.user, .character_id = character, .text = options.text};
  return app->runtime().wait(follow(*app, std::move(question), TurnPrinter(stdout, speaker.name, speaker.color_hex)));
}

}  // namespace

int ask(const Place& place, const AskOptions& options) {
  const auto character = options.character == "narrator" ? std::string() : options.character;
  auto server = ServerClient::find(place.config);
  if (!server) return complain(server.error());
  const auto answered = *server ? (*server)->ask(options.user, character, options.text) : ask_here(place, options, character);
  if (!answered) return complain(answered.error());
  return *answered ? 0 : 1;
}

}  // namespace gibsey::app
