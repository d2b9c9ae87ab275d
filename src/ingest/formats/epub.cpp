#include "ingest/formats/epub.hpp"

#include "ingest/formats/epub_contents.hpp"
#include "ingest/formats/epub_package.hpp"
#include "ingest/formats/html_text.hpp"
#include "ingest/formats/markup_decoding.hpp"
#include "ingest/formats/xhtml_as_html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace gibsey::ingest {
namespace {

constexpr std::size_t kLeastPages = 2;

/// A place in the book's text.
struct Place {
  std::size_t block = 0;
  std::size_t offset = 0;
};

class EpubReader {
 public:
  EpubReader(std::string where, ZipArchive zip) : where_(std::move(where)), zip_(std::move(zip)) {}

  Result<TextChapters> read() {
    GIBSEY_TRY(const EpubPackage package, read_epub_package(zip_, where_));
    text_.title = package.title;
    text_.author = package.author;
    text_.language = package.language;
    text_.notes = package.notes;
    const EpubContents contents = read_contents(package);
    for (const std::string& entry : package.spine) {
      if (entry != package.contents_page || has_chapter(contents, entry)) GIBSEY_CHECK(add_part(entry));
    }
    if (!has_text()) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{} has no text, only pictures; it needs text recognition (OCR) first", where_));
    }
    set_pages(contents.pages);
    moved_ = cut_gutenberg(text_);
    const std::vector<ChapterStart> starts = chapter_starts(places_of(contents.chapters), text_.title);
    return starts.size() > 1 ? chapters_at(std::move(text_), starts) : chapters_by_headings(std::move(text_));
  }

 private:
  [[nodiscard]] EpubContents read_contents(const EpubPackage& package) {
    EpubContents contents;
    if (const std::string* nav = zip_.find(package.nav)) contents = read_nav(*nav, package.nav);
    if (const std::string* ncx = zip_.find(package.ncx)) {
      EpubContents older = read_ncx(*ncx, package.ncx);
      if (contents.chapters.empty()) contents.chapters = std::move(older.chapters);
      if (contents.pages.empty()) contents.pages = std::move(older.pages);
    }
    return contents;
  }

  /// Some books have their table of contents on the first pages of a chapter's file.
  static bool has_chapter(const EpubContents& contents, const std::string& entry) {
    return std::ranges::any_of(contents.chapters,
                               [&](const ContentsLine& line) { return line.entry == entry && !is_contents_name(line.label); });
  }

  Result<void> add_part(const std::string& entry) {
    DecodedText decoded = decode_markup(zip_.take(entry));
    if (!decoded.note.empty()) text_.notes.push_back(entry + ": " + decoded.note);
    auto part = read_html_text(xhtml_as_html(decoded.text));
    if (!part) return fail(part.error().code, fmt::format("{}, part {}: {}", where_, entry, part.error().message));
    const std::size_t first = text_.blocks.size();
    starts_.emplace(entry, Place{first, 0});
    for (MarkedBlock& block : part->blocks) {
      for (const auto& anchor : block.anchors)
        starts_.emplace(entry + '#' + anchor.name, Place{text_.blocks.size(), anchor.offset});
      block.anchors.clear();
      text_.blocks.push_back(std::move(block));
    }
    return {};
  }

  [[nodiscard]] bool has_text() const {
    return std::ranges::any_of(text_.blocks, [](const MarkedBlock& block) { return !block.text.empty(); });
  }

  /// A link to a place that a part does not have is one to the part.
  [[nodiscard]] const Place* find(const ContentsLine& line, bool exact) const {
    auto at = starts_.find(line.fragment.empty() ? line.entry : line.entry + '#' + line.fragment);
    if (at == starts_.end() && !exact) at = starts_.find(line.entry);
    return at == starts_.end() ? nullptr : &at->second;
  }

  /// The list of pages goes before the marks in the text: it is made for this.
  void set_pages(const std::vector<ContentsLine>& pages) {
    std::multimap<std::pair<std::size_t, std::size_t>, std::string> found;  // block and offset
    for (const ContentsLine& page : pages) {
      const Place* place = find(page, true);
      if (place != nullptr && place->block < text_.blocks.size() && !page.label.empty())
        found.emplace(std::pair(place->block, place->offset), page.label);
    }
    std::size_t marks = 0;
    for (const MarkedBlock& block : text_.blocks) marks += block.page_breaks.size();
    if (found.size() >= kLeastPages || marks < kLeastPages) {
      for (MarkedBlock& block : text_.blocks) block.page_breaks.clear();
    }
    if (found.size() < kLeastPages) return;
    for (auto& [place, label] : found) text_.blocks[place.first].page_breaks.push_back({std::move(label), place.second});
  }

  /// Lines that point at nothing are kept where they stand above others, as parts may.
  [[nodiscard]] std::vector<ContentsPlace> places_of(const std::vector<ContentsLine>& lines) const {
    std::vector<ContentsPlace> places;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const bool above = i + 1 < lines.size() && lines[i + 1].depth > lines[i].depth;
      const Place* place = find(lines[i].entry.empty() && above ? lines[i + 1] : lines[i], false);
      if (place == nullptr || lines[i].label.empty() || place->block >= moved_.size()) continue;
      const std::size_t block = moved_[place->block];
      if (block < text_.blocks.size()) places.push_back({lines[i], block});
    }
    return places;
  }

  std::string where_;
  ZipArchive zip_;
  MarkedText text_;
  std::map<std::string, Place> starts_;  ///< of "entry" and "entry#id"; of two with one id the first counts
  std::vector<std::size_t> moved_;
};

}  // namespace

const std::set<std::string>& epub_endings() {
  static const std::set<std::string> kEndings{".xml", ".opf", ".ncx", ".xhtml", ".html", ".htm", ".xht", "mimetype"};
  return kEndings;
}

Result<TextChapters> read_epub(const std::filesystem::path& path, const ZipLimits& limits) {
  GIBSEY_TRY(ZipArchive zip, ZipArchive::open(path, epub_endings(), limits));
  return EpubReader(path.string(), std::move(zip)).read();
}

}  // namespace gibsey::ingest
