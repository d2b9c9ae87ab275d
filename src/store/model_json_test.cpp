#include "store/model_json.hpp"

#include "store/testing/same_fields.hpp"
#include "store/testing/sample_characters.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace gibsey::store {
namespace {

using testing::same;

TEST(ModelJsonTest, a_character_comes_back_with_every_field) {
  auto given = testing::sample_character("arieol", {"owl"});
  given.world = "tower";
  ASSERT_EQ(testing::unset_fields(given), std::vector<std::size_t>());
  model::Character read;
  ASSERT_TRUE(decode(encode(given), read));
  EXPECT_TRUE(same(read, given));
  const model::Character plain;
  ASSERT_TRUE(decode(encode(plain), read));
  EXPECT_TRUE(same(read, plain));
}

TEST(ModelJsonTest, a_narrator_of_form_1_takes_defaults) {
  // As the program of form 1 wrote it.
  const std::string text =
      R"({"aliases":["teller"],"blurb":"tells","color_hex":"#102030","display_name":"The narrator","greeting":"Hello","id":"",)"
      R"("lead_ins":["Once"],"samples":[{"reply":"Nobody.","user":"Who?"}],"system_prompt":"You tell.","tone":"dry",)"
      R"("unknown":["The book is silent."],"world":"tower"})";
  model::Character expected{.world = "tower",
                            .id = "",
                            .aliases = {"teller"},
                            .display_name = "The narrator",
                            .color_hex = "#102030",
                            .tone = "dry",
                            .blurb = "tells",
                            .greeting = "Hello",
                            .system_prompt = "You tell.",
                            .samples = {{.user = "Who?", .reply = "Nobody."}},
                            .lead_ins = {"Once"},
                            .unknown = {"The book is silent."}};
  model::Character read;
  ASSERT_TRUE(decode(text, read));
  EXPECT_TRUE(same(read, expected));
}

TEST(ModelJsonTest, an_empty_profile_has_the_defaults_of_its_source) {
  model::PersonalityProfile read;
  ASSERT_TRUE(decode("{}", read));
  EXPECT_TRUE(same(read, model::PersonalityProfile()));
  EXPECT_EQ(read.energy, "moderate");
}

TEST(ModelJsonTest, what_is_no_number_is_stored_as_0) {
  model::Sentiment read;
  ASSERT_TRUE(decode(encode(model::Sentiment{.compound = std::numeric_limits<double>::quiet_NaN(), .neutral = 0.1}), read));
  EXPECT_TRUE(same(read, model::Sentiment{.neutral = 0.1}));
}

TEST(ModelJsonTest, what_is_damaged_is_corrupt) {
  model::Character character;
  for (const auto* text : {"", "[", "[]", R"({"aliases":7})", R"({"personality":null})"}) {
    const auto done = decode(text, character);
    ASSERT_FALSE(done) << text;
    EXPECT_EQ(done.error().code, ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace gibsey::store
