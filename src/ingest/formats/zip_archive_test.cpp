#include "ingest/formats/zip_archive.hpp"

#include "ingest/formats/testing/test_folder.hpp"
#include "ingest/formats/testing/zip_writer.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace gibsey::ingest {
namespace {

using testing::TestFolder;
using testing::write_zip;

const std::set<std::string> kTexts{".xml"};

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The sentence of the refusal, or "read".
std::string refusal(const std::filesystem::path& path, const ZipLimits& limits = {}) {
  const auto zip = ZipArchive::open(path, kTexts, limits);
  return zip ? "read" : zip.error().message;
}

TEST(ZipArchive, KeepsTextsAndKnowsTheRest) {
  const TestFolder folder;
  write_zip(folder.at("a.zip"), {{"a/b.xml", "<a/>"}, {"kapitel-ä.XML", "ä"}, {"picture.png", "bytes"}, {"inner.zip", "PK"}});
  auto zip = ZipArchive::open(folder.at("a.zip"), kTexts);
  ASSERT_TRUE(zip) << zip.error().message;
  ASSERT_NE(zip->find("a/b.xml"), nullptr);
  EXPECT_EQ(*zip->find("a/b.xml"), "<a/>");
  ASSERT_NE(zip->find("kapitel-ä.XML"), nullptr);
  EXPECT_EQ(zip->find("picture.png"), nullptr);
  EXPECT_TRUE(zip->has("picture.png"));
  EXPECT_EQ(zip->take("a/b.xml"), "<a/>");
  EXPECT_EQ(zip->take("a/b.xml"), "");
}

TEST(ZipArchive, BombsAreRefused) {
  const TestFolder folder;
  write_zip(folder.at("ratio.zip"), {{"a.xml", std::string(std::size_t{12} << 20, ' ')}});
  EXPECT_LT(std::filesystem::file_size(folder.at("ratio.zip")), 50'000U);
  EXPECT_TRUE(refusal(folder.at("ratio.zip")).contains("200 times its size"));
  EXPECT_TRUE(refusal(folder.at("ratio.zip"), {.entry = 1 << 20}).contains("unpacks a.xml to more than 1 MiB"));
  write_zip(folder.at("total.zip"), {{"a.xml", std::string(1'500'000, 'a')}, {"b.xml", std::string(1'500'000, 'b')}});
  EXPECT_EQ(refusal(folder.at("total.zip")), "read") << "small enough to be let alone";
  EXPECT_TRUE(refusal(folder.at("total.zip"), {.total = 2 << 20}).contains("more than 2 MiB of text"));
  std::vector<testing::ZipEntry> many;
  for (int i = 0; i < 300; ++i) many.push_back({std::to_string(i) + ".png", ""});
  write_zip(folder.at("many.zip"), many);
  EXPECT_TRUE(refusal(folder.at("many.zip"), {.entries = 299}).contains("more than 299 entries"));
  EXPECT_TRUE(refusal(folder.at("many.zip"), {.directory = 10'000}).contains("too many entries"));
  EXPECT_EQ(refusal(folder.at("many.zip")), "read");
  const auto error = ZipArchive::open(folder.at("ratio.zip"), kTexts).error();
  EXPECT_EQ(error.code, ErrorCode::too_large);
}

TEST(ZipArchive, AZipInsideStaysPacked) {
  const TestFolder folder;
  write_zip(folder.at("inner.zip"), {{"a.xml", std::string(std::size_t{12} << 20, ' ')}});
  write_zip(folder.at("outer.zip"), {{"a.xml", "<a/>"}, {"inner.zip", bytes_of(folder.at("inner.zip"))}});
  EXPECT_EQ(refusal(folder.at("outer.zip")), "read");
}

TEST(ZipArchive, NamesThatLeadOutAndLinksAreRefused) {
  const TestFolder folder;
  for (const char* name : {"../../etc/passwd.xml", "/etc/passwd.xml", "a/../../b.xml", "C:\\windows\\a.xml", "a\\..\\b.xml"}) {
    write_zip(folder.at("a.zip"), {{"good.xml", "<a/>"}, {name, "x"}});
    EXPECT_TRUE(refusal(folder.at("a.zip")).contains("leads out of the archive")) << name << ": " << refusal(folder.at("a.zip"));
  }
  write_zip(folder.at("a.zip"), {{"good.xml", "<a/>"}, {"link.xml", "", "/etc/passwd"}});
  EXPECT_TRUE(refusal(folder.at("a.zip")).contains("is a link")) << refusal(folder.at("a.zip"));
}

TEST(ZipArchive, CutOffDamagedLockedAndHuge) {
  const TestFolder folder;
  write_zip(folder.at("a.zip"),
            {{"a.xml", std::string(5000, 'a') + std::to_string(folder.path().string().size())}, {"b.xml", "b"}});
  const std::string whole = bytes_of(folder.at("a.zip"));
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    EXPECT_TRUE(refusal(folder.write("cut.zip", whole.substr(0, length))).contains("cut off or damaged")) << length;
  }
  // A changed byte anywhere is found by the checksum, or was in a field that nothing depends on; nothing else may come of it.
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    const auto zip = ZipArchive::open(folder.write("bad.zip", bytes), kTexts);
    if (zip && zip->find("b.xml") != nullptr) EXPECT_EQ(*zip->find("b.xml"), "b") << at;
  }
  write_zip(folder.at("locked.zip"), {{"a.xml", "secret"}}, "password");
  EXPECT_TRUE(refusal(folder.at("locked.zip")).contains("locked with a password")) << refusal(folder.at("locked.zip"));
  std::filesystem::resize_file(folder.at("a.zip"), std::uintmax_t{1} << 30);
  EXPECT_TRUE(refusal(folder.at("a.zip")).contains("larger than 512 MiB"));
  EXPECT_TRUE(refusal(folder.at("none.zip")).contains("cannot be read"));
}

TEST(EntryOfHref, ByTable) {
  EXPECT_EQ(entry_of_href("OEBPS/content.opf", "text/c%201.xhtml#p"), "OEBPS/text/c 1.xhtml");
  EXPECT_EQ(entry_of_href("OEBPS/text/a.xhtml", "../b.xhtml"), "OEBPS/b.xhtml");
  EXPECT_EQ(entry_of_href("OEBPS/a.xhtml", "#here"), "OEBPS/a.xhtml");
  EXPECT_EQ(entry_of_href("a.xhtml", "../../etc/passwd"), "");
  EXPECT_EQ(entry_of_href("a.xhtml", "http://example.org/a.xhtml"), "");
  EXPECT_EQ(entry_of_href("a/b.opf", "/c.xhtml"), "c.xhtml");
  EXPECT_EQ(entry_of_href("a.opf", "%zz%4"), "%zz%4");
  EXPECT_EQ(fragment_of_href("a.xhtml#p%201"), "p 1");
  EXPECT_EQ(fragment_of_href("a.xhtml"), "");
}

}  // namespace
}  // namespace gibsey::ingest
