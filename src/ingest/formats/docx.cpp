#include "ingest/formats/docx.hpp"

#include "ingest/formats/docx_text.hpp"
#include "ingest/formats/xml_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gibsey::ingest {
namespace {

constexpr const char* kUsualDocument = "word/document.xml";
// A book's page has some 300 words; with many more between its hard breaks these part chapters, not pages.
constexpr std::size_t kMostPageWords = 600;

/// Where the package says that the document is (ECMA-376 part 2, relationships).
std::string document_entry(const ZipArchive& zip) {
  std::string entry = kUsualDocument;
  const std::string* const text = zip.find("_rels/.rels");
  pugi::xml_document relations;
  if (text == nullptr || !parse_xml(*text, relations)) return entry;
  for_each_child(relations.document_element(), "Relationship", [&](pugi::xml_node relation) {
    if (xml_attribute(relation, "Type").ends_with("/officeDocument"))
      entry = entry_of_href("", xml_attribute(relation, "Target"));
  });
  return entry;
}

std::size_t words_in(std::string_view text) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ' ' && text[i] != '\n' && (i == 0 || text[i - 1] == ' ' || text[i - 1] == '\n')) ++words;
  }
  return words;
}

/// Labels the pages 1, 2, 3 ... A break with no text since the last one is the same: Word writes down both the author's and its
/// own.
void number_pages(MarkedText& text) {
  std::size_t breaks = 0;
  std::size_t rendered = 0;
  std::size_t words = 0;
  bool text_since = false;
  for (MarkedBlock& block : text.blocks) {
    std::vector<MarkedBlock::Anchor> kept;
    std::size_t at = 0;
    for (auto& mark : block.page_breaks) {
      const std::string_view between = std::string_view(block.text).substr(at, mark.offset - std::min(at, mark.offset));
      text_since = text_since || between.find_first_not_of(" \n") != between.npos;
      at = mark.offset;
      if (mark.name == kRenderedBreak) ++rendered;
      if (!std::exchange(text_since, false)) continue;
      kept.push_back({std::to_string(++breaks + 1), mark.offset});
    }
    text_since = text_since || at < block.text.size();
    words += words_in(block.text);
    block.page_breaks = std::move(kept);
  }
  const bool pages = breaks > 0 && (rendered > 0 || words / (breaks + 1) <= kMostPageWords);
  if (!pages) {
    for (MarkedBlock& block : text.blocks) block.page_breaks.clear();
  } else {
    auto& first = text.blocks.front().page_breaks;
    first.insert(first.begin(), {"1", 0});
  }
}

class DocxFile {
 public:
  DocxFile(std::string where, ZipArchive zip) : where_(std::move(where)), zip_(std::move(zip)) {}

  Result<TextChapters> read() {
    const std::string entry = document_entry(zip_);
    if (!zip_.has(entry)) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{} is a zip but no Word document: it has no {}; unpack it and give what is in it", where_, entry));
    }
    pugi::xml_document document;
    GIBSEY_CHECK(parse(entry, document));
    pugi::xml_document styles;
    pugi::xml_document footnotes;
    pugi::xml_document endnotes;
    pugi::xml_document core;
    GIBSEY_CHECK(parse(entry_of_href(entry, "styles.xml"), styles));
    GIBSEY_CHECK(parse(entry_of_href(entry, "footnotes.xml"), footnotes));
    GIBSEY_CHECK(parse(entry_of_href(entry, "endnotes.xml"), endnotes));
    GIBSEY_CHECK(parse("docProps/core.xml", core));
    MarkedText text = read_docx_text({document.document_element(), footnotes.document_element(), endnotes.document_element()},
                                     DocxStyles(styles.document_element()));
    if (std::ranges::none_of(text.blocks, [](const MarkedBlock& block) { return !block.text.empty(); })) {
      return fail(ErrorCode::invalid_argument, fmt::format("{} has no text", where_));
    }
    if (text.title.empty()) text.title = xml_text(xml_child(core.document_element(), "title"));
    text.author = xml_text(xml_child(core.document_element(), "creator"));
    text.language = xml_text(xml_child(core.document_element(), "language")).substr(0, 2);
    number_pages(text);
    return chapters_by_headings(std::move(text));
  }

 private:
  /// What is not there stays empty; what is there must be XML.
  Result<void> parse(const std::string& entry, pugi::xml_document& document) {
    if (zip_.find(entry) == nullptr) return {};
    auto parsed = parse_xml(zip_.take(entry), document);
    if (parsed) return {};
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: its part {} cannot be read ({}); save it anew in Word", where_, entry, parsed.error().message));
  }

  std::string where_;
  ZipArchive zip_;
};

}  // namespace

Result<TextChapters> read_docx(const std::filesystem::path& path, const ZipLimits& limits) {
  GIBSEY_TRY(ZipArchive zip, ZipArchive::open(path, {".xml", ".rels"}, limits));
  return DocxFile(path.string(), std::move(zip)).read();
}

}  // namespace gibsey::ingest
