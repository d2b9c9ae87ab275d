#include "server/test_page.hpp"

#include "base/deadline.hpp"
#include "server/json_response.hpp"

#include <chrono>

namespace gibsey::server {
namespace {

constexpr auto kTestTime = std::chrono::seconds(30);
constexpr int kTestTokens = 24;

constexpr const char* kPage = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gibsey: WebSocket test</title>
<link rel="icon" href="data:,">
<style>
  body { font: 16px/1.5 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #faf8f4; }
  form { display: grid; grid-template-columns: 10rem 1fr auto auto; gap: .5rem; }
  input, select, button { font: inherit; padding: .4rem .6rem; }
  #reply { min-height: 6rem; white-space: pre-wrap; border-left: 4px solid #5f9ea0; padding: .5rem 1rem; background: #fff; }
  #log { font: 13px/1.4 monospace; max-height: 14rem; overflow: auto; background: #222; color: #ddd; padding: .75rem; }
</style>
<h1>WebSocket test</h1>
<p>Session <code id="session"></code>: <strong id="state">connecting</strong></p>
<form id="ask">
  <select id="character" aria-label="Character"></select>
  <input id="prompt" aria-label="Question" value="What is consciousness?" required maxlength="8000">
  <button id="send">Ask</button>
  <button id="stop" type="button">Stop</button>
</form>
<h2>Reply</h2>
<div id="reply" aria-live="polite"></div>
<h2>Messages</h2>
<div id="log"></div>
<script>
  const byId = (id) => document.getElementById(id);
  const session = new URLSearchParams(location.search).get('session') || 'test-' + Math.random().toString(36).slice(2, 10);
  const address = (location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + '/ws/' + encodeURIComponent(session);
  let response = null;
  let failed = false;
  byId('session').textContent = session;
  const note = (text) => { const line = document.createElement('div'); line.textContent = text; byId('log').append(line); line.scrollIntoView(); };
  const socket = new WebSocket(address);
  socket.onopen = () => { byId('state').textContent = 'connected'; };
  socket.onclose = (event) => { byId('state').textContent = 'closed (' + event.code + ')'; };
  socket.onmessage = (event) => {
    const { type, data } = JSON.parse(event.data);
    note(event.data);
    if (type === 'ai_response_stream') {
      if (response !== data.response_id) { response = data.response_id; byId('reply').textContent = ''; }
      byId('reply').textContent += data.token;
      if (!failed) byId('state').textContent = data.is_complete ? 'complete' : 'answering';
    }
    if (type === 'error') { failed = true; byId('state').textContent = data.message; }
  };
  byId('ask').onsubmit = (event) => {
    event.preventDefault();
    failed = false;
    socket.send(JSON.stringify({ type: 'ai_chat_request', data: { prompt: byId('prompt').value, character_id: byId('character').value } }));
  };
  byId('stop').onclick = () => socket.send(JSON.stringify({ type: 'ai_chat_stop', data: { response_id: response } }));
  fetch('/characters').then((answer) => answer.json()).then((list) => {
    for (const { char_id, display_name } of list.filter((one) => one.char_id)) byId('character').append(new Option(display_name, char_id));
    byId('character').value = 'london-fox';
    if (byId('character').selectedIndex < 0) byId('character').selectedIndex = 0;
  });
</script>
</html>
)html";

double ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

struct Trial {
  std::string text;
  int tokens = 0;
  double first_token_ms = 0;
};

boost::asio::awaitable<Result<Trial>> try_model(provider::ChatModel& model) {
  const auto start = std::chrono::steady_clock::now();
  provider::ChatRequest request;
  request.messages = {{provider::Role::user, "Say hello in one short sentence."}};
  request.max_tokens = kTestTokens;
  request.user_id = "test-llm-debug";
  request.deadline = Deadline::after(kTestTime);
  GIBSEY_CO_TRY(const auto stream, co_await model.start(std::move(request)));
  Trial trial;
  while (true) {
    GIBSEY_CO_TRY(const auto piece, co_await stream->next());
    if (!piece) break;
    if (trial.tokens++ == 0) trial.first_token_ms = ms_since(start);
    trial.text += *piece;
  }
  co_return trial;
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> test_page(const Services&, RouteRequest&) {
  co_return net::HttpResponse{200, {{"Content-Type", "text/html; charset=utf-8"}}, kPage};
}

boost::asio::awaitable<net::HttpResponse> test_model(const Services& services, RouteRequest&) {
  const auto start = std::chrono::steady_clock::now();
  auto& model = services.models.preferred();
  const auto trial = co_await try_model(model);
  auto available = Json::array();
  for (const auto& provider : services.models.states()) {
    const bool answered = provider.name != model.provider() || trial;
    if (provider.status == "ready" && answered) available.push_back(provider.name);
  }
  Json body{{"status", trial ? "success" : "error"},
            {"available_providers", std::move(available)},
            {"provider", model.provider()},
            {"model", model.model()},
            {"test_response", trial ? Json(trial->text) : Json(nullptr)},
            {"token_count", trial ? trial->tokens : 0},
            {"timings", {{"first_token_ms", trial ? trial->first_token_ms : 0.0}, {"total_ms", ms_since(start)}}}};
  if (!trial) body["error"] = trial.error().message;
  co_return json_response(200, body);
}

}  // namespace gibsey::server
