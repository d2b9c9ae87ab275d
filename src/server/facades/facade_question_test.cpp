#include "server/facades/facade_question.hpp"

#include <gtest/gtest.h>

namespace gibsey::server {
namespace {

Field<chat::Question> talk_of(const char* messages) {
  chat::Question question;
  auto talk = read_messages({{"messages", Json::parse(messages)}}, "messages");
  if (!talk) return std::unexpected(std::move(talk).error());
  if (auto taken = take_talk(*std::move(talk), "messages", question); !taken) return std::unexpected(std::move(taken).error());
  return question;
}

int refused(const char* messages) {
  const auto question = talk_of(messages);
  return question ? 200 : question.error().status;
}

TEST(FacadeQuestion, AModelsNameSaysWorldAndCharacter) {
  struct Row {
    const char* name;
    const char* world;
    const char* character;
  };
  for (const auto& [name, world, character] :
       {Row{"arieol", "", "arieol"}, Row{"arieol:latest", "", "arieol"}, Row{"tower/arieol", "tower", "arieol"},
        Row{"gibsey", "", ""}, Row{"gibsey:latest", "", ""}, Row{"tower/", "tower", ""}, Row{"tower/narrator", "tower", ""},
        Row{"tower/gibsey", "tower", "gibsey"}, Row{"narrator", "", "narrator"}}) {
    chat::Question question;
    choose_model(name, question);
    EXPECT_EQ(question.world, world) << name;
    EXPECT_EQ(question.character_id, character) << name;
  }
}

TEST(FacadeQuestion, TheTalkBecomesSystemHistoryAndQuestion) {
  const auto question = talk_of(R"([
    {"role":"system","content":"Be brief."}, {"role":"user","content":"One"}, {"role":"user","content":"and two"},
    {"role":"assistant","content":"Three."}, {"role":"developer","content":[{"type":"text","text":"And kind."}]},
    {"role":"user","content":[{"type":"text","text":"Four"},{"type":"input_text","text":"five"}]}])");
  ASSERT_TRUE(question);
  EXPECT_EQ(question->client_system, "Be brief.\n\nAnd kind.");
  EXPECT_EQ(question->text, "Four\n\nfive");
  ASSERT_TRUE(question->history);
  ASSERT_EQ(question->history->size(), 1U);
  EXPECT_EQ(question->history->front().question, "One\n\nand two");
  EXPECT_EQ(question->history->front().reply, "Three.");
}

TEST(FacadeQuestion, AGreetingIsKeptAndAnEmptyReplyIsNot) {
  const auto question = talk_of(R"([{"role":"assistant","content":"Welcome."}, {"role":"user","content":"Who?"},
    {"role":"assistant","content":null}, {"role":"user","content":"Really?"}])");
  ASSERT_TRUE(question);
  ASSERT_EQ(question->history->size(), 1U);
  EXPECT_FALSE(question->history->front().question.empty());
  EXPECT_EQ(question->history->front().reply, "Welcome.");
  EXPECT_EQ(question->text, "Really?");
}

TEST(FacadeQuestion, WithoutEarlierMessagesTheHistoryIsEmptyAndNotTheRecord) {
  const auto question = talk_of(R"([{"role":"user","content":"Who?"}])");
  ASSERT_TRUE(question && question->history);
  EXPECT_TRUE(question->history->empty());
}

TEST(FacadeQuestion, WhatCannotBeReadIsRefused) {
  EXPECT_EQ(refused(R"([])"), 422);
  EXPECT_EQ(refused(R"("hello")"), 422);
  EXPECT_EQ(refused(R"([7])"), 422);
  EXPECT_EQ(refused(R"([{"role":"system","content":"alone"}])"), 422);
  EXPECT_EQ(refused(R"([{"role":"user"}])"), 422);
  EXPECT_EQ(refused(R"([{"role":"judge","content":"x"}])"), 422);
  EXPECT_EQ(refused(R"([{"role":"user","content":" "}])"), 422);
  EXPECT_EQ(refused(R"([{"role":"user","content":7}])"), 422);
  EXPECT_EQ(refused(R"([{"role":"user","content":[{"type":"text"}]}])"), 422);
  EXPECT_EQ(refused(R"([{"role":"user","content":[{"type":"image_url","image_url":{}}]}])"), 400);
  EXPECT_EQ(refused(R"([{"role":"user","content":"x","images":["abc"]}])"), 400);
  EXPECT_EQ(refused(R"([{"role":"tool","content":"x"},{"role":"user","content":"x"}])"), 400);
  EXPECT_EQ(refused(R"([{"role":"assistant","content":null,"tool_calls":[{}]},{"role":"user","content":"x"}])"), 400);
  EXPECT_EQ(refused(R"([{"role":"user","content":"x"},{"role":"assistant","content":"I began"}])"), 400);
  EXPECT_EQ(refused(("[{\"role\":\"user\",\"content\":\"" + std::string(8001, 'x') + "\"}]").c_str()), 422);
}

TEST(FacadeQuestion, StopsAreATextOrAList) {
  chat::Question question;
  EXPECT_TRUE(take_stop({{"stop", "END"}}, "stop", question));
  EXPECT_TRUE(take_stop({{"stop", {"\n\n", ""}}}, "stop", question));
  EXPECT_TRUE(take_stop({{"stop", nullptr}}, "stop", question));
  EXPECT_EQ(question.stop, (std::vector<std::string>{"END", "\n\n"}));
  EXPECT_FALSE(take_stop({{"stop", 7}}, "stop", question));
  EXPECT_FALSE(take_stop({{"stop", std::vector<std::string>(17, "x")}}, "stop", question));
}

}  // namespace
}  // namespace gibsey::server
