#include "ingest/formats/file_form.hpp"

#include "ingest/formats/testing/epub_maker.hpp"
#include "ingest/formats/testing/pdf_maker.hpp"
#include "ingest/formats/testing/test_folder.hpp"
#include "ingest/importer.hpp"

#include <gtest/gtest.h>

namespace gibsey::ingest {
namespace {

using namespace std::string_literals;
using testing::TestFolder;

TEST(FileForm, ContentGoesBeforeTheEnding) {
  const TestFolder folder;
  const auto form = [](const std::filesystem::path& path) {
    const auto found = find_form(path);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(FileForm::jsonl);
  };
  EXPECT_EQ(form(folder.write("a.txt", "Text.")), FileForm::text);
  EXPECT_EQ(form(folder.write("a.MD", "# Text")), FileForm::markdown);
  EXPECT_EQ(form(folder.write("a.htm", "<p>no root</p>")), FileForm::html);
  EXPECT_EQ(form(folder.write("b.txt", "\xEF\xBB\xBF \n<!-- x --><!DOCTYPE html><p>x")), FileForm::html);
  EXPECT_EQ(form(folder.write("c.txt", "<\0h\0t\0m\0l\0>\0"s)), FileForm::html);
  EXPECT_EQ(form(folder.write("d.md", "<div align=center>Markdown</div>")), FileForm::markdown);
  EXPECT_EQ(form(folder.write("e.txt", testing::make_pdf({{"x"}}))), FileForm::pdf);
  testing::write_zip(folder.at("f.txt"), {{"META-INF/container.xml", "x"}});
  EXPECT_EQ(form(folder.at("f.txt")), FileForm::epub);
  testing::write_zip(folder.at("g.epub"), {{"word/document.xml", "x"}});
  EXPECT_EQ(form(folder.at("g.epub")), FileForm::docx);
}

TEST(FileForm, WhatCannotBeReadSaysWhatToDo) {
  const TestFolder folder;
  testing::write_zip(folder.at("a.zip"), {{"novel.txt", "x"}});
  const std::pair<std::filesystem::path, const char*> table[] = {
      {folder.at("a.zip"), "unpack it"},
      {folder.write("b.doc", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "save it as DOCX"},
      {folder.write("c.docx", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "locked with a password"},
      {folder.write("d.rtf", "{\\rtf1 x}"), "save it as DOCX"},
      {folder.write("e.mobi", std::string(60, 'x') + "BOOKMOBI" + std::string(20, 'x')), "convert it to EPUB"},
      {folder.write("f.epub", "no zip"), "cut off or damaged"},
      {folder.write("g.pdf", "no pdf"), "is no PDF"},
      {folder.write("h.xyz", "what"), "TXT, Markdown (.md), JSONL, HTML, EPUB, DOCX or PDF"}};
  for (const auto& [path, words] : table) {
    const auto form = find_form(path);
    ASSERT_FALSE(form) << path;
    EXPECT_EQ(form.error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(form.error().message.contains(words)) << form.error().message;
    EXPECT_TRUE(form.error().message.starts_with(path.string()));
  }
}

TEST(ReadBook, AFolderOfHtmlFiles) {
  const TestFolder folder;
  folder.write("01-up.html", "<html><body><h1>Going up</h1><p>She went up.</p></body></html>");
  folder.write("02-down.html", "<html><body><p>She came down.</p></body></html>");
  folder.write("novel.epub", "left aside");
  const auto book = read_book("w", {folder.path()});
  ASSERT_TRUE(book) << book.error().message;
  ASSERT_EQ(book->pages.size(), 2U);
  EXPECT_EQ(book->pages[0].page.chapter, "Going up");
  EXPECT_EQ(book->pages[0].page.text, "She went up.");
  EXPECT_EQ(book->pages[1].page.chapter, "02 Down");
}

}  // namespace
}  // namespace gibsey::ingest
