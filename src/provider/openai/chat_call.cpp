#include "provider/openai/chat_call.hpp"

#include <nlohmann/json.hpp>

namespace gibsey::provider {

namespace {

constexpr std::size_t kMostRefusal = 64 * 1024;

}  // namespace

boost::asio::awaitable<Result<std::unique_ptr<UpstreamReply>>> ask(std::shared_ptr<ChatCall> call) {
  const auto& server = call->model->server();
  call->habits = call->model->habits();
  bool learned = false;
  for (;;) {
    const auto body = chat_body(call->request, server.options(), call->habits);
    auto reply = co_await server.post("/chat/completions", body.dump(), call->deadline, call->unwanted.get_token());
    if (!reply) co_return std::unexpected(server.told(std::move(reply).error()));
    if ((*reply)->status() == 200) {
      if (learned) {
        call->model->learn(
            [&](ModelHabits& habits) { habits.refused.insert(call->habits.refused.begin(), call->habits.refused.end()); });
      }
      co_return std::move(reply);
    }
    const auto answer = (co_await (*reply)->read_all(kMostRefusal)).value_or("");
    // It ends: what is refused is not sent again.
    const auto refused = refused_parameter((*reply)->status(), answer, body);
    if (!refused) co_return std::unexpected(server.refusal(**reply, answer));
    call->habits.refused.insert(*refused);
    learned = true;
  }
}

}  // namespace gibsey::provider
