#include "ingest/formats/pdf.hpp"

#include "ingest/formats/pdf_pages.hpp"
#include "ingest/formats/testing/pdf_maker.hpp"
#include "ingest/formats/testing/test_folder.hpp"
#include "ingest/importer.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace gibsey::ingest {
namespace {

using namespace std::chrono_literals;
using testing::make_pdf;
using testing::TestFolder;
using Texts = std::vector<std::string>;

bool is_installed() {
  return run_process({"pdftotext", "-v"}).has_value();
}

Texts labels_of(const std::string& text) {
  bool counted = false;
  Texts labels;
  for (const PdfPage& page : split_pdf_pages(text, counted)) labels.push_back(page.label);
  return labels;
}

constexpr const char* kFull = "The keeper went up the stair to the lamp and looked at the sea below,\n";

TEST(PdfPages, LabelsAreThePrintedNumbers) {
  bool counted = true;
  const auto pages = split_pdf_pages(
      "A TITLE\n\fii\n\nFor my mother.\n\fiii\n\nThanks.\n\fChapter I\n\nIt began.\n\n1\n\fTHE TOWER 2\n\nIt went on.\n\f3 THE "
      "STAIR\n\nStill.\n\f"
      "THE TOWER 4\n\nAnd on.\n\n\f5 THE STAIR\n\nMore.\n\fTHE TOWER 6\n\nIn 1889 it\n7 men came.\n\f7 THE STAIR\n\nEnd.\n\f",
      counted);
  EXPECT_FALSE(counted);
  Texts labels;
  Texts words;
  for (const PdfPage& page : pages) {
    labels.push_back(page.label);
    std::string all;
    for (const std::string& line : page.lines) all += line + "/";
    words.push_back(all);
  }
  EXPECT_EQ(labels, (Texts{"i", "ii", "iii", "1", "2", "3", "4", "5", "6", "7"}));
  EXPECT_EQ(words, (Texts{"A TITLE/", "For my mother./", "Thanks./", "Chapter I//It began./", "It went on./", "Still./",
                          "And on./", "More./", "In 1889 it/7 men came./", "End./"}));
}

TEST(PdfPages, NumbersOfManyForms) {
  EXPECT_EQ(labels_of("a\n\nhome\n5/90\n\fb\n\nhome\n6/90\n\fc\n\nhome\n7/90\n\f"), (Texts{"5", "6", "7"}));
  EXPECT_EQ(labels_of("Page 8 of 90\na\n\fPage 9 of 90\nb\n\fPage 10 of 90\nc\n\f"), (Texts{"8", "9", "10"}));
  EXPECT_EQ(labels_of("- 1 -\na\n\f- 2 -\nb\n\f- 3 -\nc\n\f"), (Texts{"1", "2", "3"}));
}

TEST(PdfPages, TwoLinesAtTheFootGo) {
  std::string text;
  for (int i = 1; i < 5; ++i) text += std::string(i, 'a') + "\n\nhome.html\n\n" + std::to_string(i) + "/4\n\f";
  bool counted = false;
  for (const PdfPage& page : split_pdf_pages(text, counted))
    EXPECT_EQ(page.lines, (Texts{std::string(std::stoul(page.label), 'a')}));
}

TEST(PdfPages, ANumberBeforeATitleIsAHeadingWhereAParagraphMayBegin) {
  bool counted = false;
  const auto pages = split_pdf_pages("2. Black Dog\n" + std::string(kFull) + kFull + "3. Not One\n" + kFull + "\f", counted);
  const auto blocks = paragraphs_of_pdf(pages).blocks;
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].text, "2. Black Dog");
}

TEST(PdfPages, WithoutPrintedNumbersTheyAreCounted) {
  bool counted = false;
  const auto pages = split_pdf_pages("One.\n\f\fIt was 1889\n\fFour.\n\f", counted);
  EXPECT_TRUE(counted);
  EXPECT_EQ(labels_of("One.\n\f\fIt was 1889\n\fFour.\n\f"), (Texts{"1", "2", "3", "4"}));
  EXPECT_EQ(pages[2].lines, (Texts{"It was 1889"}));
}

TEST(PdfPages, AChaptersRunningTitleStaysWhereItBegins) {
  std::string text;
  for (int chapter = 0; chapter < 3; ++chapter) {
    for (int page = 0; page < 4; ++page) text += "Chapter " + std::to_string(chapter + 1) + "\n\nWords of it.\n\f";
  }
  bool counted = false;
  const auto pages = split_pdf_pages(text, counted);
  EXPECT_EQ(pages[4].lines.front(), "Chapter 2");
  EXPECT_EQ(pages[5].lines.front(), "Words of it.");
}

TEST(PdfPages, ParagraphsEndWhereALineStopsShort) {
  bool counted = false;
  const auto pages =
      split_pdf_pages(std::string(kFull) + kFull + "and slept.\n" + "\"Who is there?\"\n" + kFull + "then he rose.\n\f", counted);
  Texts texts;
  for (const MarkedBlock& block : paragraphs_of_pdf(pages).blocks) texts.push_back(block.text);
  const std::string full = std::string(kFull).substr(0, std::string(kFull).size() - 1);
  EXPECT_EQ(texts, (Texts{full + " " + full + " and slept.", "\"Who is there?\"", full + " then he rose."}));
}

TEST(Pdf, ChaptersPagesAndWords) {
  if (!is_installed()) GTEST_SKIP() << "left out: pdftotext is not installed (poppler-utils)";
  const TestFolder folder;
  Texts full(6, std::string(kFull).substr(0, std::string(kFull).size() - 1));
  full.back() = "and that was all there was.";
  std::vector<Texts> pages;
  for (int i = 0; i < 6; ++i) {
    Texts lines{"THE TOWER    " + std::to_string(i + 11), "", ""};
    if (i % 2 == 0) lines = {"CHAPTER " + std::to_string(i / 2 + 1), "", ""};
    lines.insert(lines.end(), full.begin(), full.end());
    lines.push_back("The number of this page is word" + std::to_string(i) + ".");
    if (i % 2 == 0) lines.insert(lines.end(), {"", "", std::to_string(i + 11)});
    pages.push_back(lines);
  }
  const auto path = folder.write("-book.pdf", make_pdf(pages));
  const auto book = read_book("w", {path});
  ASSERT_TRUE(book) << book.error().message;
  ASSERT_EQ(book->pages.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const model::Page& page = book->pages[i].page;
    EXPECT_EQ(page.label, std::to_string(i + 11));
    EXPECT_EQ(page.id, "0" + std::to_string(i + 11));
    EXPECT_EQ(page.chapter, "CHAPTER " + std::to_string(i / 2 + 1));
    EXPECT_TRUE(page.text.starts_with("The keeper went up the stair")) << page.text;
    EXPECT_TRUE(page.text.ends_with("is word" + std::to_string(i) + ".")) << page.text;
  }
}

TEST(Pdf, WhatCannotBeReadIsRefusedWithASentence) {
  if (!is_installed()) GTEST_SKIP() << "left out: pdftotext is not installed (poppler-utils)";
  const TestFolder folder;
  const auto message = [](const std::filesystem::path& path, const ProcessLimits& limits = {}) {
    const auto book = read_pdf(path, limits);
    return book ? std::string("read") : book.error().message;
  };
  const std::string whole = make_pdf({{"Some words."}});
  EXPECT_EQ(message(folder.write("good.pdf", whole)), "read");
  EXPECT_TRUE(message(folder.write("bad.pdf", "%PDF-1.4\nnothing")).contains("pdftotext says: "));
  EXPECT_TRUE(message(folder.write("empty.pdf", make_pdf({{}, {}}))).contains("only pictures of pages"));
  EXPECT_TRUE(message(folder.at("good.pdf"), {.output = 3}).contains("wrote more than"));
  const auto big = folder.write("big.pdf", whole);
  std::filesystem::resize_file(big, (std::uintmax_t{1} << 30) + 1);
  EXPECT_TRUE(message(big).contains("larger than 1 GiB"));
}

TEST(Pdf, WithoutThePrograms) {
  const TestFolder folder;
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder.path().c_str(), 1);
  const auto book = read_pdf(folder.write("book.pdf", make_pdf({{"Some words."}})));
  setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(book.error().message.contains("install poppler-utils")) << book.error().message;
}

}  // namespace
}  // namespace gibsey::ingest
