#include "ingest/formats/epub.hpp"

#include "ingest/formats/testing/epub_maker.hpp"
#include "ingest/formats/testing/test_folder.hpp"
#include "ingest/importer.hpp"
#include "retrieval/testing/shared_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace gibsey::ingest {
namespace {

using testing::EpubMaker;
using testing::TestFolder;
using testing::xhtml;
using testing::xml_escaped;
using Texts = std::vector<std::string>;

Texts names_of(const Result<TextChapters>& book) {
  if (!book) return {"refused: " + book.error().message};
  Texts names;
  for (const ChapterText& chapter : book->chapters) names.push_back(chapter.name);
  return names;
}

/// Three parts, two of them chapters.
EpubMaker small_book() {
  EpubMaker maker;
  maker.parts = {{"front.xhtml", xhtml("<p>For my mother.</p>")},
                 {"c1.xhtml", xhtml("<h2 id=\"one\">CHAPTER I.<br/>The Stair</h2><p>She went up &amp; up.</p><p>It rained.</p>")},
                 {"c2.xhtml", xhtml("<h2>CHAPTER II</h2><p id=\"two\">She came down.</p>")}};
  maker.nav =
      "<nav epub:type=\"toc\"><h1>Contents</h1><ol><li><a href=\"c1.xhtml\">CHAPTER I. The Stair</a></li><li><a "
      "href=\"c2.xhtml\">CHAPTER II</a></li></ol></nav>";
  return maker;
}

Result<TextChapters> read(const EpubMaker& maker) {
  const TestFolder folder;
  maker.write(folder.at("book.epub"));
  return read_epub(folder.at("book.epub"));
}

TEST(Epub, ChaptersOfTheNavigationDocument) {
  const auto book = read(small_book());
  ASSERT_EQ(names_of(book), (Texts{"", "CHAPTER I. The Stair", "CHAPTER II"}));
  EXPECT_EQ(book->title, "The Tower");
  EXPECT_EQ(book->author, "A. Writer");
  EXPECT_EQ(book->language, "en");
  EXPECT_EQ(book->chapters[0].paragraphs, (Texts{"For my mother."}));
  EXPECT_EQ(book->chapters[1].title, "The Stair");
  EXPECT_EQ(book->chapters[1].paragraphs, (Texts{"She went up & up.", "It rained."})) << "the heading is the name, not text";
}

TEST(Epub, ChaptersOfAnNcx) {
  EpubMaker maker = small_book();
  maker.nav.clear();
  maker.ncx =
      "<navMap><navPoint id=\"a\"><navLabel><text>The Tower</text></navLabel><content src=\"front.xhtml\"/><navPoint "
      "id=\"b\"><navLabel><text>I. The Stair</text></navLabel><content src=\"c1.xhtml#one\"/></navPoint><navPoint "
      "id=\"a\"><navLabel><text>II. Down</text></navLabel><content src=\"c2.xhtml#none\"/></navPoint></navPoint></navMap>";
  EXPECT_EQ(names_of(read(maker)), (Texts{"The Tower", "I. The Stair", "II. Down"})) << "the book's own title is no part";
}

TEST(Epub, PartsStandBeforeTheirChapters) {
  EpubMaker maker = small_book();
  maker.nav =
      "<nav epub:type=\"toc\"><ol><li><span>PART ONE</span><ol><li><a href=\"c1.xhtml\">1. Up</a><ol><li><a "
      "href=\"c1.xhtml#x\">a section</a></li></ol></li></ol></li><li><a href=\"c2.xhtml\">PART TWO</a><ol><li><a "
      "href=\"c2.xhtml#two\">2. Down</a></li></ol></li></ol></nav><nav epub:type=\"landmarks\"><ol><li><a "
      "href=\"front.xhtml\">Cover</a></li></ol></nav>";
  EXPECT_EQ(names_of(read(maker)), (Texts{"", "PART ONE · 1. Up", "PART TWO", "PART TWO · 2. Down"}));
}

TEST(Epub, ATableOfContentsIsNoPageOfTheBook) {
  EpubMaker maker = small_book();
  maker.parts.insert(maker.parts.begin() + 1, {"toc.xhtml", xhtml("<p>I. The Stair</p><p>II</p>")});
  auto entries = maker.entries();
  std::string& package = entries[2].text;
  package.insert(package.find("</package>"), R"(<guide><reference type="toc" href="toc.xhtml"/></guide>)");
  const TestFolder folder;
  testing::write_zip(folder.at("guide.epub"), entries);
  const auto by_guide = read_epub(folder.at("guide.epub"));
  EXPECT_EQ(names_of(by_guide), (Texts{"", "CHAPTER I. The Stair", "CHAPTER II"}));
  EXPECT_EQ(by_guide->chapters[0].paragraphs, (Texts{"For my mother."}));
  maker.nav.replace(maker.nav.find("<li>"), 0, "<li><a href=\"toc.xhtml\">Contents</a></li>");
  const auto by_name = read(maker);
  EXPECT_EQ(names_of(by_name), (Texts{"", "CHAPTER I. The Stair", "CHAPTER II"}));
  EXPECT_EQ(by_name->chapters[1].paragraphs, (Texts{"She went up & up.", "It rained."}));
}

TEST(Epub, WithoutATableOfContentsHeadingsTell) {
  EpubMaker maker = small_book();
  maker.nav.clear();
  EXPECT_EQ(names_of(read(maker)), (Texts{"", "CHAPTER I. The Stair", "CHAPTER II"}));
}

TEST(Epub, PrintedPagesOfTheListOfPages) {
  const TestFolder folder;
  EpubMaker maker = small_book();
  maker.parts[1].second = xhtml("<h2>I</h2><p><a id=\"pg1\"/>She went up. It rai<a id=\"pg2\"/>ned all day.</p><p>Night.</p>");
  maker.parts[2].second = xhtml("<h2>II</h2><p>She came <a id=\"pg3\"/>down.</p>");
  maker.nav +=
      "<nav epub:type=\"page-list\"><ol><li><a href=\"c1.xhtml#pg1\">xii</a></li><li><a href=\"c1.xhtml#pg2\">1</a></li><li>"
      "<a href=\"c2.xhtml#pg3\">2</a></li></ol></nav>";
  maker.write(folder.at("book.epub"));
  const auto book = read_book("w", {folder.at("book.epub")});
  ASSERT_TRUE(book) << book.error().message;
  Texts pages;
  for (const auto& [page, passages, quotes] : book->pages)
    pages.push_back(page.id + "|" + page.label + "|" + page.chapter + "|" + page.text);
  EXPECT_EQ(pages,
            (Texts{"front|front||For my mother.", "xii|xii|CHAPTER I. The Stair|She went up. It rained",
                   "001|1|CHAPTER I. The Stair|all day.\n\nNight.", "001-2|1|CHAPTER II|She came", "002|2|CHAPTER II|down."}));
}

TEST(Epub, PrintedPagesOfMarksInTheText) {
  const TestFolder folder;
  EpubMaker maker = small_book();
  maker.nav.clear();
  maker.parts = {
      {"a.xhtml", xhtml("<span epub:type=\"pagebreak\" id=\"p9\" title=\"9\"/><h2>I</h2><p>Nine.</p><h2>II</h2><p>Still "
                        "nine.</p><div role=\"doc-pagebreak\" aria-label=\"10\"/><p>Ten.</p>")}};
  maker.write(folder.at("book.epub"));
  const auto book = read_book("w", {folder.at("book.epub")});
  ASSERT_TRUE(book) << book.error().message;
  Texts pages;
  for (const auto& content : book->pages)
    pages.push_back(content.page.label + " " + content.page.chapter + " " + content.page.text);
  EXPECT_EQ(pages, (Texts{"9 I Nine.", "9 II Still nine.", "10 II Ten."}));
}

TEST(Epub, AWrongBookIsReadAsFarAsItGoes) {
  EpubMaker maker = small_book();
  maker.more_items =
      R"(<item id="p0" href="c2.xhtml" media-type="application/xhtml+xml"/><item id="pic" href="a.svg" media-type="image/svg+xml"/>)";
  maker.more_spine = R"(<itemref idref="gone"/><itemref idref="pic"/><itemref idref="p1"/>)";
  maker.parts.push_back({"broken.xhtml", "<p>Unclosed <b>tags & a stray <i>sign"});
  maker.parts.push_back({"latin.xhtml", "<?xml version='1.0' encoding='utf-8'?><p>caf\xE9</p>"});
  const auto book = read(maker);
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->chapters.back().paragraphs, (Texts{"She came down.", "Unclosed tags & a stray sign", "café"}));
  const auto noted = [&](std::string_view words) {
    return std::ranges::any_of(book->notes, [&](const std::string& note) { return note.contains(words); });
  };
  EXPECT_TRUE(noted("missing from the archive, first gone"));
  EXPECT_TRUE(noted("have the id of another"));
  EXPECT_TRUE(noted("latin.xhtml: The text is not valid UTF-8"));
}

TEST(Epub, EntityBombsAreLeftAsTheyStand) {
  EpubMaker maker = small_book();
  std::string bomb = "<?xml version=\"1.0\"?><!DOCTYPE package [<!ENTITY a \"haha\">";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += "<!ENTITY " + std::string(1, c) + " \"";
    for (int i = 0; i < 10; ++i) bomb += std::string("&") + static_cast<char>(c - 1) + ";";
    bomb += "\">";
  }
  bomb += "<!ENTITY secret SYSTEM \"file:///etc/passwd\">]>";
  maker.title = "T";
  auto entries = maker.entries();
  std::string& package = entries[2].text;
  package.replace(0, package.find("<package"), bomb);
  package.replace(package.find(">T<") + 1, 1, "&j;&secret;");
  const TestFolder folder;
  testing::write_zip(folder.at("bomb.epub"), entries);
  const auto book = read_epub(folder.at("bomb.epub"));
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->title, "&j;&secret;");
}

TEST(Epub, CopyProtectionIsRefusedScrambledFontsAreNot) {
  const auto encryption = [](const std::string& algorithm) {
    return testing::ZipEntry{
        "META-INF/encryption.xml",
        "<encryption xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\" "
        "xmlns:enc=\"http://www.w3.org/2001/04/xmlenc#\"><enc:EncryptedData><enc:EncryptionMethod Algorithm=\"" +
            algorithm +
            "\"/><enc:CipherData><enc:CipherReference URI=\"OEBPS/x\"/></enc:CipherData></enc:EncryptedData>"
            "</encryption>"};
  };
  EpubMaker maker = small_book();
  maker.more_entries = {encryption("http://www.idpf.org/2008/embedding")};
  EXPECT_EQ(names_of(read(maker)).size(), 3U);
  maker.more_entries = {encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc")};
  const auto book = read(maker);
  ASSERT_FALSE(book);
  EXPECT_TRUE(book.error().message.contains("copy-protected (DRM)")) << book.error().message;
}

TEST(Epub, WhatIsNoneIsRefusedWithASentence) {
  const TestFolder folder;
  const auto message = [&](const std::vector<testing::ZipEntry>& entries) {
    testing::write_zip(folder.at("book.epub"), entries);
    const auto book = read_epub(folder.at("book.epub"));
    return book ? std::string("read") : book.error().message;
  };
  auto entries = small_book().entries();
  EXPECT_TRUE(message({{"a.txt", "x"}}).contains("is a zip but no EPUB"));
  EXPECT_TRUE(message({{"mimetype", "application/epub+zip"}}).contains("META-INF/container.xml"));
  EXPECT_TRUE(message({entries[0], entries[1]}).contains("package document that its META-INF/container.xml names is missing"));
  EXPECT_TRUE(message({entries[0], entries[1], {"OEBPS/content.opf", "<package"}}).contains("cannot be read"));
  EXPECT_TRUE(message({entries[0], entries[1], entries[2]}).contains("none of the parts"));
  EpubMaker pictures;
  pictures.parts = {{"a.xhtml", xhtml("<img src=\"a.png\" alt=\"A tower\"/>")}};
  EXPECT_TRUE(message(pictures.entries()).contains("only pictures"));
}

/// An EPUB made of a book's chapters, one part each.
EpubMaker epub_of(const TextChapters& book, bool with_contents) {
  EpubMaker maker;
  maker.title = book.title;
  for (std::size_t i = 0; i < book.chapters.size(); ++i) {
    const ChapterText& chapter = book.chapters[i];
    const std::string name = "part" + std::to_string(i) + ".xhtml";
    std::string body = chapter.name.empty() ? "" : "<h2>" + xml_escaped(chapter.name) + "</h2>\n";
    for (const std::string& paragraph : chapter.paragraphs) {
      // Verse keeps lines and indents.
      std::string text;
      for (const char c : xml_escaped(paragraph)) {
        const bool indents = c == ' ' && (text.ends_with("<br/>") || text.ends_with("&#160;"));
        text += c == '\n' ? "<br/>" : indents ? "&#160;" : std::string(1, c);
      }
      body += "<p>" + text + "</p>\n";
    }
    maker.parts.emplace_back(name, xhtml(body));
    if (with_contents && !chapter.name.empty()) {
      maker.nav += "<li><a href=\"" + name + "\">" + xml_escaped(chapter.name) + "</a></li>";
    }
  }
  if (with_contents) maker.nav = "<nav epub:type=\"toc\"><ol>" + maker.nav + "</ol></nav>";
  return maker;
}

/// HTML has no runs of spaces but those that indent a line of verse.
std::string with_single_spaces(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto line = result.find_last_not_of(' ');
    const bool indents = line != result.npos && result[line] == '\n';
    if (c != ' ' || indents || (!result.empty() && result.back() != ' ')) result += c;
  }
  return result;
}

/// Without the stars between scenes either, which pages leave out.
std::string without_spaces(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '*') result += c;
  }
  return result;
}

class EpubOfANovel : public ::testing::TestWithParam<std::pair<const char*, bool>> {};

TEST_P(EpubOfANovel, HasTheSameChaptersAndWords) {
  const auto path = gibsey::testing::shared_data("books_dev") / GetParam().first;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "left out: no " << path;
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const TextChapters original = chapters_of_text(text);
  const TestFolder folder;
  epub_of(original, GetParam().second).write(folder.at("novel.epub"));
  const auto read = read_epub(folder.at("novel.epub"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->title, original.title);
  ASSERT_EQ(read->chapters.size(), original.chapters.size());
  for (std::size_t i = 0; i < original.chapters.size(); ++i) {
    EXPECT_EQ(read->chapters[i].name, with_single_spaces(original.chapters[i].name));
    ASSERT_EQ(read->chapters[i].paragraphs.size(), original.chapters[i].paragraphs.size()) << original.chapters[i].name;
    for (std::size_t j = 0; j < original.chapters[i].paragraphs.size(); ++j) {
      EXPECT_EQ(read->chapters[i].paragraphs[j], with_single_spaces(original.chapters[i].paragraphs[j]));
    }
  }
  const auto paged = read_book("novel", {folder.at("novel.epub")});
  ASSERT_TRUE(paged) << paged.error().message;
  std::string of_pages;
  std::string of_paragraphs;
  for (const auto& content : paged->pages) of_pages += without_spaces(content.page.text);
  for (const ChapterText& chapter : original.chapters) {
    for (const std::string& paragraph : chapter.paragraphs) of_paragraphs += without_spaces(paragraph);
  }
  EXPECT_TRUE(of_pages == of_paragraphs) << "the pages together have " << of_pages.size() << " bytes, the paragraphs "
                                         << of_paragraphs.size();
}

INSTANTIATE_TEST_SUITE_P(Novels, EpubOfANovel,
                         ::testing::Values(std::pair("alice.txt", true), std::pair("alice.txt", false),
                                           std::pair("treasure_island.txt", true), std::pair("moby_dick.txt", true)));

}  // namespace
}  // namespace gibsey::ingest
