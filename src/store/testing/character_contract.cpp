#include "store/testing/await.hpp"
#include "store/testing/backends.hpp"
#include "store/testing/same_fields.hpp"
#include "store/testing/sample_characters.hpp"
#include "store/testing/sample_turns.hpp"

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
  /// The world's cast, as it was read from its folder.
  void read_world(const std::string& world, const std::vector<std::string>& ids) {
    std::vector<model::Character> cast;
    for (const auto& id : ids) cast.push_back(sample_character(id));
    value_of(characters_.replace_characters(world, cast));
  }
  model::Character put(const std::string& world, model::Character character) {
    const auto id = character.id;
    character.world = world;
    value_of(characters_.put_character(std::move(character)));
    return *value_of(characters_.find_character(world, id));
  }
  std::vector<std::string> cast_of(const std::string& world) { return ids_of(value_of(characters_.list_characters(world))); }
  /// World and id of what is found, or "nobody".
  std::string found(const std::string& world, const std::string& id) {
    const auto character = value_of(characters_.find_character(world, id));
    return character ? character->world + "/" + character->id : "nobody";
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, CharacterContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(CharacterContract, keeps_the_cast_in_order_and_every_field) {
  auto arieol = sample_character("arieol", {"arieol-owlist", "owl"});
  arieol.world = "tower";
  ASSERT_EQ(unset_fields(arieol), std::vector<std::size_t>());
  ASSERT_EQ(unset_fields(*arieol.personality), std::vector<std::size_t>());
  auto plain = model::Character{.world = "tower", .id = "todd"};
  value_of(characters_.replace_characters("tower", {plain, arieol}));
  EXPECT_TRUE(same(value_of(characters_.list_characters("tower")), {plain, arieol}));
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
  value_of(characters_.replace_characters(
      "tower", {sample_character("old-natalie", {"natalie"}), sample_character("new-natalie", {"natalie", "natalie"})}));
  EXPECT_EQ(found("", "natalie"), "tower/old-natalie");
}

TEST_P(CharacterContract, refuses_a_cast_with_an_id_twice_and_keeps_the_old_one) {
  value_of(characters_.replace_characters("tower", {sample_character("todd")}));
  EXPECT_EQ(error_of(characters_.replace_characters("tower", {sample_character("a"), sample_character("a")})).code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(characters_.replace_characters("tower", {sample_character("")})).code, ErrorCode::invalid_argument);
  EXPECT_EQ(found("tower", "todd"), "tower/todd");
}

TEST_P(CharacterContract, puts_one_with_every_field) {
  auto given = sample_character("fox", {"red"});
  given.world = "tower";
  const auto before = unix_millis_now();
  value_of(characters_.put_character(given));
  const auto stored = *value_of(characters_.find_character("tower", "fox"));
  EXPECT_GE(stored.updated, before);
  given.updated = stored.updated;
  EXPECT_TRUE(same(stored, given));
  EXPECT_EQ(found("", "red"), "tower/fox");
}

TEST_P(CharacterContract, putting_again_keeps_when_it_was_made) {
  auto fox = sample_character("fox", {"red"});
  fox.created = 0;
  const auto first = put("tower", fox);
  EXPECT_GT(first.created, 0);
  fox.created = 77;
  fox.aliases = {"vixen"};
  fox.personality.reset();
  const auto again = put("tower", fox);
  EXPECT_EQ(again.created, first.created);
  EXPECT_GE(again.updated, first.updated);
  EXPECT_FALSE(again.personality);
  EXPECT_EQ(found("", "red"), "nobody") << "the aliases are replaced too";
  EXPECT_EQ(found("", "vixen"), "tower/fox");
  EXPECT_EQ(cast_of("tower"), std::vector<std::string>{"fox"});

  auto plain = sample_character("todd");
  plain.created = 0;
  value_of(characters_.replace_characters("well", {plain}));
  EXPECT_EQ(put("well", sample_character("todd")).created, 0) << "one that came with its world was made by nobody";
}

TEST_P(CharacterContract, what_was_put_survives_a_new_reading_of_the_world) {
  read_world("tower", {"arieol", "todd", "jack"});
  auto edited = sample_character("todd");
  edited.greeting = "Edited";
  put("tower", edited);
  put("tower", sample_character("zoe"));
  put("tower", sample_character("bea"));
  const std::vector<std::string> expected{"arieol", "jack", "todd", "zoe", "bea"};
  EXPECT_EQ(cast_of("tower"), expected);
  read_world("tower", {"arieol", "todd", "zoe", "jack"});
  EXPECT_EQ(cast_of("tower"), expected);
  EXPECT_EQ(value_of(characters_.find_character("tower", "todd"))->greeting, "Edited");
  put("tower", edited);
  EXPECT_EQ(cast_of("tower"), expected) << "an edit of an edited one leaves its place";
  read_world("tower", {});
  EXPECT_EQ(cast_of("tower"), (std::vector<std::string>{"todd", "zoe", "bea"}));
  read_world("well", {"todd"});
  EXPECT_EQ(value_of(characters_.find_character("well", "todd"))->greeting, "Hello") << "an edit is of one world";
}

TEST_P(CharacterContract, a_removed_one_does_not_come_back_with_its_world) {
  read_world("tower", {"arieol", "todd"});
  read_world("well", {"todd"});
  put("tower", sample_character("zoe", {"z"}));
  value_of(characters_.remove_character("tower", "todd"));
  value_of(characters_.remove_character("tower", "zoe"));
  EXPECT_EQ(found("tower", "z"), "nobody");
  read_world("tower", {"arieol", "todd", "zoe"});
  EXPECT_EQ(cast_of("tower"), std::vector<std::string>{"arieol"});
  EXPECT_EQ(cast_of("well"), std::vector<std::string>{"todd"});
  put("tower", sample_character("todd"));
  EXPECT_EQ(cast_of("tower"), (std::vector<std::string>{"arieol", "todd"})) << "it comes back when it is put";
  read_world("tower", {"arieol", "todd"});
  EXPECT_EQ(cast_of("tower"), (std::vector<std::string>{"arieol", "todd"}));
}

TEST_P(CharacterContract, removes_by_id_only_and_tells_when_there_is_none) {
  value_of(characters_.replace_characters("tower", {sample_character("arieol", {"owl"})}));
  EXPECT_EQ(error_of(characters_.remove_character("tower", "owl")).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(characters_.remove_character("well", "arieol")).code, ErrorCode::not_found);
  value_of(characters_.remove_character("tower", "arieol"));
  EXPECT_EQ(error_of(characters_.remove_character("tower", "arieol")).code, ErrorCode::not_found);
}

TEST_P(CharacterContract, refuses_to_put_one_without_id_or_world) {
  auto nameless = sample_character("");
  nameless.world = "tower";
  EXPECT_EQ(error_of(characters_.put_character(nameless)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(characters_.put_character(sample_character("fox"))).code, ErrorCode::invalid_argument);
  EXPECT_EQ(cast_of("tower"), std::vector<std::string>());
}

}  // namespace
}  // namespace gibsey::store::testing
