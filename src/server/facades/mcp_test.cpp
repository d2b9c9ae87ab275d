#include "net/sse.hpp"
#include "server/testing/server_fixture.hpp"

namespace gibsey::server {
namespace {

using testing::ServerTest;

class Mcp : public ServerTest {
 protected:
  net::testing::RawResponse send(const Json& message, const std::string& fields = {}) const {
    return post("/mcp", dump(message), "Accept: application/json, text/event-stream\r\n" + fields);
  }
  Json ask(const std::string& method, const Json& params = Json::object()) const {
    return json(send({{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}}));
  }
  Json call(const std::string& tool, const Json& arguments) const {
    return ask("tools/call", {{"name", tool}, {"arguments", arguments}});
  }
  /// What a tool found; the text beside it says the same.
  Json found(const std::string& tool, const Json& arguments) const {
    const auto result = call(tool, arguments)["result"];
    EXPECT_EQ(result["isError"], false) << result;
    EXPECT_EQ(Json::parse(result["content"][0]["text"].get<std::string>()), result["structuredContent"]);
    return result["structuredContent"];
  }
};

TEST_F(Mcp, VersionsAreNegotiated) {
  for (const auto& [wanted, given] :
       {std::pair("2025-03-26", "2025-03-26"), std::pair("2025-06-18", "2025-06-18"), std::pair("1999-01-01", "2025-06-18")}) {
    const auto result = ask("initialize", {{"protocolVersion", wanted}, {"capabilities", Json::object()}})["result"];
    EXPECT_EQ(result["protocolVersion"], given);
    EXPECT_EQ(result["serverInfo"]["name"], "gibsey");
    EXPECT_TRUE(result["capabilities"].contains("tools"));
  }
  const Json ping{{"jsonrpc", "2.0"}, {"id", "p"}, {"method", "ping"}};
  EXPECT_EQ(json(send(ping, "MCP-Protocol-Version: 2025-03-26\r\n")),
            (Json{{"jsonrpc", "2.0"}, {"id", "p"}, {"result", Json::object()}}));
  EXPECT_EQ(send(ping, "MCP-Protocol-Version: 2099-01-01\r\n").status, 400);
}

TEST_F(Mcp, WhatIsNoRequestIsSaidSo) {
  EXPECT_EQ(json(post("/mcp", "{"))["error"]["code"], -32700);
  EXPECT_EQ(post("/mcp", "{").status, 400);
  for (const char* wrong : {"[1]", "7", R"({"id":1,"method":"ping"})", R"({"jsonrpc":"2.0","id":1})",
                            R"({"jsonrpc":"2.0","id":[],"method":"ping"})"}) {
    const auto answer = post("/mcp", wrong);
    EXPECT_EQ(answer.status, 400) << wrong;
    EXPECT_EQ(json(answer)["error"]["code"], -32600) << wrong;
  }
  const auto told = send({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}});
  EXPECT_EQ(told.status, 202);
  EXPECT_EQ(told.body, "");
  EXPECT_EQ(send({{"jsonrpc", "2.0"}, {"id", 4}, {"result", Json::object()}}).status, 202);
  EXPECT_EQ(ask("resources/list")["error"]["code"], -32601);
  EXPECT_EQ(get("/mcp").status, 405);
}

TEST_F(Mcp, EveryToolHasItsSchemas) {
  std::vector<std::string> names;
  const auto tools = ask("tools/list")["result"]["tools"];
  for (const auto& tool : tools) {
    names.push_back(tool["name"]);
    for (const char* schema : {"inputSchema", "outputSchema"}) {
      EXPECT_EQ(tool[schema]["type"], "object");
      for (const auto& name : tool[schema]["required"]) EXPECT_TRUE(tool[schema]["properties"].contains(name.get<std::string>()));
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"search_book", "quote_page", "verify_quote", "ask_character"}));
}

TEST_F(Mcp, TheBookIsSearchedAndRead) {
  const auto search = found("search_book", {{"query", "the brass key and the bells"}, {"k", 2}});
  EXPECT_EQ(search["world"], "tower");
  EXPECT_EQ(search["quotes"][0]["page_id"], "7");
  EXPECT_LE(search["quotes"].size(), 2U);
  const auto& quote = search["quotes"][0];
  const auto part = found("quote_page", {{"page_id", "07"}, {"start", quote["start"]}, {"end", quote["end"]}});
  EXPECT_EQ(part["text"], quote["quote"]);
  EXPECT_EQ(part["page_id"], "7");
  const auto page = found("quote_page", {{"page_id", "7"}, {"end", 100'000}});
  EXPECT_EQ(page["text"].get<std::string>().size(), page["end"].get<std::size_t>());
}

TEST_F(Mcp, QuotationsAreVerifiedAsRepliesAre) {
  const auto told = found("verify_quote", {{"claim", "the bells had  forgotten her name"}, {"page_id", "007"}});
  EXPECT_EQ(told["verbatim"], true);
  EXPECT_EQ(told["page_id"], "7");
  EXPECT_EQ(told["text"], "the bells had forgotten her name");
  const auto invented = found("verify_quote", {{"claim", "the bells remembered her name and the brass key"}});
  EXPECT_EQ(invented["verbatim"], false);
  EXPECT_EQ(invented["page_id"], "7");
  EXPECT_TRUE(invented["text"].is_string());
}

TEST_F(Mcp, WrongParametersAreErrorsAndWhatAToolCannotDoIsAResult) {
  EXPECT_EQ(call("search_book", Json::object())["error"]["code"], -32602);
  EXPECT_EQ(call("search_book", {{"query", "x"}, {"k", 51}})["error"]["code"], -32602);
  EXPECT_EQ(call("quote_page", {{"page_id", "7"}, {"start", 9}, {"end", 3}})["error"]["code"], -32602);
  EXPECT_EQ(call("dance", Json::object())["error"]["code"], -32602);
  EXPECT_EQ(ask("tools/call", {{"name", 7}})["error"]["code"], -32602);
  for (const auto& [tool, arguments] :
       {std::pair<const char*, Json>("search_book", {{"query", "x"}, {"world", "nowhere"}}),
        std::pair<const char*, Json>("quote_page", {{"page_id", "99"}}),
        std::pair<const char*, Json>("ask_character", {{"character", "nobody"}, {"text", "x"}}),
        std::pair<const char*, Json>("ask_character", {{"character", "arieol"}, {"text", "busy"}})}) {
    const auto result = call(tool, arguments)["result"];
    EXPECT_EQ(result["isError"], true) << tool;
    EXPECT_FALSE(result["content"][0]["text"].get<std::string>().empty());
  }
}

TEST_F(Mcp, ACharacterIsAskedWithProgressWhereTheClientWantsIt) {
  turns_.script(
      {model::TurnStarted{"t1", "c1", 5}, model::SourcesFound{{}, "none"}, model::TokenText{"I "}, model::TokenText{"climbed."},
       model::LedgerSettled{{5, 5, 0, 95, "complete: charged in full"}}, model::TurnDone{.turn_id = "t1"}},
      true);
  const auto reply = found("ask_character", {{"character", "arieol"}, {"text", "Why?"}, {"world", "tower"}});
  EXPECT_EQ(reply["reply"], "I climbed.");
  EXPECT_EQ(reply["turn_id"], "t1");
  EXPECT_EQ(turns_.questions().at(0).world, "tower");
  EXPECT_EQ(turns_.questions().at(0).user_id, "anonymous");
  const auto answer = send({{"jsonrpc", "2.0"},
                            {"id", 9},
                            {"method", "tools/call"},
                            {"params",
                             {{"name", "ask_character"},
                              {"arguments", {{"character", "arieol"}, {"text", "Why?"}}},
                              {"_meta", {{"progressToken", "p1"}}}}}});
  EXPECT_EQ(answer.header("Content-Type"), "text/event-stream");
  net::SseReader reader;
  std::vector<net::SseEvent> events;
  ASSERT_TRUE(reader.feed(answer.body, events));
  ASSERT_EQ(events.size(), 3U) << answer.body;
  const auto progress = Json::parse(events[1].data);
  EXPECT_EQ(progress["params"], (Json{{"progressToken", "p1"}, {"progress", 2}, {"message", "climbed."}}));
  EXPECT_EQ(Json::parse(events[2].data)["id"], 9);
  EXPECT_EQ(Json::parse(events[2].data)["result"]["structuredContent"]["reply"], "I climbed.");
}

}  // namespace
}  // namespace gibsey::server
