#include "ingest/formats/docx.hpp"

#include "ingest/formats/testing/test_folder.hpp"
#include "ingest/formats/testing/zip_writer.hpp"
#include "ingest/importer.hpp"

#include <gtest/gtest.h>

namespace gibsey::ingest {
namespace {

using testing::TestFolder;
using Texts = std::vector<std::string>;

constexpr const char* kStyles =
    R"(<w:styles xmlns:w="w"><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style><w:style w:styleId="Mine"><w:name
w:val="My heading"/><w:basedOn w:val="berschrift1"/></w:style><w:style w:styleId="T"><w:name w:val="Title"/></w:style><w:style
w:styleId="V1"><w:name w:val="toc 1"/></w:style><w:style w:styleId="Round"><w:name w:val="a"/><w:basedOn w:val="Round"/></w:style>
</w:styles>)";
constexpr const char* kNotes =
    R"(<w:footnotes xmlns:w="w"><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:t>no</w:t></w:r></w:p></w:footnote><w:footnote
w:id="1"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>)";

std::string document(const std::string& body) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><w:document xmlns:w=\"w\" xmlns:mc=\"mc\"><w:body>" +
         body + "</w:body></w:document>";
}

std::string paragraph(const std::string& text, const std::string& style = {}) {
  const std::string properties = style.empty() ? "" : "<w:pPr><w:pStyle w:val=\"" + style + "\"/></w:pPr>";
  return "<w:p>" + properties + "<w:r><w:t xml:space=\"preserve\">" + text + "</w:t></w:r></w:p>";
}

std::vector<testing::ZipEntry> entries_of(const std::string& body) {
  return {{"[Content_Types].xml", "<Types/>"},
          {"_rels/.rels",
           "<Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
           "officeDocument\" Target=\"word/document.xml\"/></Relationships>"},
          {"word/document.xml", document(body)},
          {"word/styles.xml", kStyles},
          {"word/footnotes.xml", kNotes},
          {"docProps/core.xml",
           "<cp:coreProperties xmlns:dc=\"dc\"><dc:title>Core</dc:title><dc:creator>A. Writer</dc:creator>"
           "</cp:coreProperties>"}};
}

Result<TextChapters> read(const std::string& body) {
  const TestFolder folder;
  testing::write_zip(folder.at("book.docx"), entries_of(body));
  return read_docx(folder.at("book.docx"));
}

Texts paragraphs_of(const std::string& body) {
  const auto book = read(body);
  if (!book) return {"refused: " + book.error().message};
  Texts texts;
  for (const ChapterText& chapter : book->chapters)
    texts.insert(texts.end(), chapter.paragraphs.begin(), chapter.paragraphs.end());
  return texts;
}

TEST(Docx, ChaptersByStyles) {
  const auto book = read(paragraph("The Tower", "T") + paragraph("One ... 1", "V1") + paragraph("One", "berschrift1") +
                         paragraph("She went up.") + paragraph("Two", "Mine") + paragraph("She came down.", "Round"));
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->title, "The Tower");
  EXPECT_EQ(book->author, "A. Writer");
  ASSERT_EQ(book->chapters.size(), 2U);
  EXPECT_EQ(book->chapters[0].name, "One");
  EXPECT_EQ(book->chapters[1].name, "Two");
  EXPECT_EQ(book->chapters[1].paragraphs, (Texts{"She came down."}));
}

TEST(Docx, WordsByTable) {
  const std::pair<const char*, Texts> table[] = {
      {"<w:p><w:r><w:t>a</w:t></w:r><w:r><w:t xml:space='preserve'> "
       "</w:t></w:r><w:r><w:t>b</w:t><w:tab/><w:t>c</w:t></w:r></w:p>",
       {"a b c"}},
      {"<w:p><w:r><w:t>line</w:t><w:br/><w:t>line</w:t></w:r></w:p>", {"line\nline"}},
      {"<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/>"
       "</w:rPr><w:t>hidden</w:t></w:r></w:p>",
       {"new"}},
      {"<w:p><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>", {"link"}},
      {"<w:p><w:r><w:t>So.</w:t><w:footnoteReference w:id='1'/></w:r></w:p><w:p><w:r><w:t>Then.</w:t></w:r></w:p>",
       {"So.[1]", "[1] A note.", "Then."}},
      {"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr><w:tr>"
       "<w:tc><w:p><w:r><w:t>c</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
       {"a | b\nc"}},
      {"<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></w:txbxContent>"
       "</w:drawing></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></w:txbxContent></mc:Fallback>"
       "</mc:AlternateContent><w:t>around</w:t></w:r></w:p>",
       {"around", "box"}},
      {"<w:p><w:r><w:ruby><w:rt><w:r><w:t>kan</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢</w:t></w:r></w:rubyBase></w:ruby></"
       "w:r></w:p>",
       {"漢(kan)"}}};
  for (const auto& [body, texts] : table) EXPECT_EQ(paragraphs_of(body), texts) << body;
}

Texts pages_of(const std::string& body) {
  const TestFolder folder;
  testing::write_zip(folder.at("book.docx"), entries_of(body));
  const auto book = read_book("w", {folder.at("book.docx")});
  if (!book) return {"refused: " + book.error().message};
  Texts pages;
  for (const auto& content : book->pages) pages.push_back(content.page.label + " " + content.page.text);
  return pages;
}

TEST(Docx, PagesAsWordLaidThemOut) {
  EXPECT_EQ(pages_of("<w:p><w:r><w:t>One goes on </w:t></w:r><w:r><w:lastRenderedPageBreak/><w:t>two.</w:t></w:r></w:p><w:p><w:r>"
                     "<w:br w:type='page'/></w:r></w:p><w:p><w:r><w:lastRenderedPageBreak/><w:t>Three.</w:t></w:r></w:p>"),
            (Texts{"1 One goes on", "2 two.", "3 Three."}));
  EXPECT_EQ(
      pages_of("<w:p><w:pPr><w:sectPr/></w:pPr><w:r><w:t>One.</w:t></w:r></w:p><w:p><w:pPr><w:pageBreakBefore/></w:pPr><w:r>"
               "<w:t>Two.</w:t></w:r></w:p><w:p><w:pPr><w:pageBreakBefore w:val='0'/></w:pPr><w:r><w:t>Also.</w:t></w:r></w:p>"),
      (Texts{"1 One.", "2 Two.\n\nAlso."}));
}

TEST(Docx, HardBreaksThatPartChaptersMakeNoPages) {
  std::string body;
  for (int chapter = 0; chapter < 2; ++chapter) {
    for (int i = 0; i < 60; ++i) {
      body +=
          paragraph("The keeper number " + std::to_string(i) + " went up the stair to the lamp and looked at the sea below him.");
    }
    body += "<w:p><w:r><w:br w:type='page'/></w:r></w:p>";
  }
  EXPECT_GE(pages_of(body).size(), 6U);
}

TEST(Docx, WhatIsNoneIsRefusedWithASentence) {
  const TestFolder folder;
  const auto message = [&](const std::vector<testing::ZipEntry>& entries) {
    testing::write_zip(folder.at("book.docx"), entries);
    const auto book = read_docx(folder.at("book.docx"));
    return book ? std::string("read") : book.error().message;
  };
  EXPECT_TRUE(message({{"xl/workbook.xml", "<a/>"}}).contains("no Word document"));
  EXPECT_TRUE(message({{"word/document.xml", "<w:document>"}}).contains("word/document.xml cannot be read"));
  EXPECT_TRUE(message(entries_of("")).contains("has no text"));
  std::string deep;
  for (int i = 0; i < 5'000; ++i) deep += "<w:sdt>";
  for (int i = 0; i < 5'000; ++i) deep += "</w:sdt>";
  EXPECT_TRUE(message(entries_of(deep)).contains("nested more than 256 deep"));
  EXPECT_EQ(message(entries_of("<w:p><w:r><w:t>&lol; text</w:t></w:r></w:p>")), "read");
}

}  // namespace
}  // namespace gibsey::ingest
