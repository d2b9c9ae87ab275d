#include "ingest/formats/html_text.hpp"

#include "ingest/formats/html.hpp"
#include "ingest/formats/markup_decoding.hpp"
#include "ingest/formats/testing/test_folder.hpp"
#include "ingest/formats/xhtml_as_html.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace gibsey::ingest {
namespace {

using namespace std::string_literals;
using Texts = std::vector<std::string>;

Texts texts_of(const std::string& html) {
  const auto read = read_html_text(html);
  if (!read) return {"refused: " + read.error().message};
  Texts texts;
  for (const MarkedBlock& block : read->blocks) texts.push_back(block.text);
  return texts;
}

TEST(HtmlText, ByTable) {
  struct Row {
    const char* html;
    Texts texts;
  };
  const Row table[] = {
      {"<p>One\n  two</p><p>Three</p>", {"One two", "Three"}},
      {"<p>Tom &amp; Jerry &mdash; caf&eacute; &#8220;hi&#x201D; &lt;b&gt;", {"Tom & Jerry — café “hi” <b>"}},
      {"<p>first<br>second<br/>third</p>", {"first\nsecond\nthird"}},
      {"<body>first<br><br>second</body>", {"first", "second"}},
      {"<p>a <i>b</i>c<b> d </b> e</p>", {"a bc d e"}},
      {"<script>var x = '<p>no</p>';</script><style>p{}</style><!-- no --><p>yes</p><noscript>no</noscript>", {"yes"}},
      {"<p>yes<span hidden>no</span><span style=\"Display : none\">no</span></p><div style='visibility:hidden'>no</div>",
       {"yes"}},
      {"<nav><a href=x>Home</a></nav><p>text</p><select><option>no</select><textarea>no</textarea>", {"text"}},
      {"<pre>a\n   b\n\nc</pre>", {"a\n   b", "c"}},
      {"<ul><li>milk<li>bread &amp; wine</ul><p>after</p>", {"milk\nbread & wine", "after"}},
      {"<ol start=4><li><p>four</p><p>more</p></li><li>five</li></ol>", {"4. four", "more", "5. five"}},
      {"<table><tr><th>Name<th>Age<tr><td>Ann<td>7<tr><td><td>only</table>", {"Name | Age\nAnn | 7\nonly"}},
      {"<table><tr><td><h1>T</h1><p>One.</p><p>Two.</p></td></tr></table>", {"T", "One.", "Two."}},
      {"<p>So it was.<sup><a href='#n1'>1</a></sup> Then</p>", {"So it was.[1] Then"}},
      {"<p>So<a epub:type='noteref' href='n.xhtml#n2'>*</a></p><aside id=n2><p>A note. <a role='doc-backlink' "
       "href='#r'>back</a></p>"
       "</aside>",
       {"So[*]", "A note."}},
      {"<p>E = mc<sup>2</sup>, the 1<sup>st</sup></p>", {"E = mc2, the 1st"}},
      {"<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby></p>", {"漢(かん)字(じ)"}},
      {"<p>soft\xC2\xADhyphen, no\xC2\xA0"
       "break, zero\xE2\x80\x8Bwidth</p>",
       {"softhyphen, no break, zerowidth"}},
      {"<p>line<br>\xC2\xA0\xC2\xA0indented</p>", {"line\n  indented"}},
      {"<p><img alt='I' src=i.png>t was dark.</p><p><img alt='A tower' src=t.png></p>", {"It was dark."}},
      {"<p>He said <q>no</q>.</p>", {"He said “no”."}},
      {"plain text without a tag", {"plain text without a tag"}},
      {"<p>control&#7; characters</p>", {"control characters"}},
      {"<svg><text>no</text></svg><p>yes</p><button>no</button>", {"yes"}}};
  for (const auto& [html, texts] : table) EXPECT_EQ(texts_of(html), texts) << html;
}

TEST(HtmlText, HeadingsAnchorsAndPages) {
  const auto read = read_html_text(
      "<html lang=EN-gb><head><title> The\n Tower </title><meta name=author content='A. Writer'></head><body>"
      "<span epub:type='pagebreak' title='1'></span><h2 id=c1>CHAPTER I.<br>The Stair</h2><p>One <a name=x></a>two "
      "<span role='doc-pagebreak' aria-label='Page 2' id=p2></span>three.</p><div class=gap></div></body>");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->title, "The Tower");
  EXPECT_EQ(read->author, "A. Writer");
  EXPECT_EQ(read->language, "en");
  ASSERT_EQ(read->blocks.size(), 2U);
  EXPECT_EQ(read->blocks[0].heading, 2);
  EXPECT_EQ(read->blocks[0].text, "CHAPTER I.\nThe Stair");
  ASSERT_EQ(read->blocks[0].page_breaks.size(), 1U);
  EXPECT_EQ(read->blocks[0].page_breaks[0].name, "1");
  ASSERT_EQ(read->blocks[0].anchors.size(), 1U);
  EXPECT_EQ(read->blocks[0].anchors[0].name, "c1");
  EXPECT_EQ(read->blocks[1].text, "One two three.");
  ASSERT_EQ(read->blocks[1].page_breaks.size(), 1U);
  EXPECT_EQ(read->blocks[1].page_breaks[0].name, "2");
  EXPECT_EQ(read->blocks[1].page_breaks[0].offset, 7U);
}

TEST(HtmlText, AWholeTextInPreIsUnwrapped) {
  std::string html = "<html><body><pre>";
  for (int i = 0; i < 25; ++i) {
    html += "It was a dark and stormy night, and the rain fell in torrents, except at times,\nwhen it was checked by a gust.\n\n";
  }
  const Texts texts = texts_of(html + "</pre></body></html>");
  ASSERT_EQ(texts.size(), 25U);
  EXPECT_EQ(texts[3],
            "It was a dark and stormy night, and the rain fell in torrents, except at times, when it was checked by a gust.");
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

/// What costs a careless reader minutes, gigabytes or its stack. A few seconds is what a slow machine may take over refusing it.
TEST(HtmlText, TagsBeyondMeasureAreRefused) {
  const auto started = std::chrono::steady_clock::now();
  EXPECT_TRUE(texts_of(repeated("<div>", 200'000) + "deep").front().starts_with("refused"));
  EXPECT_TRUE(texts_of("<p" + repeated(" a", 50'000) + ">many</p>").front().starts_with("refused"));
  std::string fonts;
  for (int i = 0; i < 1'900; ++i) fonts += "<b id=" + std::to_string(i) + ">";
  EXPECT_TRUE(texts_of("<p>" + fonts + repeated("</p><p>x", 20'000)).front().starts_with("refused"));
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(60));
  EXPECT_EQ(texts_of(repeated("<div>", 1'000) + "deep").front(), "deep");
  EXPECT_EQ(texts_of(repeated("<p>", 5'000) + "unclosed"), (Texts{"unclosed"}));
  EXPECT_EQ(texts_of("<script>if (a<b" + repeated(" c", 6'000) + ")</script><p>text").front(), "text");
}

TEST(XhtmlAsHtml, ClosesWhatXmlClosed) {
  EXPECT_EQ(xhtml_as_html("<title/><a id=\"x\"/>t<br/><img src='a>b'/>"),
            "<title></title><a id=\"x\"></a>t<br/><img src='a>b'/>");
  EXPECT_EQ(xhtml_as_html("<p><![CDATA[a < b & c]]></p><!-- <p/> --><?pi x?>"), "<p>a &lt; b &amp; c</p>");
  EXPECT_EQ(xhtml_as_html("<p>unfinished <![CDATA[x"), "<p>unfinished x");
  EXPECT_EQ(xhtml_as_html("<"), "<");
}

TEST(XhtmlAsHtml, EntitiesOfADocumentTypeAreNeitherExpandedNorFetched) {
  const std::string xhtml =
      "<?xml version=\"1.0\"?><!DOCTYPE html [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\">"
      "<!ENTITY secret SYSTEM \"file:///etc/passwd\">]><html><body><p>&lol2; &secret; &amp; text</p></body></html>";
  EXPECT_EQ(texts_of(xhtml_as_html(xhtml)), (Texts{"&lol2; &secret; & text"}));
}

std::string utf16(const std::string& ascii, bool big_endian) {
  std::string bytes;
  for (const char c : ascii) {
    if (big_endian) bytes += '\0';
    bytes += c;
    if (!big_endian) bytes += '\0';
  }
  return bytes;
}

TEST(MarkupDecoding, DeclaredUndeclaredAndWrong) {
  EXPECT_EQ(decode_markup("\xEF\xBB\xBF<p>caf\xC3\xA9").text, "<p>café");
  EXPECT_EQ(decode_markup("\xFF\xFE" + utf16("<p>a", false)).text, "<p>a");
  EXPECT_EQ(decode_markup(utf16("<?xml version='1.0' encoding='utf-16'?><p>a", false)).text,
            "<?xml version='1.0' encoding='utf-16'?><p>a");
  EXPECT_EQ(decode_markup(utf16("<html>", true)).text, "<html>");
  EXPECT_TRUE(decode_markup("<?xml version='1.0' encoding='UTF-16'?><p>caf\xC3\xA9").text.ends_with("<p>café"))
      << "declared, but it is not";
  EXPECT_EQ(decode_markup("<meta charset=iso-8859-1><p>caf\xC3\xA9").text, "<meta charset=iso-8859-1><p>café");
  const DecodedText wrong = decode_markup("<meta charset=utf-8><p>caf\xE9 \x93so\x94");
  EXPECT_EQ(wrong.text, "<meta charset=utf-8><p>café “so”");
  EXPECT_NE(wrong.note, "");
  EXPECT_EQ(decode_markup("<meta http-equiv='Content-Type' content='text/html; charset=koi8-r'><p>\xF7\xCF\xCA\xCE\xC1").text,
            "<meta http-equiv='Content-Type' content='text/html; charset=koi8-r'><p>Война");
  EXPECT_EQ(decode_markup("<meta charset=Shift_JIS><p>\x93\xFA\x96\x7B").text, "<meta charset=Shift_JIS><p>日本");
  const DecodedText unknown = decode_markup("<meta charset=klingon-1><p>caf\xE9");
  EXPECT_EQ(unknown.text, "<meta charset=klingon-1><p>café");
  EXPECT_TRUE(unknown.note.contains("klingon-1"));
}

TEST(ReadHtml, ChaptersPartsAndGutenbergsFrame) {
  const testing::TestFolder folder;
  const auto path =
      folder.write("b.html",
                   "<html><head><title>B</title></head><body><p>licence</p><p>*** START OF THE PROJECT GUTENBERG EBOOK B "
                   "***</p><h1>The Book</h1><h2>PART ONE</h2><h3>I. First</h3><p>a</p><h3>II. Second</h3><p>b</p>"
                   "<h2>PART TWO</h2><h3>III. Third</h3><p>c</p><h2>Epilogue</h2><p>d</p><p>*** END OF THE PROJECT "
                   "GUTENBERG EBOOK B ***</p><p>licence</p></body></html>");
  const auto book = read_html(path);
  ASSERT_TRUE(book) << book.error().message;
  Texts names;
  Texts words;
  for (const ChapterText& chapter : book->chapters) {
    names.push_back(chapter.name);
    words.insert(words.end(), chapter.paragraphs.begin(), chapter.paragraphs.end());
  }
  EXPECT_EQ(names, (Texts{"", "PART ONE · I. First", "PART ONE · II. Second", "PART TWO · III. Third", "Epilogue"}));
  EXPECT_EQ(words, (Texts{"The Book", "a", "b", "c", "d"}));
  EXPECT_EQ(book->title, "B");
}

TEST(ReadHtml, ChaptersWithoutHeadingElements) {
  const testing::TestFolder folder;
  const std::string prose = "<p>" + repeated("It was a dark and stormy night. ", 10) + "</p>";
  const auto book = read_html(folder.write("b.html", "<html><h1>The Book</h1><p><b>CHAPTER I</b></p>" + prose +
                                                         "<p>CHAPTER II</p>" + prose + "<p>CHAPTER III</p>" + prose));
  ASSERT_TRUE(book) << book.error().message;
  ASSERT_EQ(book->chapters.size(), 4U);
  EXPECT_EQ(book->chapters[3].name, "CHAPTER III");
  EXPECT_EQ(book->title, "The Book");
}

TEST(ReadHtml, AFileOfAGigabyteIsRefusedUnread) {
  const testing::TestFolder folder;
  const auto path = folder.write("big.html", "<html>");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 30);
  const auto book = read_html(path);
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().code, ErrorCode::too_large);
  EXPECT_TRUE(book.error().message.contains("64 MiB")) << book.error().message;
}

}  // namespace
}  // namespace gibsey::ingest
