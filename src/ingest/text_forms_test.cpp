#include "ingest/gutenberg.hpp"
#include "ingest/heading_line.hpp"
#include "ingest/jsonl.hpp"
#include "ingest/markdown.hpp"
#include "ingest/paging.hpp"
#include "ingest/text_chapters.hpp"
#include "ingest/text_decoding.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/words.hpp"

#include <gtest/gtest.h>

namespace gibsey::ingest {
namespace {

using namespace std::string_literals;

TEST(DecodeText, KnowsItsEncodings) {
  EXPECT_EQ(decode_text("caf\xC3\xA9").text, "café");
  EXPECT_EQ(decode_text("\xEF\xBB\xBF"
                        "caf\xC3\xA9")
                .text,
            "café");
  EXPECT_EQ(decode_text("\xFF\xFE"
                        "a\0\xE9\0\x3D\xD8\x00\xDE"s)
                .text,
            "aé😀");
  EXPECT_EQ(decode_text("\xFE\xFF\0a\0\xE9"s).text, "aé");
  const DecodedText latin = decode_text("caf\xE9 \x93so\x94 \x85");
  EXPECT_EQ(latin.text, "café “so” …");
  EXPECT_NE(latin.note, "");
  EXPECT_EQ(decode_text("cafe\xCC\x81").text, "café") << "normalisation form C";
}

TEST(DecodeText, OneKindOfLineEnd) {
  EXPECT_EQ(decode_text("a\r\nb\rc\nd").text, "a\nb\nc\nd");
  const DecodedText dropped = decode_text(
      "a\x01"
      "b\0c\x7F"s);
  EXPECT_EQ(dropped.text, "abc");
  EXPECT_NE(dropped.note, "");
}

TEST(CutGutenberg, OldAndNewFrames) {
  const GutenbergText book = cut_gutenberg(
      "The Project Gutenberg EBook of Emma\n\nTitle: Emma\nAuthor: Jane Austen\nLanguage: English\n\n*** START OF THIS PROJECT "
      "GUTENBERG EBOOK "
      "EMMA ***\n\nProduced by A. Transcriber\n\nEmma was handsome.\n\n*** END OF THIS PROJECT GUTENBERG EBOOK EMMA "
      "***\nlicence");
  EXPECT_TRUE(book.cut);
  EXPECT_EQ(book.title, "Emma");
  EXPECT_EQ(book.author, "Jane Austen");
  EXPECT_EQ(book.language, "en");
  EXPECT_EQ(book.text, "\nProduced by A. Transcriber\n\nEmma was handsome.\n\n");
  EXPECT_EQ(
      cut_gutenberg(
          "junk\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\nText.\nEnd of Project Gutenberg's Emma\nmore")
          .text,
      "Text.\n");
  EXPECT_FALSE(cut_gutenberg("Only a story.\n").cut);
}

TEST(HeadingLine, ManyStyles) {
  struct Row {
    const char* line;
    HeadingKind kind;
    int number;
    const char* title;
  };
  for (const Row& row :
       {Row{"CHAPTER I.", HeadingKind::chapter, 1, ""}, Row{" Chapter 12", HeadingKind::chapter, 12, ""},
        Row{"CHAPTER THE FIRST", HeadingKind::chapter, 1, ""}, Row{"Letter 4", HeadingKind::chapter, 4, ""},
        Row{"BOOK TWO", HeadingKind::part, 2, ""}, Row{"PART ONE--The Old Buccaneer", HeadingKind::part, 1, "The Old Buccaneer"},
        Row{"ADVENTURE I. A SCANDAL IN BOHEMIA", HeadingKind::chapter, 1, "A SCANDAL IN BOHEMIA"},
        Row{"I. A SCANDAL IN BOHEMIA", HeadingKind::numbered, 1, "A SCANDAL IN BOHEMIA"},
        Row{"1.  The Cyclone", HeadingKind::numbered, 1, "The Cyclone"}, Row{"XIV", HeadingKind::number, 14, ""},
        Row{"Chapter Twenty-One: Home", HeadingKind::chapter, 21, "Home"}, Row{"Introduction", HeadingKind::named, 0, ""},
        Row{"CHAPTER III A Caucus-Race and a Long Tale", HeadingKind::chapter, 3, "A Caucus-Race and a Long Tale"}}) {
    const auto heading = read_heading_line(row.line);
    ASSERT_TRUE(heading) << row.line;
    EXPECT_EQ(heading->kind, row.kind) << row.line;
    EXPECT_EQ(heading->number, row.number) << row.line;
    EXPECT_EQ(heading->title, row.title) << row.line;
  }
  for (const char* line :
       {"Part of him was gone.", "PARTLY from the damping", "I. had collected his forces.", "chapter two was dull",
        "Chapter 4 was the longest of all.", "He read Chapter 4", "I", "", "Book learning is no use"}) {
    const auto heading = read_heading_line(line);
    EXPECT_TRUE(!heading || heading->kind == HeadingKind::number) << line;
  }
}

std::vector<std::string> names_of(const TextChapters& text) {
  std::vector<std::string> names;
  for (const ChapterText& chapter : text.chapters) names.push_back(chapter.name);
  return names;
}

using Texts = std::vector<std::string>;

constexpr const char* kProse =
    "It was a dark and stormy night, and the rain fell in torrents, except at times, when it was\nchecked by a gust.\n\n";

TEST(Chapters, ATableOfContentsIsNone) {
  std::string text =
      "THE BOOK\n\nCHAPTER I. The Start\n\nCHAPTER II. The Middle\n\nCHAPTER III. The Turn\n\nCHAPTER IV. The End\n\n";
  for (const char* heading :
       {"CHAPTER I. The Start\n\n", "CHAPTER II. The Middle\n\n", "CHAPTER III. The Turn\n\n", "CHAPTER IV. The End\n\n"}) {
    text += heading;
    text += kProse;
    text += kProse;
  }
  EXPECT_EQ(names_of(chapters_of_text(text)),
            (Texts{"", "CHAPTER I. The Start", "CHAPTER II. The Middle", "CHAPTER III. The Turn", "CHAPTER IV. The End"}));
}

TEST(Chapters, PartsTitlesBelowAndNumbersInSequence) {
  std::string text;
  for (const char* heading :
       {"PART ONE--The Sea\n\n\n1\n\nThe Old Dog\n\n", "2\n\nBlack Dog\n\n", "PART TWO\n\n3\n\nThe Spot\n\n"}) {
    text += heading;
    text += kProse;
    text += kProse;
  }
  const TextChapters found = chapters_of_text(text);
  EXPECT_EQ(names_of(found),
            (Texts{"PART ONE. The Sea · 1. The Old Dog", "PART ONE. The Sea · 2. Black Dog", "PART TWO · 3. The Spot"}));
  EXPECT_EQ(found.chapters[0].title, "The Old Dog");
}

TEST(Chapters, AHeadingRightAboveItsText) {
  const TextChapters found = chapters_of_text("CHAPTER I.\nDown the Rabbit-Hole\n\n"s + kProse + "CHAPTER II\n" + kProse);
  EXPECT_EQ(names_of(found), (Texts{"CHAPTER I. Down the Rabbit-Hole", "CHAPTER II"}));
  EXPECT_EQ(found.chapters[1].paragraphs.front(),
            "It was a dark and stormy night, and the rain fell in torrents, except at times, when it was checked by a gust.");
}

TEST(Chapters, VerseKeepsItsLines) {
  const TextChapters found = chapters_of_text(
      std::string(kProse) + kProse + "    \"Fifteen men on the dead man's chest--\n       Yo-ho-ho, and a bottle of rum!\"\n\n");
  ASSERT_EQ(found.chapters.size(), 1U);
  EXPECT_EQ(found.chapters[0].paragraphs.back(), "\"Fifteen men on the dead man's chest--\n   Yo-ho-ho, and a bottle of rum!\"");
}

TEST(Markdown, ToPlainText) {
  const std::pair<const char*, const char*> table[] = {
      {"# A *heading* #\n\nText.", "A heading\n\nText."},
      {"**bold** and _italic_ and ***both*** and ~~gone~~", "bold and italic and both and gone"},
      {"snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"},
      {"a [link](http://x.y \"t\") and ![picture](p.png) and [ref][1]", "a link and picture and ref"},
      {"arieol\\_owlist \\*not emphasis\\*", "arieol_owlist *not emphasis*"},
      {"Tom &amp; Jerry &mdash; &#8220;hi&#x201D; AT&T", "Tom & Jerry — “hi” AT&T"},
      {"- one\n- two *2*\n\nafter", "one\ntwo 2\n\nafter"},
      {"> quoted\n> line\n\nafter", "quoted line\n\nafter"},
      {"above\n\n---\n\nbelow", "above\n\nbelow"},
      {"Title\n=====\n\nText", "Title\n\nText"},
      {"hard  \nbreak", "hard\nbreak"},
      {"`code_x` <b>html</b> a < b", "code_x html a < b"},
      {"```\nint *x;\n```", "int *x;"},
      {"She is *so* old--*so* old.", "She is so old--so old."},
      {"I didn't **write", "I didn't **write"}};
  for (const auto& [markdown, text] : table) EXPECT_EQ(markdown_to_text(markdown), text);
}

TEST(Markdown, ChaptersAreTheHeadingsThatRepeat) {
  const TextChapters book =
      chapters_of_markdown("# The Book\n\n## One\n\nText *one*.\n\n### Aside\n\nMore.\n\n## Two\n\nText two.");
  EXPECT_EQ(book.title, "The Book");
  EXPECT_EQ(names_of(book), (Texts{"One", "Two"}));
  EXPECT_EQ(book.chapters[0].paragraphs, (Texts{"Text one.", "Aside", "More."}));
  EXPECT_EQ(book.chapters[0].source.front(), "Text *one*.");
}

int words_of_page(const model::PageContent& content) {
  return retrieval::count_words(retrieval::to_code_points(content.page.text));
}

std::vector<ChapterText> long_chapters(int changed) {
  std::vector<ChapterText> chapters;
  int paragraph = 0;
  for (int c = 0; c < 3; ++c) {
    ChapterText chapter{"CHAPTER " + std::to_string(c + 1), "T", {}, {}};
    for (int p = 0; p < 30; ++p, ++paragraph) {
      std::string text = "Paragraph " + std::to_string(paragraph) + ".";
      for (int w = 0; w < 30 + (paragraph * 37) % 60; ++w) text += " word";
      if (paragraph == changed) text += " new new new";
      chapter.paragraphs.push_back(text + ".");
    }
    chapters.push_back(std::move(chapter));
  }
  return chapters;
}

TEST(Paging, PagesHaveTheStatedSizeAndKeepToTheirChapter) {
  const auto pages = make_pages(long_chapters(-1), "w", "en");
  ASSERT_GE(pages.size(), 15U);
  for (const auto& content : pages) {
    EXPECT_GE(words_of_page(content), 150);
    EXPECT_LE(words_of_page(content), 450);
  }
  EXPECT_EQ(pages.front().page.id, "001");
  EXPECT_EQ(pages.front().page.label, "1");
  EXPECT_EQ(pages.front().page.chapter, "CHAPTER 1");
  EXPECT_EQ(pages.back().page.chapter, "CHAPTER 3");
}

TEST(Paging, AnEditMovesFewBounds) {
  const auto before = make_pages(long_chapters(-1), "w", "en");
  const auto after = make_pages(long_chapters(20), "w", "en");
  ASSERT_EQ(before.size(), after.size());
  int changed = 0;
  for (std::size_t i = 0; i < before.size(); ++i) changed += before[i].page.text != after[i].page.text ? 1 : 0;
  EXPECT_GE(changed, 1);
  EXPECT_LE(changed, 3);
}

TEST(Paging, ALongParagraphIsCutOnSentences) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += (i == 0 ? "" : " ") + "The keeper number "s + std::to_string(i) + " went up the stair to the lamp.";
  const auto pages = make_pages({{"", "", {text}, {}}}, "w", "en");
  ASSERT_EQ(pages.size(), 4U);
  std::string together;
  for (const auto& content : pages) {
    EXPECT_LE(words_of_page(content), 450);
    EXPECT_EQ(content.page.text.back(), '.');
    together += (together.empty() ? "" : " ") + content.page.text;
  }
  EXPECT_EQ(together, text);
}

TEST(Jsonl, KeepsIdsAndNamesTheLineOfAnError) {
  const auto pages = read_jsonl(
      "{\"id\":\"p9\",\"title\":\"T\",\"text\":\"One.\"}\n\n{\"text\":\"Two.\"}\n{\"id\":042,\"text\":\"x\"}", "f", "w");
  ASSERT_FALSE(pages) << "042 is no JSON number";
  EXPECT_EQ(pages.error().message, "f line 4 is not a JSON object");
  const auto good = read_jsonl(
      "{\"id\":\"p9\",\"title\":\"T\",\"chapter\":3,\"text\":\"One.\"}\n\n{\"text\":\"Two.\"}\n{\"id\":7,\"text\":\"x\"}\n", "f",
      "w");
  ASSERT_TRUE(good);
  ASSERT_EQ(good->size(), 3U);
  EXPECT_EQ((*good)[0].page.id, "p9");
  EXPECT_EQ((*good)[0].page.chapter, "3");
  EXPECT_EQ((*good)[1].page.id, "002");
  EXPECT_EQ((*good)[2].page.id, "7");
  EXPECT_EQ(read_jsonl("{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"a\",\"text\":\"y\"}", "f", "w").error().message,
            "f line 2 has the id a of line 1");
  EXPECT_EQ(read_jsonl("{\"id\":\"a\"}", "f", "w").error().message, "f line 1 has no text");
}

}  // namespace
}  // namespace gibsey::ingest
