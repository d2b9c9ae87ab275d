#include "jobs/note_check.hpp"

#include "jobs/note_draft.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gibsey::jobs {
namespace {

using Labels = std::vector<std::string>;

constexpr const char* kPage =
    "Arieol climbed the tower on the 14th of March, because the lamp was lit. \"Who lit the lamp at this hour?\" asked Old "
    "Natalie, "
    "who had counted twenty-one steps. The owlets slept under three umbrellas. In 1874 Mr. Gibsey's builders ran out of stone.";

TEST(NoteDraft, gives_each_sentence_its_citations) {
  const auto draft = read_draft(
      "Arieol climbs the tower [p. 12]. The lamp is lit. [pp. 12, 13] Natalie counts the steps (p. 14), and waits (with the "
      "owl).\n"
      "- **Nobody** answers [12-14].\n2. The stone ends here [xiv].\nThe owls sleep.",
      "en");
  ASSERT_EQ(draft.size(), 6U);
  EXPECT_EQ(draft[0].text, "Arieol climbs the tower.");
  EXPECT_EQ(draft[0].labels, Labels{"12"});
  EXPECT_EQ(draft[1].text, "The lamp is lit.");
  EXPECT_EQ(draft[1].labels, (Labels{"12", "13"}));
  EXPECT_EQ(draft[2].text, "Natalie counts the steps, and waits (with the owl).");
  EXPECT_EQ(draft[2].labels, Labels{"14"});
  EXPECT_EQ(draft[3].text, "Nobody answers.");
  EXPECT_EQ(draft[3].labels, (Labels{"12", "13", "14"}));
  EXPECT_EQ(draft[4].text, "The stone ends here [xiv].") << "letters alone are no page where nothing says so";
  EXPECT_EQ(draft[5].text, "The owls sleep.");
  EXPECT_TRUE(draft[5].labels.empty());
  EXPECT_EQ(read_draft("It ends [p. xiv].", "en").at(0).labels, Labels{"xiv"});
  EXPECT_TRUE(read_draft("", "en").empty());
  EXPECT_TRUE(read_draft(" \n\n[p. 3]\n", "en").empty());
  EXPECT_EQ(read_draft("It goes on [p. 1-900].", "en").at(0).labels, Labels{"1-900"}) << "no range that anybody has read";
}

TEST(NoteDraft, is_written_with_its_citations) {
  EXPECT_EQ(note_text({{"It rains.", {{"001", "1", 1}}}, {"The wind rises.", {{"001", "1", 1}, {"002", "ii", 1}}}}),
            "It rains. [p. 1] The wind rises. [p. 1, ii]");
}

struct Case {
  const char* sentence;
  NoteFlaw flaw;
};

TEST(NoteCheck, drops_what_does_not_stand_on_the_page) {
  SmallWords small;
  add_small_words("meanwhile the builders climbed, and natalie's lamp burned", small);
  for (const auto& [sentence, flaw] :
       std::vector<Case>{{"Arieol climbs the tower because the lamp is lit.", NoteFlaw::none},
                         {"Meanwhile Old Natalie counted the steps of the tower.", NoteFlaw::none},
                         {"Builders of Mr. Gibsey ran out of stone in 1874.", NoteFlaw::none},
                         {"Natalie's question about the lamp is asked at the tower.", NoteFlaw::none},
                         {"There were 3 umbrellas over the sleeping owlets.", NoteFlaw::none},
                         {"Gandalf climbed the tower because the lamp was lit.", NoteFlaw::name},
                         {"Arieol climbed the tower with Todd because the lamp was lit.", NoteFlaw::name},
                         {"Arieol climbed the tower of Paris while the lamp was lit.", NoteFlaw::name},
                         {"The builders ran out of stone in 1875.", NoteFlaw::number},
                         {"The owlets slept under four umbrellas in the tower.", NoteFlaw::number},
                         {"Natalie counted 22 steps of the tower.", NoteFlaw::number},
                         {"Arieol says \"the lamp is my oldest friend\" on the tower.", NoteFlaw::quotation},
                         {"Natalie asks \"Who lit the lamp at this hour?\" at the tower.", NoteFlaw::none},
                         {"Arieol is \"lit\" on the tower by the lamp.", NoteFlaw::none},
                         {"The treaty regulates fisheries between distant governments.", NoteFlaw::words},
                         {"The lamp.", NoteFlaw::length},
                         {"Arieol on the lamp tower", NoteFlaw::length},
                         {"As an AI I cannot climb the tower with the lamp.", NoteFlaw::voice},
                         {"The passages say that Arieol climbed the tower.", NoteFlaw::voice},
                         {"You climb the tower because the lamp is lit.", NoteFlaw::voice}}) {
    EXPECT_STREQ(to_string(check_words(sentence, kPage, small, "en")), to_string(flaw)) << sentence;
  }
}

TEST(NoteCheck, support_is_the_share_of_content_words) {
  EXPECT_FLOAT_EQ(support_of("The towers and lamps", kPage, "en"), 1);
  EXPECT_FLOAT_EQ(support_of("towers and herrings", kPage, "en"), 0.5F);
  EXPECT_FLOAT_EQ(support_of("of the and", kPage, "en"), 1);
  EXPECT_FLOAT_EQ(support_of("herrings", kPage, "en"), 0);
}

}  // namespace
}  // namespace gibsey::jobs
