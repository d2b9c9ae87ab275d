#include "app/server_client.hpp"

#include "app/terminal.hpp"
#include "net/http_client.hpp"
#include "net/sse.hpp"
#include "store/sqlite/folder_lock.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

namespace gibsey::app {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr auto kAnswerTime = std::chrono::seconds(30);
constexpr auto kTurnTime = std::chrono::minutes(10);

/// Runs one coroutine on this thread.
template <typename T>
Result<T> wait(asio::awaitable<Result<T>> work) {
  asio::io_context context(1);
  auto result = asio::co_spawn(context, std::move(work), asio::use_future);
  context.run();
  return result.get();
}

/// What an answer that is not 200 says, as a person may read it.
Error explain(int status, const std::string& body) {
  const auto parsed = json::parse(body, nullptr, false);
  if (status == 402 && parsed.is_object()) {
    return {ErrorCode::forbidden,
            fmt::format("this question needs {} credits and you have {}; `gibsey credit grant USER N` gives more",
                        parsed.value("needed", 0), parsed.value("available", std::int64_t{0}))};
  }
  const auto detail = parsed.is_object() ? parsed.value("detail", std::string()) : std::string();
  return {status == 404 || status == 422 ? ErrorCode::not_found : ErrorCode::unavailable,
          detail.empty() ? fmt::format("the server answered {}", status) : detail};
}

asio::awaitable<Result<json>> call(std::string method, std::string url, std::string body) {
  net::HttpClientRequest request{.method = std::move(method),
                                 .url = std::move(url),
                                 .headers = {{"Content-Type", "application/json"}},
                                 .body = std::move(body)};
  GIBSEY_CO_TRY(const auto exchange, co_await net::send_http(std::move(request), {}, Deadline::after(kAnswerTime)));
  GIBSEY_CO_TRY(const auto text, co_await exchange->read_all());
  if (exchange->status() / 100 != 2) co_return std::unexpected(explain(exchange->status(), text));
  if (text.empty()) co_return json();
  auto parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) co_return fail(ErrorCode::corrupt, "the server's answer is no JSON; is it another program?");
  co_return parsed;
}

/// What the printer shows of a named event; nothing for the others.
std::optional<model::TurnEvent> decode_event(const std::string& type, const std::string& text) {
  if (type == "message") return model::TokenText{text};
  const auto data = json::parse(text, nullptr, false);
  if (data.is_discarded()) return std::nullopt;
  if (type == "sources") {
    model::SourcesFound found;
    for (const auto& source : data)
      found.sources.push_back({.page_id = source.value("page_id", std::string()), .label = source.value("label", std::string())});
    return found;
  }
  if (type == "quote") {
    model::QuoteClosed closed;
    closed.quote.page_id = data.value("page_id", std::string());
    closed.quote.label = data.value("label", std::string());
    closed.quote.title = data.value("title", std::string());
    closed.quote.origin = model::parse_quote_origin(data.value("origin", std::string())).value_or(model::QuoteOrigin::model);
    return closed;
  }
  if (type == "ledger") {
    return model::LedgerSettled{{.held = data.value("held", 0),
                                 .charged = data.value("charged", 0),
                                 .released = data.value("released", 0),
                                 .balance = data.value("balance", std::int64_t{0}),
                                 .rule = data.value("rule", std::string())}};
  }
  if (type == "error")
    return model::TurnFailed{.code = data.value("code", std::string()), .message = data.value("message", std::string())};
  return std::nullopt;
}

asio::awaitable<Result<bool>> stream_turn(std::string url, std::string body, TurnPrinter printer) {
  net::HttpClientRequest request{
      .method = "POST", .url = std::move(url), .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
  GIBSEY_CO_TRY(const auto exchange, co_await net::send_http(std::move(request), {}, Deadline::after(kTurnTime)));
  if (exchange->status() != 200) {
    GIBSEY_CO_TRY(const auto text, co_await exchange->read_all());
    co_return std::unexpected(explain(exchange->status(), text));
  }
  net::SseReader reader;
  for (;;) {
    GIBSEY_CO_TRY(auto piece, co_await exchange->read());
    if (!piece) co_return !printer.failed();
    std::vector<net::SseEvent> events;
    GIBSEY_CO_CHECK(reader.feed(*piece, events));
    for (const auto& event : events) {
      if (const auto decoded = decode_event(event.type, event.data)) printer.show(*decoded);
    }
  }
}

/// RFC 3986: everything but the unreserved characters.
std::string encoded(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) {
    const bool plain = std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return out;
}

Account account_of(const json& answer) {
  Account account{.balance = answer.value("balance", std::int64_t{0})};
  for (const auto& entry : answer.value("entries", json::array())) {
    account.entries.push_back({.created = entry.value("created", std::string()),
                               .kind = entry.value("kind", std::string()),
                               .amount = entry.value("amount", std::int64_t{0}),
                               .balance = entry.value("balance", std::int64_t{0}),
                               .reason = entry.value("reason", std::string())});
  }
  return account;
}

std::string page_url(const std::string& address, const std::string& world, const std::string& id) {
  return fmt::format("{}/pages/{}?world={}", address, encoded(id), encoded(world));
}

model::Page page_of(const json& answer) {
  return {.world = answer.value("world", std::string()),
          .id = answer.value("id", std::string()),
          .text = answer.value("text", std::string()),
          .version = answer.value("version", std::int64_t{0})};
}

model::NightlyRun run_of(const json& answer) {
  const auto text = [&answer](const char* name) {
    const auto& value = answer.at(name);
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  const auto& counts = answer.at("counts");
  using enum model::RunStatus;
  const auto status = text("status");
  return {.id = text("run_id"),
          .world = text("world"),
          .trigger = text("trigger"),
          .status = status == to_string(done)     ? done
                    : status == to_string(failed) ? failed
                                                  : running,
          .attempts = answer.value("attempts", 0),
          .counts = {.clusters = counts.value("clusters", 0),
                     .written = counts.value("written", 0),
                     .extractive = counts.value("extractive", 0),
                     .unchanged = counts.value("unchanged", 0),
                     .retired = counts.value("retired", 0),
                     .left_over = counts.value("left_over", 0)},
          .error = text("error"),
          .started = 0};
}

model::Note note_of(const json& answer) {
  const bool extract = answer.value("kind", std::string()) == to_string(model::NoteKind::extract);
  return {.world = answer.value("world", std::string()),
          .id = answer.value("id", std::string()),
          .chapter = answer.value("chapter", std::string()),
          .version = answer.value("version", std::int64_t{0}),
          .kind = extract ? model::NoteKind::extract : model::NoteKind::written,
          .text = answer.value("text", std::string())};
}

}  // namespace

Result<std::optional<ServerClient>> ServerClient::find(const Config& config) {
  GIBSEY_TRY(const auto holder, store::FolderLock::find_holder(config.data));
  if (!holder || holder->address.empty()) return std::optional<ServerClient>();
  return ServerClient(holder->address);
}

Result<bool> ServerClient::ask(const std::string& user, const std::string& character, const std::string& text) {
  std::string name = "The narrator";
  std::string color;
  if (!character.empty()) {
    const auto found = wait(call("GET", address_ + "/characters/" + encoded(character), ""));
    if (!found && found.error().code == ErrorCode::not_found) {
      return fail(ErrorCode::not_found, fmt::format("there is no character '{}'; `gibsey character list` shows them", character));
    }
    if (!found) return std::unexpected(found.error());
    name = found->value("display_name", character);
    color = found->value("color_hex", std::string());
  }
  const json body = {{"user_id", user}, {"char_id", character}, {"text", text}};
  return wait(stream_turn(address_ + "/ask", body.dump(), TurnPrinter(stdout, name, color)));
}

Result<std::int64_t> ServerClient::grant(const std::string& user, std::int64_t amount) {
  const json body = {{"user_id", user}, {"amount", amount}};
  GIBSEY_TRY(const auto answer, wait(call("POST", address_ + "/credit", body.dump())));
  return answer.value("balance", std::int64_t{0});
}

Result<Account> ServerClient::account(const std::string& user) {
  GIBSEY_TRY(const auto answer, wait(call("GET", address_ + "/ledger/" + encoded(user), "")));
  return account_of(answer);
}

Result<model::Page> ServerClient::page(const std::string& world, const std::string& id, std::int64_t version) {
  const auto which = version > 0 ? fmt::format("&version={}", version) : std::string();
  GIBSEY_TRY(const auto answer, wait(call("GET", page_url(address_, world, id) + which, "")));
  return page_of(answer);
}

Result<model::Page> ServerClient::put_page(const ingest::PageEdit& edit) {
  json body = json::object();
  if (edit.text) body["text"] = *edit.text;
  if (edit.source) body["source"] = *edit.source;
  if (edit.title) body["title"] = *edit.title;
  GIBSEY_TRY(const auto answer, wait(call("PUT", page_url(address_, edit.world, edit.id), body.dump())));
  return page_of(answer);
}

Result<void> ServerClient::remove_page(const std::string& world, const std::string& id) {
  GIBSEY_CHECK(wait(call("DELETE", page_url(address_, world, id), "")));
  return {};
}

Result<std::string> ServerClient::start_nightly(const std::string& world, bool force) {
  json body = {{"force", force}};
  if (!world.empty()) body["world"] = world;
  GIBSEY_TRY(const auto answer, wait(call("POST", address_ + "/v1/jobs/nightly/run", body.dump())));
  return answer.value("run_id", std::string());
}

Result<model::NightlyRun> ServerClient::nightly_run(const std::string& id) {
  GIBSEY_TRY(const auto answer, wait(call("GET", address_ + "/v1/jobs/nightly/runs/" + encoded(id), "")));
  return run_of(answer);
}

Result<std::vector<model::NightlyRun>> ServerClient::nightly_runs() {
  GIBSEY_TRY(const auto answer, wait(call("GET", address_ + "/v1/jobs/nightly/runs", "")));
  std::vector<model::NightlyRun> runs;
  for (const auto& run : answer.at("runs")) runs.push_back(run_of(run));
  return runs;
}

Result<std::vector<model::Note>> ServerClient::notes(const std::string& world, const std::string& page) {
  std::vector<model::Note> notes;
  std::string after;
  while (true) {
    const auto of_page = page.empty() ? std::string() : "&page_id=" + encoded(page);
    GIBSEY_TRY(const auto answer,
               wait(call("GET", fmt::format("{}/v1/notes?world={}&after={}{}", address_, encoded(world), after, of_page), "")));
    for (const auto& note : answer.at("notes")) notes.push_back(note_of(note));
    if (!answer.at("next").is_string()) return notes;
    after = answer.at("next").get<std::string>();
  }
}

Result<model::Note> ServerClient::note(const std::string& id, std::int64_t version) {
  const auto which = version > 0 ? fmt::format("/versions/{}", version) : std::string();
  GIBSEY_TRY(const auto answer, wait(call("GET", address_ + "/v1/notes/" + encoded(id) + which, "")));
  return note_of(answer);
}

Result<model::Note> ServerClient::revert_note(const std::string& id, std::int64_t version) {
  const json body = {{"version", version}};
  GIBSEY_TRY(const auto answer, wait(call("POST", address_ + "/v1/notes/" + encoded(id) + "/revert", body.dump())));
  return note_of(answer);
}

}  // namespace gibsey::app
