#include "ingest/formats/html_text.hpp"

#include "ingest/formats/html_elements.hpp"
#include "ingest/paragraphs.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace gibsey::ingest {
namespace {

constexpr std::size_t kLongTable = 1'500;
constexpr std::size_t kShortItem = 200;
constexpr std::size_t kLongList = 1'200;
constexpr std::size_t kLongestNoteMark = 6;
// Preformatted text of more paragraphs than this is a plain text saved as HTML.
constexpr std::size_t kPlainText = 20;

/// Collects characters into paragraphs.
class BlockWriter {
 public:
  int heading = 0;

  void text(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const std::string_view rest = text.substr(i);
      if (rest.starts_with("\xC2\xA0")) {
        no_break_space();
        ++i;
      } else if (rest.starts_with("\xC2\xAD")) {
        ++i;  // a soft hyphen
      } else if (rest.starts_with("\xE2\x80\x8B") || rest.starts_with("\xEF\xBB\xBF")) {
        i += 2;  // spaces without width
      } else if (std::string_view(" \n\t\r\f").contains(text[i])) {
        space_ = true;
      } else if (static_cast<unsigned char>(text[i]) >= 0x20 && text[i] != 0x7F) {
        put(text[i]);
      }
    }
  }
  void verbatim(std::string_view text) { open_.text += text; }

  /// Two line breaks end a paragraph, as they did before there were paragraphs.
  void line_break() {
    space_ = gap_ = false;
    if (open_.text.ends_with('\n') && heading == 0) return close();
    if (!open_.text.empty()) open_.text += '\n';
  }
  void begin_row() {
    if (open_.text.size() > kLongTable) return close();
    line_break();
  }
  void begin_cell() { gap_ = !open_.text.empty() && !open_.text.ends_with('\n'); }

  void anchor(std::string_view name) { open_.anchors.push_back({std::string(name), open_.text.size()}); }
  void page_break(std::string label) { open_.page_breaks.push_back({std::move(label), open_.text.size()}); }

  /// Ends the paragraph; one without text leaves its marks to the next.
  void close() {
    space_ = gap_ = false;
    while (open_.text.ends_with('\n') || open_.text.ends_with(' ')) open_.text.pop_back();
    if (open_.text.empty()) return;
    open_.heading = heading;
    push(std::move(open_));
    open_ = {};
  }
  /// What the next paragraph begins with, as soon as there is one.
  void begin_item(std::string number) { prefix_ = std::move(number); }
  /// Ends the first paragraph of a list's item, which stands below the one before it. False where there is none yet.
  bool close_item(std::size_t list) {
    const std::size_t before = blocks_.size();
    close();
    if (blocks_.size() == before) return false;
    if (before > 0 && last_list_ == list && list != 0 && last_item_ + 1 == before && fits_above(before)) join_last();
    last_list_ = list;
    last_item_ = blocks_.size() - 1;
    return true;
  }

  void close_verbatim() {
    const std::vector<Block> blocks = split_blocks(std::exchange(open_.text, {}));
    for (auto* list : {&open_.anchors, &open_.page_breaks}) {
      for (auto& mark : *list) mark.offset = 0;
    }
    const std::size_t width = wrap_width(blocks);
    for (const Block& block : blocks) {
      for (const std::string& paragraph : blocks.size() > kPlainText ? paragraphs_of(block, width) : keep(block)) {
        open_.text = paragraph;
        close();
      }
    }
  }

  [[nodiscard]] std::size_t position() const { return open_.text.size(); }
  /// Puts the mark of a note that was written since `position` into brackets, where it has none.
  void bracket(std::size_t position) {
    if (position >= open_.text.size()) return;
    const auto first = open_.text.find_first_not_of(' ', position);
    if (first == std::string::npos || open_.text.size() - first > kLongestNoteMark) return;
    if (std::string_view("[(").contains(open_.text[first])) return;
    open_.text.insert(first, "[");
    open_.text += ']';
  }

  std::vector<MarkedBlock> finish() {
    close();
    if (!open_.anchors.empty() || !open_.page_breaks.empty()) blocks_.push_back(std::move(open_));
    return std::move(blocks_);
  }

 private:
  static std::vector<std::string> keep(const Block& block) {
    std::string text;
    for (const std::string& line : block.lines) text += (text.empty() ? "" : "\n") + line;
    return {text};
  }

  void put(char c) {
    if (open_.text.empty()) open_.text = std::exchange(prefix_, {});
    if (gap_) {
      open_.text += " | ";
    } else if (space_ && !open_.text.empty() && !std::string_view("\n ").contains(open_.text.back())) {
      open_.text += ' ';
    }
    space_ = gap_ = false;
    open_.text += c;
  }

  /// It indents verse, and is an ordinary space anywhere else.
  void no_break_space() {
    const auto line = open_.text.find_last_not_of(' ');
    if (line != std::string::npos && open_.text[line] == '\n') {
      open_.text += ' ';
    } else {
      space_ = true;
    }
  }

  void push(MarkedBlock block) { blocks_.push_back(std::move(block)); }

  [[nodiscard]] bool fits_above(std::size_t item) const {
    return blocks_[item].text.size() <= kShortItem && blocks_[item - 1].text.size() + blocks_[item].text.size() <= kLongList;
  }

  void join_last() {
    MarkedBlock item = std::move(blocks_.back());
    blocks_.pop_back();
    MarkedBlock& above = blocks_.back();
    above.text += '\n';
    for (const auto& [from, to] : {std::pair(&item.anchors, &above.anchors), std::pair(&item.page_breaks, &above.page_breaks)}) {
      for (auto& mark : *from) to->push_back({std::move(mark.name), mark.offset + above.text.size()});
    }
    above.text += item.text;
  }

  std::vector<MarkedBlock> blocks_;
  MarkedBlock open_;
  std::string prefix_;
  bool space_ = false;
  bool gap_ = false;  ///< a cell of a table has begun
  std::size_t last_list_ = 0;
  std::size_t last_item_ = 0;
};

/// Walks a tree from end to end; its own stack, for a tree may be deep.
class HtmlReader {
 public:
  MarkedText read(const GumboNode* root) {
    std::vector<Open> open;
    if (enter(root)) open.push_back({root, 0, writer_.position()});
    while (!open.empty()) {
      Open& at = open.back();
      if (at.next >= at.node->v.element.children.length) {
        leave(at.node, at.position);
        open.pop_back();
        continue;
      }
      const auto* child = static_cast<const GumboNode*>(at.node->v.element.children.data[at.next++]);
      if (child->type == GUMBO_NODE_ELEMENT) {
        if (enter(child)) open.push_back({child, 0, writer_.position()});
      } else if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE || child->type == GUMBO_NODE_CDATA) {
        take(child->v.text.text);
      }
    }
    result_.blocks = writer_.finish();
    return std::move(result_);
  }

 private:
  struct Open {
    const GumboNode* node;
    unsigned next;
    std::size_t position;
  };
  struct List {
    bool ordered;
    long number;
  };

  void take(std::string_view text) {
    if (preformatted_ > 0) return writer_.verbatim(text);
    writer_.text(text);
  }

  [[nodiscard]] bool in_data_table() const { return data_tables_ > 0; }

  /// False where nothing inside is to be read.
  bool enter(const GumboNode* node) {
    const GumboTag tag = node->v.element.tag;
    if (tag == GUMBO_TAG_HTML) read_language(node);
    if (tag == GUMBO_TAG_HEAD) read_head(node);
    if (is_page_break(node)) {
      mark_page(node);
      return false;
    }
    if (is_dropped(node)) {
      mark(node);
      return false;
    }
    enter_block(node);
    mark(node);
    if (tag == GUMBO_TAG_BR) preformatted_ > 0 ? writer_.verbatim("\n") : writer_.line_break();
    if (tag == GUMBO_TAG_IMG) writer_.text(drop_capital(node));
    if (tag == GUMBO_TAG_RT) writer_.text("(");
    if (tag == GUMBO_TAG_Q) writer_.text("“");
    return true;
  }

  void enter_block(const GumboNode* node) {
    const GumboTag tag = node->v.element.tag;
    if (!is_block(node)) return;
    if (in_data_table()) {
      if (tag == GUMBO_TAG_TR) return writer_.begin_row();
      if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) return writer_.begin_cell();
      if (tag == GUMBO_TAG_CAPTION) return writer_.close();
      return writer_.text(" ");
    }
    end_paragraph();
    if (const int level = heading_level(node)) writer_.heading = level;
    if (tag == GUMBO_TAG_TABLE && is_data_table(node)) ++data_tables_;
    if (tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_LISTING || tag == GUMBO_TAG_XMP) ++preformatted_;
    if (tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL) enter_list(node);
    if (tag == GUMBO_TAG_LI) enter_item();
  }

  void enter_list(const GumboNode* node) {
    if (lists_.empty()) ++list_;
    const std::string start(attribute(node, "start"));
    lists_.push_back({node->v.element.tag == GUMBO_TAG_OL, start.empty() ? 1 : std::strtol(start.c_str(), nullptr, 10)});
  }

  void enter_item() {
    in_item_ = !lists_.empty();
    writer_.begin_item(in_item_ && lists_.back().ordered ? std::to_string(lists_.back().number++) + ". " : "");
  }

  void leave(const GumboNode* node, std::size_t position) {
    const GumboTag tag = node->v.element.tag;
    if (tag == GUMBO_TAG_RT) writer_.text(")");
    if (tag == GUMBO_TAG_Q) writer_.text("”");
    if (is_note_reference(node)) writer_.bracket(position);
    if (!is_block(node)) return;
    if (in_data_table() && tag == GUMBO_TAG_CAPTION) return writer_.close();
    if (in_data_table() && tag != GUMBO_TAG_TABLE) return writer_.text(" ");
    if ((tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_LISTING || tag == GUMBO_TAG_XMP) && --preformatted_ == 0) {
      return writer_.close_verbatim();
    }
    end_paragraph();
    if (tag == GUMBO_TAG_TABLE && in_data_table()) --data_tables_;
    if (heading_level(node) > 0) writer_.heading = 0;
    if ((tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL) && !lists_.empty()) lists_.pop_back();
  }

  void end_paragraph() {
    if (preformatted_ > 0) return writer_.verbatim("\n");
    if (in_item_) {
      in_item_ = !writer_.close_item(list_);
    } else {
      writer_.close();
    }
  }

  void mark(const GumboNode* node) {
    if (const auto id = attribute(node, "id"); !id.empty()) writer_.anchor(id);
    if (node->v.element.tag != GUMBO_TAG_A) return;
    if (const auto name = attribute(node, "name"); !name.empty()) writer_.anchor(name);
  }

  void mark_page(const GumboNode* node) {
    if (is_block(node) && !in_data_table() && preformatted_ == 0) end_paragraph();
    mark(node);
    if (std::string label = page_label(node); !label.empty()) writer_.page_break(std::move(label));
  }

  void read_language(const GumboNode* node) {
    for (const char* name : {"lang", "xml:lang"}) {
      std::string language(attribute(node, name).substr(0, 2));
      std::ranges::transform(language, language.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (language.size() == 2 && result_.language.empty()) result_.language = language;
    }
  }

  void read_head(const GumboNode* head) {
    const GumboVector& children = head->v.element.children;
    for (unsigned i = 0; i < children.length; ++i) {
      const auto* node = static_cast<const GumboNode*>(children.data[i]);
      if (node->type != GUMBO_NODE_ELEMENT) continue;
      if (node->v.element.tag == GUMBO_TAG_TITLE && result_.title.empty()) {
        BlockWriter title;
        title.text(inner_text(node));
        const auto blocks = title.finish();
        if (!blocks.empty()) result_.title = blocks.front().text;
      }
      const auto name = attribute(node, "name");
      if (node->v.element.tag == GUMBO_TAG_META && (name == "author" || name == "dc.creator" || name == "DC.creator")) {
        result_.author = attribute(node, "content");
      }
    }
  }

  MarkedText result_;
  BlockWriter writer_;
  std::vector<List> lists_;
  std::size_t list_ = 0;  ///< number of the outermost list
  bool in_item_ = false;  ///< nothing of an item's first paragraph has ended yet
  int data_tables_ = 0;
  int preformatted_ = 0;
};

}  // namespace

Result<MarkedText> read_html_text(std::string html) {
  GIBSEY_TRY(const HtmlTree tree, HtmlTree::parse(std::move(html)));
  return HtmlReader().read(tree.root());
}

}  // namespace gibsey::ingest
