#include "ingest/formats/epub_contents.hpp"

#include "ingest/formats/html_elements.hpp"
#include "ingest/formats/markup_decoding.hpp"
#include "ingest/formats/xhtml_as_html.hpp"
#include "ingest/formats/xml_tree.hpp"
#include "ingest/formats/zip_archive.hpp"
#include "ingest/heading_line.hpp"

#include <algorithm>
#include <map>

namespace gibsey::ingest {
namespace {

constexpr int kDeepest = 16;
constexpr std::size_t kMostLines = 50'000;

std::string one_spaced(std::string_view text) {
  std::string result;
  bool space = false;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t') {
      space = !result.empty();
      continue;
    }
    if (space) result += ' ';
    space = false;
    result += c;
  }
  return result;
}

bool is_nav_of(const GumboNode* node, std::string_view type) {
  return node->v.element.tag == GUMBO_TAG_NAV && (" " + std::string(attribute(node, "epub:type")) + " ").contains(type);
}

/// Walks the lists of a navigation document.
class NavReader {
 public:
  explicit NavReader(const std::string& entry) : entry_(entry) {}

  EpubContents read(const GumboNode* root) {
    std::vector<std::pair<const GumboNode*, unsigned>> open{{root, 0}};
    while (!open.empty()) {
      auto& [node, next] = open.back();
      if (next >= node->v.element.children.length) {
        leave(node);
        open.pop_back();
        continue;
      }
      const auto* child = static_cast<const GumboNode*>(node->v.element.children.data[next++]);
      if (child->type != GUMBO_NODE_ELEMENT) continue;
      enter(child);
      open.emplace_back(child, 0);
    }
    return std::move(contents_);
  }

 private:
  void enter(const GumboNode* node) {
    const GumboTag tag = node->v.element.tag;
    if (tag == GUMBO_TAG_NAV) {
      lines_ = is_nav_of(node, " toc ") ? &contents_.chapters : is_nav_of(node, " page-list ") ? &contents_.pages : nullptr;
      depth_ = -1;
    }
    if (tag == GUMBO_TAG_OL || tag == GUMBO_TAG_UL) ++depth_;
    if (lines_ == nullptr || depth_ < 0 || depth_ > kDeepest || lines_->size() >= kMostLines) return;
    if (node->parent == nullptr || node->parent->v.element.tag != GUMBO_TAG_LI) return;
    if (tag != GUMBO_TAG_A && tag != GUMBO_TAG_SPAN) return;
    const std::string href(attribute(node, "href"));
    lines_->push_back(
        {one_spaced(inner_text(node)), href.empty() ? "" : entry_of_href(entry_, href), fragment_of_href(href), depth_});
  }
  void leave(const GumboNode* node) {
    const GumboTag tag = node->v.element.tag;
    if (tag == GUMBO_TAG_NAV) lines_ = nullptr;
    if (tag == GUMBO_TAG_OL || tag == GUMBO_TAG_UL) --depth_;
  }

  const std::string& entry_;
  EpubContents contents_;
  std::vector<ContentsLine>* lines_ = nullptr;
  int depth_ = -1;
};

ContentsLine read_point(pugi::xml_node point, const std::string& entry, int depth) {
  const std::string source = xml_attribute(xml_child(point, "content"), "src");
  return {one_spaced(xml_text(xml_child(xml_child(point, "navLabel"), "text"))),
          source.empty() ? "" : entry_of_href(entry, source), fragment_of_href(source), depth};
}

void read_points(pugi::xml_node parent, const std::string& entry, int depth, std::vector<ContentsLine>& lines) {
  if (depth > kDeepest) return;
  for_each_child(parent, "navPoint", [&](pugi::xml_node point) {
    if (lines.size() >= kMostLines) return;
    lines.push_back(read_point(point, entry, depth));
    read_points(point, entry, depth + 1, lines);
  });
}

/// Whether a line of the outermost depth stands above chapters, and is none itself.
bool is_part(const std::vector<ContentsPlace>& places, std::size_t at, const std::string& book_title) {
  std::size_t below = 0;
  std::size_t chapters = 0;
  for (std::size_t i = at + 1; i < places.size() && places[i].line.depth > places[at].line.depth; ++i) {
    if (places[i].line.depth != places[at].line.depth + 1) continue;
    ++below;
    const auto heading = read_heading_line(places[i].line.label);
    if (heading && heading->kind != HeadingKind::part) ++chapters;
  }
  if (below == 0) return false;
  const auto own = read_heading_line(places[at].line.label);
  if (own && own->kind == HeadingKind::part) return true;
  if (only_letters(places[at].line.label) == only_letters(book_title)) return true;
  return (!own || own->kind == HeadingKind::named) && chapters * 2 > below;
}

}  // namespace

EpubContents read_nav(std::string_view xhtml, const std::string& entry) {
  const auto tree = HtmlTree::parse(xhtml_as_html(decode_markup(xhtml).text));
  return tree ? NavReader(entry).read(tree->root()) : EpubContents();
}

EpubContents read_ncx(std::string_view xml, const std::string& entry) {
  EpubContents contents;
  pugi::xml_document document;
  if (!parse_xml(xml, document)) return contents;
  read_points(xml_child(document.document_element(), "navMap"), entry, 0, contents.chapters);
  for_each_child(xml_child(document.document_element(), "pageList"), "pageTarget", [&](pugi::xml_node target) {
    if (contents.pages.size() < kMostLines) contents.pages.push_back(read_point(target, entry, 0));
  });
  return contents;
}

std::vector<ChapterStart> chapter_starts(const std::vector<ContentsPlace>& places, const std::string& book_title) {
  std::multimap<std::size_t, ChapterStart> rising;
  std::vector<std::string> parts;  // the parts that are open, outermost first
  for (std::size_t i = 0; i < places.size(); ++i) {
    const ContentsLine& line = places[i].line;
    const auto depth = static_cast<std::size_t>(line.depth);
    if (depth > parts.size()) continue;  // a section of a chapter
    parts.resize(depth);
    std::string name;
    for (const std::string& part : parts) name += part.empty() ? "" : part + " · ";
    const ChapterStart start = start_of_heading(places[i].block, line.label);
    rising.emplace(places[i].block, ChapterStart{places[i].block, name + start.name, start.title});
    if (is_part(places, i, book_title)) {
      parts.push_back(only_letters(line.label) == only_letters(book_title) ? std::string() : line.label);
    }
  }
  std::vector<ChapterStart> starts;
  for (auto& [block, start] : rising) starts.push_back(std::move(start));
  return starts;
}

}  // namespace gibsey::ingest
