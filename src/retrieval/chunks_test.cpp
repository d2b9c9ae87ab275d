#include "retrieval/chunks.hpp"

#include "base/utf8.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/words.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace gibsey::retrieval {
namespace {

std::vector<std::string> sentences_of(std::string_view text) {
  const std::u32string points = to_code_points(text);
  std::vector<std::string> found;
  for (const Sentence& sentence : find_sentences(points, "en")) {
    found.push_back(to_utf8(std::u32string_view(points).substr(static_cast<std::size_t>(sentence.start),
                                                               static_cast<std::size_t>(sentence.end - sentence.start))));
  }
  return found;
}

using Texts = std::vector<std::string>;

TEST(Sentences, TitlesAndInitialsEndNone) {
  EXPECT_EQ(sentences_of("Mr. Bennet met Dr. J. R. Livesey at St. Ives. He paid no. 4 for it."),
            (Texts{"Mr. Bennet met Dr. J. R. Livesey at St. Ives.", "He paid no. 4 for it."}));
  EXPECT_EQ(sentences_of("It was not I. He did it."), (Texts{"It was not I.", "He did it."}));
}

TEST(Sentences, SpeechKeepsItsMarkAndItsClause) {
  EXPECT_EQ(sentences_of("\"Stop!\" he cried. \"Will you come?\" \"No.\" She went."),
            (Texts{"\"Stop!\" he cried.", "\"Will you come?\"", "\"No.\"", "She went."}));
  EXPECT_EQ(sentences_of("‘Oh dear! Oh dear! I shall be late!’ said the Rabbit."),
            (Texts{"‘Oh dear!", "Oh dear!", "I shall be late!’ said the Rabbit."}));
}

TEST(Sentences, EllipsesAndLineBreaks) {
  EXPECT_EQ(sentences_of("He waited… and waited. Then… She came."), (Texts{"He waited… and waited.", "Then…", "She came."}));
  EXPECT_EQ(sentences_of("One line\nand the next. End"), (Texts{"One line\nand the next.", "End"}));
  EXPECT_EQ(sentences_of("No stop here\n\nNor here"), (Texts{"No stop here", "Nor here"}));
  EXPECT_EQ(sentences_of("Do you _see?_ I do."), (Texts{"Do you _see?_", "I do."}));
}

TEST(BalancedMarks, ByTable) {
  const std::map<std::u32string, bool> table = {{U"plain words", true},
                                                {U"“Come,” he said.", true},
                                                {U"“Come, he said.", false},
                                                {U"Come,” he said.", false},
                                                {U"the boys' toys", true},
                                                {U"'Tis so.", true},
                                                {U"'Oh dear!' he said", true},
                                                {U"Oh dear!' he said", false},
                                                {U"don't, can't, o'clock", true},
                                                {U"(he went", false},
                                                {U"he went)", false},
                                                {U"\"Yes,\" and \"no\"", true},
                                                {U"said he. \"And then", false},
                                                {U"end.\" Then \"start", false},
                                                {U"‘It was Alice’s,’ he said", true},
                                                {U"without pictures?’", false},
                                                {U"“He said ‘no’ twice”", true},
                                                {U"rock ’n’ roll", true}};
  for (const auto& [text, balanced] : table) EXPECT_EQ(has_balanced_marks(text), balanced) << to_utf8(text);
}

model::Page page_of(std::string text) {
  model::Page page;
  page.world = "w";
  page.id = "7";
  page.title = "The Long Stair";
  page.text = std::move(text);
  return page;
}

void expect_verbatim(const model::Page& page, const Chunks& chunks) {
  std::int32_t last_end = 0;
  for (const model::Passage& passage : chunks.passages) {
    EXPECT_GE(passage.start, last_end);
    last_end = passage.end;
    EXPECT_EQ(passage.text,
              utf8::slice(page.text, static_cast<std::size_t>(passage.start), static_cast<std::size_t>(passage.end)));
  }
  for (const model::QuoteCandidate& quote : chunks.quotes) {
    EXPECT_EQ(quote.text, utf8::slice(page.text, static_cast<std::size_t>(quote.start), static_cast<std::size_t>(quote.end)));
    EXPECT_LT(quote.words, 40);
    const model::Passage& passage = chunks.passages.at(static_cast<std::size_t>(quote.passage));
    EXPECT_GE(quote.start, passage.start);
    EXPECT_LE(quote.end, passage.end);
  }
}

Texts quote_texts(const Chunks& chunks, int sentences) {
  Texts texts;
  for (const model::QuoteCandidate& quote : chunks.quotes) {
    if (quote.sentences == sentences) texts.push_back(quote.text);
  }
  return texts;
}

TEST(Chunks, PairsAndSentencesOfAParagraphButNoHeading) {
  const model::Page page = page_of(
      "The Long Stair\n\nI climbed the tower at night. The lamp was cold in my hand. Oh!\n\nNobody else saw the owl fly away.");
  const Chunks chunks = cut_page(page, "en");
  expect_verbatim(page, chunks);
  EXPECT_EQ(chunks.passages.size(), 1U);
  EXPECT_EQ(quote_texts(chunks, 2),
            (Texts{"I climbed the tower at night. The lamp was cold in my hand.", "The lamp was cold in my hand. Oh!"}));
  EXPECT_EQ(quote_texts(chunks, 1),
            (Texts{"I climbed the tower at night.", "The lamp was cold in my hand.", "Nobody else saw the owl fly away."}));
}

TEST(Chunks, HalvesOfQuotationMarksAreLeftOut) {
  const model::Page page = page_of("“I will stay here a bit. You may call me captain, if you like. Now go,” he said to me.");
  const Chunks chunks = cut_page(page, "en");
  expect_verbatim(page, chunks);
  EXPECT_EQ(quote_texts(chunks, 1), (Texts{"I will stay here a bit.", "You may call me captain, if you like."}));
}

TEST(Chunks, LongSentencesGiveClauses) {
  std::string text =
      "He went down the stair, past the ninth door; he counted every step as he had been told, and when he came to the bottom "
      "he turned round, because somebody up there had called him by the name that his mother had used, and he answered.";
  const model::Page page = page_of(text);
  const Chunks chunks = cut_page(page, "en");
  expect_verbatim(page, chunks);
  EXPECT_TRUE(quote_texts(chunks, 1).empty());
  const Texts clauses = quote_texts(chunks, 0);
  ASSERT_GE(clauses.size(), 2U);
  EXPECT_EQ(clauses.front(), "He went down the stair, past the ninth door; he counted every step as he had been told");
}

TEST(Chunks, EveryPageWithWordsCanBeQuoted) {
  std::string unpunctuated = "word";
  for (int i = 0; i < 500; ++i) unpunctuated += " word";
  for (const std::string& text : {std::string("Cut!"), std::string("THE LONG STAIR"), std::string("“And then he went"),
                                  std::string("…\n\n***\n\nNo."), unpunctuated}) {
    const model::Page page = page_of(text);
    const Chunks chunks = cut_page(page, "en");
    expect_verbatim(page, chunks);
    EXPECT_FALSE(chunks.quotes.empty()) << text.substr(0, 40);
  }
  EXPECT_TRUE(cut_page(page_of(" \n* * *\n"), "en").quotes.empty());
}

TEST(Chunks, PassagesAreOfTheStatedSize) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += "The keeper of the tower number " + std::to_string(i) + " went up and lit the lamp.";
    text += i % 4 == 3 ? "\n\n" : " ";
  }
  const model::Page page = page_of(text);
  const Chunks chunks = cut_page(page, "en");
  expect_verbatim(page, chunks);
  EXPECT_GE(chunks.passages.size(), 6U);
  for (const model::Passage& passage : chunks.passages) {
    const int words = count_words(to_code_points(passage.text));
    EXPECT_GE(words, 60);
    EXPECT_LE(words, 160);
  }
}

TEST(Words, CountedAsAReaderCounts) {
  EXPECT_EQ(count_words(U"gazing—like all screens, don't"), 5);
  EXPECT_EQ(count_words(U"a — b"), 3);
  EXPECT_EQ(count_words(U"— …"), 0);
  EXPECT_EQ(words_of("Alice’s café, O'Brien's 3rd_word"), (Texts{"alice", "cafe", "obrien", "3rd", "word"}));
}

}  // namespace
}  // namespace gibsey::retrieval
