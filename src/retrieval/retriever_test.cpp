#include "retrieval/retriever.hpp"

#include "base/utf8.hpp"
#include "retrieval/chunks.hpp"
#include "retrieval/quote_finder.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/page_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace gibsey::retrieval {
namespace {

using testing::run;

const std::vector<std::string>& texts() {
  static const std::vector<std::string> pages = {
      "The sea was grey that day. Nobody came to the turnstile, and the booth was shut until the evening bell had rung.",
      "Arieol climbed the tower to save the nest. She counted three hundred steps before the lamp went out in her hand.",
      "Shamrock Stillman drinks scotch. He watches the ice melt and thinks of the captain. The glass is a clock to him.",
      "In the end it was the owl that told us what the lamp had meant, and we believed her because she had no reason to lie."};
  return pages;
}

void fill(store::MemoryPageStore& pages, testing::WordEmbedder* embedder) {
  std::vector<model::PageContent> contents;
  std::vector<model::PassageVector> vectors;
  for (std::size_t i = 0; i < texts().size(); ++i) {
    model::PageContent content;
    content.page.world = "w";
    content.page.id = "00" + std::to_string(i + 1);
    content.page.label = std::to_string(i + 1);
    content.page.title = "Page " + content.page.label;
    content.page.text = texts()[i];
    content.page.voice = i == 2 ? "shamrock" : "";
    content.page.order = static_cast<std::int64_t>(i);
    content.page.content_hash = content.page.id;
    Chunks chunks = cut_page(content.page, "en");
    content.passages = chunks.passages;
    content.quotes = chunks.quotes;
    contents.push_back(content);
  }
  model::World world;
  world.name = "w";
  ASSERT_TRUE(run(pages.put_world(world)));
  ASSERT_TRUE(run(pages.put_pages(contents, false)));
  if (embedder == nullptr) return;
  for (const auto& content : contents) {
    for (const auto& passage : content.passages) {
      vectors.push_back({passage.page_id, passage.number, run(embedder->embed({passage.text}))->front(), 1});
    }
  }
  ASSERT_TRUE(run(pages.put_vectors("w", embedder->model(), vectors)));
}

Query ask(std::string text, int k = 8) {
  return {.world = "w", .text = std::move(text), .k = k, .character = {}, .page_id = {}};
}

TEST(Retriever, FindsVerbatimLinesBestFirst) {
  store::MemoryPageStore pages;
  fill(pages, nullptr);
  Retriever retriever(pages, nullptr);
  ASSERT_TRUE(run(retriever.load("w")));
  const auto found = run(retriever.retrieve(ask("Why did Arieol climb the tower?")));
  ASSERT_TRUE(found);
  ASSERT_FALSE(found->hits.empty());
  EXPECT_EQ(found->method, "text");
  EXPECT_TRUE(found->above_threshold);
  EXPECT_EQ(found->hits.front().quote.page_id, "002");
  EXPECT_EQ(found->hits.front().label, "2");
  EXPECT_EQ(found->hits.front().page_version, 1);
  EXPECT_TRUE(found->hits.front().quote.text.starts_with("Arieol climbed the tower to save the nest."));
  double last = 1e9;
  for (const Hit& hit : found->hits) {
    EXPECT_LT(hit.quote.words, 40);
    EXPECT_LE(hit.score, last);
    last = hit.score;
    const std::string& text = texts()[static_cast<std::size_t>(hit.quote.page_id.back() - '1')];
    EXPECT_EQ(hit.quote.text,
              utf8::slice(text, static_cast<std::size_t>(hit.quote.start), static_cast<std::size_t>(hit.quote.end)));
  }
}

TEST(Retriever, AtMostTwoOfAPassageAndNoneOverlaps) {
  store::MemoryPageStore pages;
  testing::WordEmbedder embedder;
  fill(pages, &embedder);
  Retriever retriever(pages, &embedder);
  ASSERT_TRUE(run(retriever.load("w")));
  const auto found = run(retriever.retrieve(ask("the lamp and the ice and the sea", 50)));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->method, "hybrid");
  std::map<std::pair<std::string, int>, std::vector<const Hit*>> by_passage;
  for (const Hit& hit : found->hits) by_passage[{hit.quote.page_id, hit.quote.passage}].push_back(&hit);
  EXPECT_GE(by_passage.size(), 3U);
  for (const auto& [passage, hits] : by_passage) {
    EXPECT_LE(hits.size(), 2U);
    if (hits.size() == 2) {
      EXPECT_TRUE(hits[0]->quote.end <= hits[1]->quote.start || hits[1]->quote.end <= hits[0]->quote.start);
    }
  }
}

TEST(Retriever, ANameAHalfRememberedLineAndAForeignQuestion) {
  store::MemoryPageStore pages;
  testing::WordEmbedder embedder;
  fill(pages, &embedder);
  Retriever retriever(pages, &embedder);
  ASSERT_TRUE(run(retriever.load("w")));
  EXPECT_EQ(run(retriever.retrieve(ask("Shamrock Stillman")))->hits.front().quote.page_id, "003");
  const auto line = run(retriever.retrieve(ask("something like \"it was the owl that told us\"")));
  EXPECT_EQ(line->hits.front().quote.page_id, "004");
  EXPECT_TRUE(line->above_threshold);
  EXPECT_FALSE(run(retriever.retrieve(ask("Which football club won the championship?")))->above_threshold);
}

TEST(Retriever, AFollowUpIsSearchedWithWhatItIsAbout) {
  store::MemoryPageStore pages;
  testing::WordEmbedder embedder;
  fill(pages, &embedder);
  for (provider::Embedder* with : {static_cast<provider::Embedder*>(nullptr), static_cast<provider::Embedder*>(&embedder)}) {
    Retriever retriever(pages, with);
    ASSERT_TRUE(run(retriever.load("w")));
    Query query = ask("And why did she do that?");
    query.earlier = {"And what then?", "Why did Arieol climb the tower?", "What is in Shamrock's glass?"};
    const auto found = run(retriever.retrieve(query));
    ASSERT_TRUE(found);
    ASSERT_FALSE(found->hits.empty());
    EXPECT_EQ(found->hits.front().quote.page_id, "002");
    EXPECT_TRUE(found->above_threshold);
    query.earlier = {"Which football club won the championship?"};
    EXPECT_FALSE(run(retriever.retrieve(query))->above_threshold);
  }
}

TEST(Retriever, AQuestionThatSpeaksForItselfIsNoFollowUp) {
  store::MemoryPageStore pages;
  fill(pages, nullptr);
  Retriever retriever(pages, nullptr);
  ASSERT_TRUE(run(retriever.load("w")));
  for (const char* text : {"What does Shamrock Stillman drink?", "And what does Shamrock Stillman drink in the glass?",
                           "Where is \"he watches the ice melt\"?", "Who are you?", "Which football club won?"}) {
    Query query = ask(text);
    const auto alone = run(retriever.retrieve(query));
    query.earlier = {"Why did Arieol climb the tower?"};
    query.earlier_pages = {"002"};
    const auto after = run(retriever.retrieve(query));
    ASSERT_EQ(after->hits.size(), alone->hits.size()) << text;
    for (std::size_t i = 0; i < alone->hits.size(); ++i) EXPECT_EQ(after->hits[i].score, alone->hits[i].score) << text;
  }
}

TEST(Retriever, AFollowUpStaysNearThePagesThatWereQuoted) {
  store::MemoryPageStore pages;
  fill(pages, nullptr);
  Retriever retriever(pages, nullptr);
  ASSERT_TRUE(run(retriever.load("w")));
  Query query = ask("What of it?");
  query.earlier = {"lamp"};
  const auto score_of = [&](const char* page) {
    const auto found = run(retriever.retrieve(query));
    const auto hit = std::ranges::find(found->hits, page, [](const Hit& one) { return one.quote.page_id; });
    return hit == found->hits.end() ? 0.0 : hit->score;
  };
  const double before = score_of("004");
  query.earlier_pages = {"003"};
  EXPECT_GT(score_of("004"), before);
}

/// Pages "1", "2" ... of a book in a language.
void fill_with(store::MemoryPageStore& pages, const std::vector<std::string>& book, const std::string& language = "en") {
  model::World world;
  world.name = "w";
  world.language = language;
  ASSERT_TRUE(run(pages.put_world(world)));
  std::vector<model::PageContent> contents;
  for (const std::string& text : book) {
    model::PageContent content;
    content.page.world = "w";
    content.page.id = std::to_string(contents.size() + 1);
    content.page.text = text;
    content.page.order = static_cast<std::int64_t>(contents.size());
    content.page.content_hash = content.page.id;
    Chunks chunks = cut_page(content.page, language);
    content.passages = chunks.passages;
    content.quotes = chunks.quotes;
    contents.push_back(content);
  }
  ASSERT_TRUE(run(pages.put_pages(contents, false)));
}

TEST(Retriever, AWordListOfOneLanguageDoesNothingInAnother) {
  store::MemoryPageStore pages;
  fill_with(
      pages,
      {"Der Kapitän kam her und sah das Meer. Niemand wartete am Tor.", "Die Lampe war so alt wie der Turm. Sie brannte nie."},
      "de");
  Retriever retriever(pages, nullptr);
  ASSERT_TRUE(run(retriever.load("w")));
  for (const char* text : {"So alt?", "Wer her?", "...her?"}) {
    Query query = ask(text);
    const auto alone = run(retriever.retrieve(query));
    query.earlier = {"Wo wartete der Kapitän?"};
    query.earlier_pages = {"1"};
    const auto after = run(retriever.retrieve(query));
    ASSERT_TRUE(alone && after);
    ASSERT_FALSE(alone->hits.empty()) << text;
    ASSERT_EQ(after->hits.size(), alone->hits.size()) << text;
    for (std::size_t i = 0; i < alone->hits.size(); ++i) EXPECT_EQ(after->hits[i].score, alone->hits[i].score) << text;
  }
}

TEST(Retriever, APageThatComesTwiceIsQuotedOnce) {
  const std::string page =
      "The keeper of the drowned chapel counted his bells. There were nine of them, and one was cracked. He rang the cracked one "
      "on "
      "Fridays, because nobody came then.";
  store::MemoryPageStore pages;
  std::vector<std::string> book(30, page);
  book[7] =
      "The keeper of the drowned chapel counted his bells. There were ten of them, and one was cracked. He rang the cracked one "
      "on Fridays, because nobody came then.";
  book.push_back("Beyond the salt the children sold bells of clay. No keeper had ever bought one of them.");
  fill_with(pages, book);
  Retriever retriever(pages, nullptr);
  ASSERT_TRUE(run(retriever.load("w")));
  const auto found = run(retriever.retrieve(ask("Which bells did the keeper of the chapel ring?", 8)));
  ASSERT_TRUE(found);
  std::map<std::string, int> by_page;
  for (const Hit& hit : found->hits) ++by_page[hit.quote.page_id];
  EXPECT_EQ(by_page.size(), 2U) << "one of the thirty, and the last";
  EXPECT_TRUE(by_page.contains("31"));
}

TEST(Retriever, TheVoiceThatIsAskedAndThePageThatLiesOpenAreAhead) {
  store::MemoryPageStore pages;
  fill(pages, nullptr);
  Retriever retriever(pages, nullptr);
  ASSERT_TRUE(run(retriever.load("w")));
  const auto score_of = [&](const Query& query, const char* page) {
    const auto found = run(retriever.retrieve(query));
    const auto hit = std::ranges::find(found->hits, page, [](const Hit& one) { return one.quote.page_id; });
    return hit == found->hits.end() ? 0.0 : hit->score;
  };
  Query query = ask("the lamp and the ice and the sea");
  const double plain = score_of(query, "003");
  query.character = "shamrock";
  const double spoken = score_of(query, "003");
  EXPECT_GT(spoken, plain);
  EXPECT_EQ(score_of(query, "002"), score_of(ask(query.text), "002"));
  query.text += " to you";
  EXPECT_GT(score_of(query, "003") - score_of(ask(query.text), "003"), spoken - plain) << "its own account is asked for";
  Query reading = ask("the lamp and the ice and the sea");
  reading.page_id = "003";
  const double open = score_of(reading, "003");
  EXPECT_GT(open, plain);
  reading.page_id = "002";
  EXPECT_GT(score_of(reading, "003"), plain) << "beside the open page";
  EXPECT_LT(score_of(reading, "003"), open);
  reading.page_id = "001";
  EXPECT_EQ(score_of(reading, "003"), plain);
}

TEST(Retriever, ARefrainIsShownOnce) {
  store::MemoryPageStore pages;
  fill_with(pages, {"So the bell of the drowned chapel rang again that night.",
                    "So the bell of the drowned chapel rang again that night!",
                    "The drowned chapel stood beyond the salt, and no bell was ever found in it."});
  Retriever retriever(pages, nullptr);
  ASSERT_TRUE(run(retriever.load("w")));
  const auto found = run(retriever.retrieve(ask("the bell of the drowned chapel")));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->hits.size(), 2U);
  EXPECT_NE(found->hits[0].quote.page_id, found->hits[1].quote.page_id);
  EXPECT_TRUE(found->hits[0].quote.page_id == "3" || found->hits[1].quote.page_id == "3");
}

TEST(Retriever, SaysWhatIsWrong) {
  store::MemoryPageStore pages;
  fill(pages, nullptr);
  Retriever retriever(pages, nullptr);
  EXPECT_EQ(run(retriever.load("none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(run(retriever.retrieve(ask("tower"))).error().code, ErrorCode::not_found);
  EXPECT_EQ(retriever.quotes("w"), nullptr);
  ASSERT_TRUE(run(retriever.load("w")));
  EXPECT_EQ(run(retriever.retrieve(ask(" \n"))).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(run(retriever.retrieve(ask("tower", 0))).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(run(retriever.retrieve(ask("tower", 51))).error().code, ErrorCode::invalid_argument);
  const auto nothing = run(retriever.retrieve(ask("xylophone")));
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->hits.empty());
  EXPECT_EQ(nothing->method, "none");
  ASSERT_NE(retriever.quotes("w"), nullptr);
  EXPECT_EQ(retriever.quotes("w")->find("The glass is a clock to him.")->page_id, "003");
  retriever.unload("w");
  EXPECT_EQ(run(retriever.retrieve(ask("tower"))).error().code, ErrorCode::not_found);
}

TEST(Retriever, WordsAloneServeWhenTheEmbedderStops) {
  store::MemoryPageStore pages;
  testing::WordEmbedder embedder;
  fill(pages, &embedder);
  Retriever retriever(pages, &embedder);
  ASSERT_TRUE(run(retriever.load("w")));
  embedder.fail_after = 0;
  const auto found = run(retriever.retrieve(ask("Shamrock Stillman")));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->method, "text");
  EXPECT_EQ(found->hits.front().quote.page_id, "003");
}

TEST(Retriever, AReloadSwapsTheIndexInAndReadersKeepTheirs) {
  store::MemoryPageStore pages;
  fill(pages, nullptr);
  Retriever retriever(pages, nullptr);
  ASSERT_TRUE(run(retriever.load("w")));
  const auto old = retriever.quotes("w");
  model::PageContent edited;
  edited.page = *run(pages.find_page("w", "003")).value();
  edited.page.text = "Shamrock has stopped drinking altogether, and the glass stands empty.";
  edited.page.content_hash = "new";
  Chunks chunks = cut_page(edited.page, "en");
  edited.passages = chunks.passages;
  edited.quotes = chunks.quotes;
  ASSERT_TRUE(run(pages.put_pages({edited}, false)));
  ASSERT_TRUE(run(retriever.load("w")));
  EXPECT_TRUE(old->find("The glass is a clock to him."));
  EXPECT_FALSE(retriever.quotes("w")->find("The glass is a clock to him."));
  EXPECT_EQ(run(retriever.retrieve(ask("Shamrock")))->hits.front().page_version, 2);
}

}  // namespace
}  // namespace gibsey::retrieval
