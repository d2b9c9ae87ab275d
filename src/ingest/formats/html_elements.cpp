#include "ingest/formats/html_elements.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace gibsey::ingest {
namespace {

constexpr std::size_t kScan = 2'000;
constexpr std::size_t kMostInner = 1'000;

constexpr std::array kBlocks = {
    GUMBO_TAG_BODY,    GUMBO_TAG_P,          GUMBO_TAG_DIV,    GUMBO_TAG_SECTION, GUMBO_TAG_ARTICLE,    GUMBO_TAG_ASIDE,
    GUMBO_TAG_H1,      GUMBO_TAG_H2,         GUMBO_TAG_H3,     GUMBO_TAG_H4,      GUMBO_TAG_H5,         GUMBO_TAG_H6,
    GUMBO_TAG_HGROUP,  GUMBO_TAG_HEADER,     GUMBO_TAG_FOOTER, GUMBO_TAG_ADDRESS, GUMBO_TAG_MAIN,       GUMBO_TAG_HR,
    GUMBO_TAG_PRE,     GUMBO_TAG_LISTING,    GUMBO_TAG_XMP,    GUMBO_TAG_UL,      GUMBO_TAG_OL,         GUMBO_TAG_MENU,
    GUMBO_TAG_DIR,     GUMBO_TAG_LI,         GUMBO_TAG_DL,     GUMBO_TAG_DT,      GUMBO_TAG_DD,         GUMBO_TAG_FIGURE,
    GUMBO_TAG_DETAILS, GUMBO_TAG_FIGCAPTION, GUMBO_TAG_TABLE,  GUMBO_TAG_CAPTION, GUMBO_TAG_TR,         GUMBO_TAG_TD,
    GUMBO_TAG_TH,      GUMBO_TAG_SUMMARY,    GUMBO_TAG_CENTER, GUMBO_TAG_FORM,    GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_FIELDSET};

constexpr std::array kDropped = {GUMBO_TAG_SCRIPT,   GUMBO_TAG_STYLE,    GUMBO_TAG_NOSCRIPT, GUMBO_TAG_TEMPLATE, GUMBO_TAG_IFRAME,
                                 GUMBO_TAG_OBJECT,   GUMBO_TAG_EMBED,    GUMBO_TAG_APPLET,   GUMBO_TAG_CANVAS,   GUMBO_TAG_AUDIO,
                                 GUMBO_TAG_VIDEO,    GUMBO_TAG_SVG,      GUMBO_TAG_TEXTAREA, GUMBO_TAG_SELECT,   GUMBO_TAG_BUTTON,
                                 GUMBO_TAG_INPUT,    GUMBO_TAG_NAV,      GUMBO_TAG_HEAD,     GUMBO_TAG_RP,       GUMBO_TAG_MAP,
                                 GUMBO_TAG_FRAMESET, GUMBO_TAG_NOFRAMES, GUMBO_TAG_DATALIST};

template <std::size_t N>
bool is_one_of(const std::array<GumboTag, N>& tags, const GumboNode* element) {
  return std::ranges::find(tags, element->v.element.tag) != tags.end();
}

/// Whether a list of words parted by spaces has this one.
bool has_word(std::string_view list, std::string_view word) {
  for (std::size_t at = list.find(word); at != list.npos; at = list.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

bool is_for(const GumboNode* element, std::string_view type) {
  return has_word(attribute(element, "epub:type"), type) || has_word(attribute(element, "role"), "doc-" + std::string(type));
}

bool is_hidden(const GumboNode* element) {
  if (has_attribute(element, "hidden")) return true;
  std::string style;
  for (const char c : attribute(element, "style")) {
    if (c != ' ') style += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return style.contains("display:none") || style.contains("visibility:hidden");
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n.");
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\n.") + 1 - first));
}

bool is_tag(const GumboNode* node, GumboTag tag) {
  return node != nullptr && node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == tag;
}

/// Visits what is inside an element in order until `visit` gives false, `kScan` nodes at most.
template <typename Visit>
void scan(const GumboNode* element, const Visit& visit) {
  std::vector<std::pair<const GumboNode*, unsigned>> open{{element, 0}};
  for (std::size_t seen = 0; !open.empty() && seen < kScan;) {
    auto& [node, next] = open.back();
    if (next >= node->v.element.children.length) {
      open.pop_back();
      continue;
    }
    const auto* child = static_cast<const GumboNode*>(node->v.element.children.data[next++]);
    ++seen;
    if (!visit(child)) return;
    if (child->type == GUMBO_NODE_ELEMENT) open.emplace_back(child, 0);
  }
}

}  // namespace

bool is_block(const GumboNode* element) {
  return is_one_of(kBlocks, element);
}

bool is_dropped(const GumboNode* element) {
  return element->v.element.tag_namespace == GUMBO_NAMESPACE_SVG || is_one_of(kDropped, element) || is_hidden(element) ||
         is_backlink(element);
}

int heading_level(const GumboNode* element) {
  const GumboTag tag = element->v.element.tag;
  return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6 ? tag - GUMBO_TAG_H1 + 1 : 0;
}

bool is_note_reference(const GumboNode* element) {
  if (!is_tag(element, GUMBO_TAG_A)) return false;
  if (is_for(element, "noteref")) return true;
  const GumboVector& children = element->v.element.children;
  const auto* first = children.length > 0 ? static_cast<const GumboNode*>(children.data[0]) : nullptr;
  return attribute(element, "href").contains('#') && (is_tag(element->parent, GUMBO_TAG_SUP) || is_tag(first, GUMBO_TAG_SUP));
}

bool is_backlink(const GumboNode* element) {
  if (!is_tag(element, GUMBO_TAG_A)) return false;
  if (is_for(element, "backlink") || attribute(element, "class").contains("footnote-back")) return true;
  const std::string text = trimmed(inner_text(element));
  return text.starts_with("↩") || text.starts_with("↑");
}

bool is_page_break(const GumboNode* element) {
  return is_for(element, "pagebreak");
}

std::string page_label(const GumboNode* element) {
  for (const char* name : {"title", "aria-label"}) {
    // "Page 12" is read aloud; printed is 12.
    const std::string text = trimmed(attribute(element, name));
    const auto space = text.find_last_of(' ');
    if (!text.empty()) return space == text.npos ? text : text.substr(space + 1);
  }
  return trimmed(inner_text(element)).substr(0, 20);
}

bool is_data_table(const GumboNode* element) {
  bool data = true;
  const GumboNode* cell = nullptr;
  scan(element, [&](const GumboNode* node) {
    if (node->type != GUMBO_NODE_ELEMENT) return true;
    const GumboTag tag = node->v.element.tag;
    if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) cell = nullptr;
    const bool paragraph = tag == GUMBO_TAG_P || tag == GUMBO_TAG_DIV;
    data = heading_level(node) == 0 && tag != GUMBO_TAG_TABLE && tag != GUMBO_TAG_BLOCKQUOTE && tag != GUMBO_TAG_PRE &&
           (!paragraph || cell == nullptr);
    if (paragraph) cell = node;
    return data;
  });
  return data;
}

std::string_view drop_capital(const GumboNode* image) {
  const std::string_view letter = attribute(image, "alt");
  if (letter.empty() || letter.size() > 4 || utf8::length(letter) > 2) return {};
  const GumboVector& around = image->parent->v.element.children;
  if (image->index_within_parent + 1 >= around.length) return {};
  const auto* next = static_cast<const GumboNode*>(around.data[image->index_within_parent + 1]);
  const bool word = next->type == GUMBO_NODE_TEXT && std::isalpha(static_cast<unsigned char>(next->v.text.text[0])) != 0;
  return word && std::isalpha(static_cast<unsigned char>(letter.front())) != 0 ? letter : std::string_view();
}

std::string inner_text(const GumboNode* element) {
  std::string text;
  scan(element, [&](const GumboNode* node) {
    if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE) text += node->v.text.text;
    return text.size() < kMostInner;
  });
  return text.substr(0, kMostInner);
}

}  // namespace gibsey::ingest
