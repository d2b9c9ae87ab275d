#include "server/testing/server_fixture.hpp"

#include "base/ids.hpp"
#include "retrieval/chunks.hpp"

#include <fmt/format.h>

#include <fstream>
#include <future>

namespace gibsey::server::testing {
namespace {

/// Runs a coroutine of the stores to its end.
template <typename T>
T wait(boost::asio::awaitable<Result<T>> operation) {
  boost::asio::io_context context;
  auto result = boost::asio::co_spawn(context, std::move(operation), boost::asio::use_future);
  context.run();
  auto value = result.get();
  if (!value) throw std::runtime_error(value.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(value);
}

model::PageContent make_page(const std::string& world, const std::string& id, int order, const std::string& text) {
  model::PageContent content;
  content.page = {.world = world,
                  .id = id,
                  .label = id,
                  .title = "Title " + id,
                  .chapter = "One",
                  .text = text,
                  .source = "",
                  .voice = "arieol",
                  .order = order,
                  .version = 0,
                  .content_hash = text,
                  .updated = 0};
  auto chunks = retrieval::cut_page(content.page, "en");
  content.passages = std::move(chunks.passages);
  content.quotes = std::move(chunks.quotes);
  return content;
}

model::Character make_character(const std::string& world, const std::string& id, const std::string& name) {
  model::Character character;
  character.world = world;
  character.id = id;
  character.aliases = {id + "-alias"};
  character.display_name = name;
  character.color_hex = "#5F9EA0";
  character.tone = id == "todd" ? "direct" : "";
  character.system_prompt = "You are " + name + ".";
  return character;
}

void fill(store::MemoryPageStore& pages) {
  std::vector<model::PageContent> tower;
  for (int i = 1; i <= 12; ++i) {
    tower.push_back(make_page(
        "tower", std::to_string(i), i - 1,
        fmt::format("Stair number {} turned slowly in the dark and nobody counted it. The lamp of floor {} was green that night.",
                    i, i)));
  }
  tower[6] = make_page(
      "tower", "7", 6,
      "Arieol climbed the tower because the bells had forgotten her name. She took the brass key and did not look back.");
  tower.push_back(
      make_page("tower", "epilogue", 12, "The door stayed open until the last visitor had gone home through the rain."));
  std::vector<model::PageContent> annex;
  for (int i = 1; i <= 3; ++i)
    annex.push_back(make_page("annex", fmt::format("{:03}", i), i - 1,
                              fmt::format("The annex keeps ledger {} under glass for the patient reader.", i)));
  model::World tower_world{.name = "tower", .title = "The Tower"};
  tower_world.narrator.display_name = "The Narrator";
  wait(pages.put_world(tower_world));
  wait(pages.put_world({.name = "annex", .title = "The Annex"}));
  wait(pages.put_pages(tower, true));
  wait(pages.put_pages(annex, true));
  wait(pages.replace_characters(
      "tower", {make_character("tower", "arieol", "Arieol Owlist"), make_character("tower", "todd", "Todd Fishbone")}));
  wait(pages.replace_characters("annex", {make_character("annex", "princhetta", "Princhetta")}));
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

}  // namespace

ServerTest::ServerTest(AuthSettings auth) : folder_(std::filesystem::temp_directory_path() / ("gibsey-page-" + random_id())) {
  fill(pages_);
  wait(retriever_.load("tower"));
  wait(retriever_.load("annex"));
  follower_.start(wait(pages_.last_change()));
  write_file(folder_ / "index.html", "<!doctype html><title>Gibsey</title>");
  write_file(folder_ / "assets/index-1a2b3c.js", "console.log(1)");
  write_file(folder_ / ".secret", "no");
  health_.version = "9.9.9";
  health_.worlds = {{"tower", "The Tower", 13, 13}};
  health_.provider = "scripted";
  health_.model = "script";
  page_ = std::make_unique<StaticFiles>(folder_);
  auth_.emplace(*Authenticator::make(std::move(auth)));
  Services services{.pages = pages_,
                    .characters = pages_,
                    .ledger = ledger_,
                    .turn_store = turn_store_,
                    .usage = turn_store_,
                    .recall_store = turn_store_,
                    .recall = *recall_,
                    .sentiments = nullptr,
                    .passages = retriever_,
                    .editor = editor_,
                    .follower = follower_,
                    .turns = turns_,
                    .models = models_,
                    .auth = *auth_,
                    .conversations = conversations_,
                    .sessions = sessions_,
                    .metrics = metrics_,
                    .page = *page_,
                    .health = [this] { return health_; },
                    .keep_alive = std::chrono::milliseconds(50),
                    .embedder = &embedder_};
  handler_ = make_http_handler(std::move(services), {{}, {"https://front.example"}});
  server_ = std::make_unique<net::testing::ServerThread>(*handler_);
}

ServerTest::~ServerTest() {
  // In the order of the program: the turns end, then the server; a wait for an event holds the server's executor.
  turns_.close_all();
  follower_.stop();
  server_.reset();
  follower_.wait();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ServerTest::expect_problem(const net::testing::RawResponse& response, int status, const std::string& detail_part,
                                const std::string& field) {
  EXPECT_EQ(response.status, status) << response.body;
  EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
  const auto body = Json::parse(response.body, nullptr, false);
  ASSERT_TRUE(body.is_object()) << response.body;
  EXPECT_EQ(body["status"], status);
  EXPECT_TRUE(body["type"].is_string() && body["title"].is_string());
  EXPECT_NE(body["detail"].get<std::string>().find(detail_part), std::string::npos) << response.body;
  if (!field.empty()) EXPECT_EQ(body.value("field", ""), field) << response.body;
}

}  // namespace gibsey::server::testing
