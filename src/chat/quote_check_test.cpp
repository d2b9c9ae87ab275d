#include "chat/quote_check.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace gibsey::chat {
namespace {

std::vector<model::Page> pages() {
  return {{.world = "w",
           .id = "001",
           .label = "1",
           .title = "One",
           .text = "Arieol climbed the tower because the clock had stopped. Nobody else wanted the key.\n\n"
                   "\"Mind the salt,\" said Todd, and he shut the gate. The owls\u2019 lamp was out \u2014 again."},
          {.world = "w",
           .id = "012",
           .label = "12",
           .title = "Twelve",
           .text = "A long line begins here and it goes on and on, past the gate and the pear tree, past the booth where "
                   "tickets are counted, past the goat, past the tower, past the sea, past the man with wet shoes, past "
                   "everything that the park had ever owned; and there it ends."}};
}

std::shared_ptr<const retrieval::QuoteFinder> book() {
  static const auto kBook = std::make_shared<const retrieval::QuoteFinder>(pages());
  return kBook;
}

struct Checked {
  std::string text;
  std::vector<model::Quote> quotes;
  int false_quotes = 0;
};

void collect(Checked& checked, const std::vector<CheckedPiece>& pieces) {
  for (const auto& piece : pieces) {
    if (const auto* text = std::get_if<model::TokenText>(&piece)) checked.text += text->text;
    if (const auto* quote = std::get_if<model::QuoteClosed>(&piece)) checked.quotes.push_back(quote->quote);
  }
}

Checked check(const std::vector<std::string>& chunks, const std::string& reader = "Why?") {
  QuoteCheck checker(book(), {}, reader);
  Checked checked;
  for (const auto& chunk : chunks) collect(checked, checker.feed(chunk));
  collect(checked, checker.finish());
  checked.false_quotes = checker.false_quotes();
  EXPECT_EQ(checked.text, checker.reply());
  return checked;
}

TEST(QuoteCheck, AVerifiedQuotationCarriesItsPage) {
  const auto checked = check({"It is so: \"Nobody else wanted the key.\" I did."});
  EXPECT_EQ(checked.text, "It is so: \"Nobody else wanted the key.\" (p. 1) I did.");
  ASSERT_EQ(checked.quotes.size(), 1U);
  EXPECT_EQ(checked.quotes[0].page_id, "001");
  EXPECT_EQ(checked.quotes[0].text, "Nobody else wanted the key.");
  EXPECT_EQ(checked.quotes[0].reply_start, 10);
  EXPECT_EQ(checked.quotes[0].reply_end, 39);
}

TEST(QuoteCheck, AFalseQuotationLosesItsMarks) {
  const auto checked = check({"\"Nobody else wanted the old key.\" So."});
  EXPECT_EQ(checked.text, "Nobody else wanted the old key. So.");
  EXPECT_TRUE(checked.quotes.empty());
  EXPECT_EQ(checked.false_quotes, 1);
}

TEST(QuoteCheck, EveryKindOfMarkIsSeen) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"\u201C", "\u201D"}, {"\u201E", "\u201C"}, {"\u00AB", "\u00BB"}, {"'", "'"},
      {"\u2018", "\u2019"}, {"``", "''"},         {"\u2039", "\u203A"}};
  for (const auto& [open, close] : kinds) {
    EXPECT_EQ(check({"So " + open + "nobody ever wanted that key" + close + " then."}).text,
              "So nobody ever wanted that key then.");
    EXPECT_EQ(check({"So " + open + "Nobody else wanted the key." + close}).text, "So \"Nobody else wanted the key.\" (p. 1)");
  }
}

TEST(QuoteCheck, ApostrophesAreNoMarks) {
  const auto text = "I don't know the owls' names, 'tis true, and the gates' hinges won't say.";
  EXPECT_EQ(check({text}).false_quotes, 1) << "two lone apostrophes around words read as single marks";
  const auto plain = "I don't know what I'd say; it's the clock's fault.";
  EXPECT_EQ(check({plain}).text, plain);
}

TEST(QuoteCheck, ShortSpansAndTheReadersOwnWordsPass) {
  EXPECT_EQ(check({"A \"so-called tower\" it is."}).text, "A \"so-called tower\" it is.");
  EXPECT_EQ(check({"You ask \"where is my lost dog now\" of me."}, "Where is my lost dog now?").text,
            "You ask \"where is my lost dog now\" of me.");
}

TEST(QuoteCheck, NormalisedFormsAreFoundAndThePagesOwnTextIsShown) {
  const auto checked = check({"\u201CThe owls' lamp was out - again.\u201D"});
  EXPECT_EQ(checked.text, "\"The owls\u2019 lamp was out \u2014 again.\" (p. 1)");
}

TEST(QuoteCheck, AQuotationWithDialogueGetsOuterMarksOfItsOwn) {
  const auto checked = check({"\u201C\"Mind the salt,\" said Todd, and he shut the gate.\u201D"});
  ASSERT_EQ(checked.quotes.size(), 1U);
  EXPECT_EQ(checked.text, "\u201C\"Mind the salt,\" said Todd, and he shut the gate.\u201D (p. 1)");
}

TEST(QuoteCheck, ALongQuotationIsCutToFewerThanFortyWords) {
  const auto checked = check({"\"" + pages()[1].text.substr(0, 220) + "\""});
  ASSERT_EQ(checked.quotes.size(), 1U);
  const auto& quote = checked.quotes[0];
  EXPECT_TRUE(quote.text.ends_with("past the sea,") || quote.text.ends_with("wet shoes,")) << quote.text;
  EXPECT_EQ(pages()[1].text.substr(0, quote.text.size()), quote.text);
}

TEST(QuoteCheck, TheModelsOwnPageNumberIsDropped) {
  EXPECT_EQ(check({"\"Nobody else wanted the key.\" (page 99) Yes."}).text, "\"Nobody else wanted the key.\" (p. 1) Yes.");
  EXPECT_EQ(check({"\"Nobody else wanted the key.\" (perhaps) Yes."}).text,
            "\"Nobody else wanted the key.\" (p. 1) (perhaps) Yes.");
}

TEST(QuoteCheck, AnOpenSpanAtTheEndLosesItsMark) {
  EXPECT_EQ(check({"He said \"nobody will ever know what"}).text, "He said nobody will ever know what");
  EXPECT_EQ(check({"\"One paragraph\n\nand another\" here."}).text, "One paragraph\n\nand another here.");
}

TEST(QuoteCheck, ChunksDoNotMatter) {
  const std::string reply =
      "I say \u201CNobody else wanted the key.\u201D (p. 7) and 'the owls are not what they seem to be' or \"Arieol climbed the "
      "tower because the clock had stopped\" \u2014 it's \u00ABnot here at all, friend\u00BB; \"odd\".\n\n``Nobody else wanted "
      "the key''. " +
      std::string("\"") + std::string(900, 'x') + " y z w\" end \"of it all, you";
  const auto whole = check({reply});
  EXPECT_EQ(whole.quotes.size(), 3U);
  std::vector<std::string> bytes;
  for (const char c : reply) bytes.emplace_back(1, c);
  EXPECT_EQ(check(bytes).text, whole.text);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> chunks;
    for (std::size_t i = 0; i < reply.size();) {
      const std::size_t size = 1 + random() % 40;
      chunks.push_back(reply.substr(i, size));
      i += size;
    }
    const auto checked = check(chunks);
    ASSERT_EQ(checked.text, whole.text);
    ASSERT_EQ(checked.false_quotes, whole.false_quotes);
  }
}

/// The checker knows nothing but a part of the book; `whole` is asked for the rest.
Checked check_with_more(const std::string& reply, std::size_t size, std::vector<std::string>& asked) {
  const auto part = std::make_shared<const retrieval::QuoteFinder>(std::vector<model::Page>{});
  QuoteCheck checker(part, {}, "Why?", true);
  Checked checked;
  const auto settle = [&] {
    while (const auto claim = checker.undecided()) {
      asked.push_back(*claim);
      const std::string before = checker.reply();
      EXPECT_TRUE(checker.feed("").empty()) << "nothing passes before it is settled";
      EXPECT_EQ(checker.reply(), before);
      collect(checked, checker.settle(book()->find(*claim)));
    }
  };
  for (std::size_t i = 0; i < reply.size(); i += size) {
    collect(checked, checker.feed(reply.substr(i, size)));
    settle();
  }
  collect(checked, checker.finish());
  settle();
  EXPECT_TRUE(checker.held().empty());
  checked.false_quotes = checker.false_quotes();
  return checked;
}

TEST(QuoteCheck, WhatThePartDoesNotHoldIsAskedOfTheWhole) {
  const std::string reply =
      "So: \"Nobody else wanted the key.\" (p. 9) And: \"This was never written by anybody.\" \"Nobody else wanted the key\"";
  for (const std::size_t size : {1U, 7U, 1000U}) {
    std::vector<std::string> asked;
    const auto checked = check_with_more(reply, size, asked);
    EXPECT_EQ(checked.text,
              "So: \"Nobody else wanted the key.\" (p. 1) And: This was never written by anybody. "
              "\"Nobody else wanted the key\" (p. 1)");
    EXPECT_EQ(checked.quotes.size(), 2U);
    EXPECT_EQ(checked.false_quotes, 1);
    EXPECT_EQ(asked.size(), 3U);
  }
}

const model::Source kKey{.n = 3, .page_id = "001", .label = "1", .quote = "Nobody else wanted the key.", .start = 56, .end = 83};

Checked check_numbered(const std::string& reply, std::size_t size = 1000) {
  QuoteCheck checker(book(), {kKey}, "");
  Checked checked;
  for (std::size_t i = 0; i < reply.size(); i += size) collect(checked, checker.feed(reply.substr(i, size)));
  collect(checked, checker.finish());
  checked.false_quotes = checker.false_quotes();
  return checked;
}

TEST(QuoteCheck, ANumberBecomesItsQuotation) {
  for (const std::size_t size : {1U, 2U, 5U, 1000U}) {
    const auto checked = check_numbered("It is so: [[q3]] (p. 9) I did.", size);
    EXPECT_EQ(checked.text, "It is so: \"Nobody else wanted the key.\" (p. 1) I did.");
    ASSERT_EQ(checked.quotes.size(), 1U);
    EXPECT_EQ(checked.quotes[0].n, 3);
    EXPECT_EQ(checked.quotes[0].origin, model::QuoteOrigin::model);
    EXPECT_EQ(checked.false_quotes, 0);
  }
  EXPECT_EQ(check_numbered("So: \"[[q3]]\"!").text, "So: \"Nobody else wanted the key.\" (p. 1)!");
  EXPECT_EQ(check_numbered("So: [q3]!").text, "So: \"Nobody else wanted the key.\" (p. 1)!");
  EXPECT_EQ(check_numbered("So: [[q3] and [[q7 so").text, "So: \"Nobody else wanted the key.\" (p. 1) and  so");
  EXPECT_EQ(check_numbered("So: [[ Q3 ]], and again [[q3]].").text, "So: \"Nobody else wanted the key.\" (p. 1), and again .");
}

TEST(QuoteCheck, ANumberThatNoSourceHasIsDroppedAndCounted) {
  const auto checked = check_numbered("It is so [[q4]].");
  EXPECT_EQ(checked.text, "It is so .");
  EXPECT_EQ(checked.false_quotes, 1);
  EXPECT_EQ(check_numbered("It ends [[q").text, "It ends ");
  EXPECT_EQ(check_numbered("See [1] and a[i] and [[link]] and [").text, "See [1] and a[i] and [[link]] and [");
}

TEST(QuoteCheck, WhatALockedModelQuotesIsTheLocks) {
  QuoteCheck checker(book(), {kKey}, "");
  checker.expect_locked(true);
  Checked checked;
  collect(checked, checker.feed("\"Nobody else wanted the key.\" 'Arieol climbed the tower because the clock had stopped.'"));
  collect(checked, checker.finish());
  ASSERT_EQ(checked.quotes.size(), 2U);
  EXPECT_EQ(checked.quotes[0].origin, model::QuoteOrigin::lock);
  EXPECT_EQ(checked.quotes[1].origin, model::QuoteOrigin::model) << "it is none of the sources";
}

TEST(QuoteCheck, WithoutABookNothingIsChecked) {
  QuoteCheck checker(nullptr, {}, "");
  Checked checked;
  collect(checked, checker.feed("\"Nothing of this is in a book at all.\""));
  EXPECT_EQ(checked.text, "\"Nothing of this is in a book at all.\"");
}

TEST(QuoteCheck, AnInsertedQuotationIsMarkedByItsOrigin) {
  QuoteCheck checker(book(), {}, "");
  Checked checked;
  const model::Source source{
      .n = 3, .page_id = "001", .label = "1", .quote = "Nobody else wanted the key.", .start = 56, .end = 83};
  collect(checked, checker.feed("I was there."));
  collect(checked, checker.insert(source, model::QuoteOrigin::epigraph, "\n\n"));
  EXPECT_EQ(checked.text, "I was there.\n\n\"Nobody else wanted the key.\" (p. 1)");
  ASSERT_EQ(checked.quotes.size(), 1U);
  EXPECT_EQ(checked.quotes[0].origin, model::QuoteOrigin::epigraph);
  EXPECT_EQ(checked.quotes[0].n, 3);
}

}  // namespace
}  // namespace gibsey::chat
