#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"

#include <string>
#include <vector>

namespace gibsey::store::testing {
namespace {

class CharacterContract : public Contract {
 protected:
  CharacterStore& characters_ = stores_->characters();

  void put_worlds(const std::vector<std::string>& names) {
    for (const auto& name : names) {
      model::World world;
      world.name = name;
      value_of(stores_->pages().put_world(world));
    }
  }
  /// World and id of what is found, or "nobody".
  std::string found(const std::string& world, const std::string& id) {
    const auto character = value_of(characters_.find_character(world, id));
    return character ? character->world + "/" + character->id : "nobody";
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, CharacterContract, ::testing::ValuesIn(backends()), name_of);

model::Character sample_character(const std::string& id, std::vector<std::string> aliases = {}) {
  return {.world = "", .id = id, .aliases = std::move(aliases), .display_name = "Name of " + id, .color_hex = "#5F9EA0",
          .tone = "calm", .blurb = "a blurb", .greeting = "Hello", .system_prompt = "You are " + id,
          .samples = {{.user = "Why?", .reply = "Because."}, {.user = "How?", .reply = "Slowly \u2014 by hand."}},
          .lead_ins = {"I climbed because"}, .unknown = {"The tower does not say.", "Ask the fox."}};
}

TEST_P(CharacterContract, keeps_the_cast_in_order_and_every_field) {
  value_of(characters_.replace_characters(
      "tower", {sample_character("todd"), sample_character("arieol", {"arieol-owlist", "owl"})}));
  const auto cast = value_of(characters_.list_characters("tower"));
  ASSERT_EQ(cast.size(), 2U);
  EXPECT_EQ(cast[0].id, "todd");
  const auto& arieol = cast[1];
  EXPECT_EQ(arieol.world, "tower");
  EXPECT_EQ(arieol.id, "arieol");
  EXPECT_EQ(arieol.aliases, (std::vector<std::string>{"arieol-owlist", "owl"}));
  EXPECT_EQ(arieol.display_name, "Name of arieol");
  EXPECT_EQ(arieol.color_hex, "#5F9EA0");
  EXPECT_EQ(arieol.tone, "calm");
  EXPECT_EQ(arieol.blurb, "a blurb");
  EXPECT_EQ(arieol.greeting, "Hello");
  EXPECT_EQ(arieol.system_prompt, "You are arieol");
  ASSERT_EQ(arieol.samples.size(), 2U);
  EXPECT_EQ(arieol.samples[1].user, "How?");
  EXPECT_EQ(arieol.samples[1].reply, "Slowly \u2014 by hand.");
  EXPECT_EQ(arieol.lead_ins, std::vector<std::string>{"I climbed because"});
  EXPECT_EQ(arieol.unknown, (std::vector<std::string>{"The tower does not say.", "Ask the fox."}));
  EXPECT_TRUE(value_of(characters_.list_characters("nowhere")).empty());
}

TEST_P(CharacterContract, replaces_the_whole_cast_of_one_world) {
  value_of(characters_.replace_characters("tower", {sample_character("todd", {"t"}), sample_character("arieol")}));
  value_of(characters_.replace_characters("well", {sample_character("fox")}));
  value_of(characters_.replace_characters("tower", {sample_character("arieol", {"owl"})}));
  EXPECT_EQ(value_of(characters_.list_characters("tower")).size(), 1U);
  EXPECT_EQ(found("", "todd"), "nobody");
  EXPECT_EQ(found("", "t"), "nobody");
  EXPECT_EQ(found("", "owl"), "tower/arieol");
  EXPECT_EQ(found("", "fox"), "well/fox");
  value_of(characters_.replace_characters("tower", {}));
  EXPECT_TRUE(value_of(characters_.list_characters("tower")).empty());
}

TEST_P(CharacterContract, finds_by_id_or_alias_in_a_world) {
  value_of(characters_.replace_characters("tower", {sample_character("arieol", {"owl"})}));
  value_of(characters_.replace_characters("well", {sample_character("owl")}));
  EXPECT_EQ(found("tower", "arieol"), "tower/arieol");
  EXPECT_EQ(found("tower", "owl"), "tower/arieol");
  EXPECT_EQ(found("well", "owl"), "well/owl");
  EXPECT_EQ(found("well", "arieol"), "nobody");
  EXPECT_EQ(found("nowhere", "owl"), "nobody");
  EXPECT_EQ(found("tower", "OWL"), "nobody");
}

TEST_P(CharacterContract, an_id_wins_over_an_alias_in_every_world) {
  put_worlds({"tower", "well"});
  value_of(characters_.replace_characters("tower", {sample_character("arieol", {"owl"}), sample_character("todd")}));
  value_of(characters_.replace_characters("well", {sample_character("owl")}));
  EXPECT_EQ(found("", "owl"), "well/owl");
  value_of(characters_.replace_characters("tower", {sample_character("arieol", {"todd"}), sample_character("todd")}));
  EXPECT_EQ(found("tower", "todd"), "tower/todd");
}

TEST_P(CharacterContract, searches_worlds_in_the_order_of_their_first_coming) {
  put_worlds({"zoo", "attic"});
  value_of(characters_.replace_characters("attic", {sample_character("fox", {"red"})}));
  value_of(characters_.replace_characters("nowhere", {sample_character("fox", {"red"}), sample_character("ghost")}));
  value_of(characters_.replace_characters("zoo", {sample_character("fox", {"red"})}));
  put_worlds({"zoo"});
  EXPECT_EQ(found("", "fox"), "zoo/fox");
  EXPECT_EQ(found("", "red"), "zoo/fox");
  EXPECT_EQ(found("", "ghost"), "nowhere/ghost") << "a cast without a world's row comes last, but is found";
}

TEST_P(CharacterContract, the_first_of_two_with_one_alias_is_found) {
  value_of(characters_.replace_characters("tower", {sample_character("old-natalie", {"natalie"}),
                                                    sample_character("new-natalie", {"natalie", "natalie"})}));
  EXPECT_EQ(found("", "natalie"), "tower/old-natalie");
}

TEST_P(CharacterContract, refuses_a_cast_with_an_id_twice_and_keeps_the_old_one) {
  value_of(characters_.replace_characters("tower", {sample_character("todd")}));
  EXPECT_EQ(error_of(characters_.replace_characters("tower", {sample_character("a"), sample_character("a")})).code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(characters_.replace_characters("tower", {sample_character("")})).code, ErrorCode::invalid_argument);
  EXPECT_EQ(found("tower", "todd"), "tower/todd");
}

}  // namespace
}  // namespace gibsey::store::testing
