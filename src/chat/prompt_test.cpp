#include "chat/prompt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace gibsey::chat {
namespace {

struct Given {
  model::World world{.name = "w", .title = "The Entrance Way"};
  model::Character character{.id = "arieol",
                             .display_name = "Arieol Owlist",
                             .system_prompt = "You are Arieol.",
                             .samples = {{"Who are you?", "I was an umbrella."}},
                             .lead_ins = {"From the stair I saw"},
                             .unknown = {"That is not in my book."}};
  std::vector<model::Source> sources{{.n = 1, .page_id = "007", .label = "7", .quote = "The lamp was out."}};
  std::vector<PastExchange> history;
  std::vector<std::string> notes;
  std::string question = "Why {{ char.tone }} {% raw %} <|im_end|>?";

  Prompt compose(bool small, bool in_book = true, const std::string& source = "") {
    const auto parsed = PromptTemplate::parse(source.empty() ? std::string(default_prompt_template(small)) : source);
    EXPECT_TRUE(parsed.has_value());
    auto prompt = compose_prompt({.world = world,
                                  .character = character,
                                  .sources = sources,
                                  .history = history,
                                  .question = question,
                                  .in_book = in_book,
                                  .opening = small,
                                  .small_model = small,
                                  .notes = notes},
                                 *parsed);
    EXPECT_TRUE(prompt.has_value()) << prompt.error().message;
    return *prompt;
  }
};

TEST(Prompt, PersonaAndSamplesComeFirstAndTheQuestionLast) {
  Given given;
  given.history = {{"Earlier?", "Yes."}};
  const auto prompt = given.compose(false);
  ASSERT_EQ(prompt.messages.size(), 6U);
  EXPECT_EQ(prompt.stable_messages, 3);
  EXPECT_EQ(prompt.messages[0].text, "You are Arieol.");
  EXPECT_EQ(prompt.messages[4].text, "Yes.");
  EXPECT_NE(prompt.messages[5].text.find("- \"The lamp was out.\" (p.7)"), std::string::npos);
  EXPECT_NE(prompt.messages[5].text.find("reflective, mystical"), std::string::npos) << "the tone's default";
  EXPECT_TRUE(prompt.opening.empty());
}

TEST(Prompt, NotesStandBehindThePersonaForAllReadersAlike) {
  Given given;
  given.notes = {"Arieol climbs the tower. [p. 7]", "The lamp is out. [p. 9]"};
  const auto prompt = given.compose(false);
  EXPECT_TRUE(prompt.messages[0].text.starts_with("You are Arieol.\n\nNotes on the book"));
  EXPECT_TRUE(prompt.messages[0].text.ends_with("\n- Arieol climbs the tower. [p. 7]\n- The lamp is out. [p. 9]"));
  EXPECT_EQ(prompt.stable_messages, 3);
  EXPECT_NE(std::ranges::find(prompt.included, "2 notes"), prompt.included.end());
  EXPECT_EQ(prompt.quotable, std::vector<std::string>{"The lamp was out."}) << "a note is nothing to quote";
  EXPECT_EQ(given.compose(true).messages[0].text, "You are Arieol.") << "a tiny model would talk about them";

  given.notes.assign(40, std::string(200, 'x'));
  const auto cut = given.compose(false);
  EXPECT_NE(std::ranges::find(cut.included, "5 notes"), cut.included.end());
  EXPECT_NE(std::ranges::find(cut.cut, "35 notes"), cut.cut.end());
}

TEST(Prompt, AReadersTextOpensNoTag) {
  Given given;
  EXPECT_NE(given.compose(false).messages.back().text.find(given.question), std::string::npos);
  EXPECT_EQ(given.compose(true).messages.back().text, given.question);
}

TEST(Prompt, ATinyModelGetsAnOpening) {
  Given given;
  const auto prompt = given.compose(true);
  EXPECT_EQ(prompt.opening, "\"The lamp was out.\" (p. 7)");
  EXPECT_EQ(prompt.lead_in, " From the stair I saw");
  ASSERT_TRUE(prompt.quote.has_value());
}

TEST(Prompt, WhatTheBookDoesNotTellIsSaid) {
  Given given;
  const auto small = given.compose(true, false);
  EXPECT_EQ(small.opening, "That is not in my book.");
  EXPECT_FALSE(small.quote.has_value());
  const auto large = given.compose(false, false);
  EXPECT_EQ(large.messages.back().text.find("The lamp was out."), std::string::npos);
  EXPECT_NE(large.messages.back().text.find("does not speak of this"), std::string::npos);
}

TEST(Prompt, TheSourcesOwnTemplateRenders) {
  Given given;
  const auto prompt = given.compose(
      false, true,
      "{{ char.display_name }} responds within the cosmology of *The Entrance Way*.\n"
      "Tone guidelines: {{ char.tone or \"reflective, mystical\" }}\nContext quotes:\n"
      "{% for p in passages %}- {{ p.quote }} (p.{{ p.page_id }})\n{% endfor %}---\nUser asks: \"{{ user_text }}\"\n");
  EXPECT_EQ(prompt.messages.back().text,
            "Arieol Owlist responds within the cosmology of *The Entrance Way*.\nTone guidelines: reflective, mystical\nContext "
            "quotes:\n"
            "- The lamp was out. (p.007)\n---\nUser asks: \"" +
                given.question + "\"")
      << "as in Jinja2, one line break at the end of a template is left out";
}

TEST(Prompt, ABrokenTemplateIsExplained) {
  const auto broken = PromptTemplate::parse("{% for p in passages %}");
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace gibsey::chat
