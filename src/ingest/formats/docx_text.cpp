#include "ingest/formats/docx_text.hpp"

#include "ingest/formats/xml_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace gibsey::ingest {
namespace {

constexpr std::size_t kLongTable = 1'500;
constexpr std::size_t kMostCellParagraphs = 2;

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// "on" unless its value says otherwise.
bool is_on(pugi::xml_node flag) {
  if (!flag) return false;
  const std::string value = xml_attribute(flag, "val");
  return value != "0" && value != "false" && value != "off" && value != "none";
}

class DocxReader {
 public:
  DocxReader(const DocxParts& parts, const DocxStyles& styles) : styles_(styles) {
    read_notes(parts.footnotes, "footnote", footnotes_);
    read_notes(parts.endnotes, "endnote", endnotes_);
  }

  MarkedText read(pugi::xml_node document) {
    read_blocks(xml_child(document, "body"));
    if (!open_.page_breaks.empty()) result_.blocks.push_back(std::move(open_));
    return std::move(result_);
  }

 private:
  using Notes = std::map<std::string, std::vector<std::string>>;

  /// The paragraphs of each note by its id; the lines that part notes from text are none.
  void read_notes(pugi::xml_node notes, std::string_view name, Notes& read) {
    for_each_child(notes, name, [&](pugi::xml_node note) {
      if (!xml_attribute(note, "type").empty() && xml_attribute(note, "type") != "normal") return;
      DocxReader reader(styles_);
      reader.read_blocks(note);
      for (MarkedBlock& block : reader.result_.blocks) read[xml_attribute(note, "id")].push_back(std::move(block.text));
    });
  }
  explicit DocxReader(const DocxStyles& styles) : styles_(styles) {}

  void read_blocks(pugi::xml_node parent) {
    static constexpr std::array<std::string_view, 7> kAround = {"sdt",    "sdtContent", "customXml", "ins",
                                                                "moveTo", "smartTag",   "body"};
    for (const pugi::xml_node node : parent.children()) {
      const auto name = local_name(node.name());
      if (name == "p") {
        read_paragraph(node);
      } else if (name == "tbl") {
        read_table(node);
      } else if (is_one_of(kAround, name)) {
        read_blocks(node);
      }
    }
  }

  void read_paragraph(pugi::xml_node paragraph) {
    const pugi::xml_node properties = xml_child(paragraph, "pPr");
    const std::string style = xml_attribute(xml_child(properties, "pStyle"), "val");
    if (is_on(xml_child(properties, "pageBreakBefore"))) mark_page(kHardBreak);
    read_runs(paragraph);
    open_.heading = level_of(properties, style);
    if (styles_.is_contents(style)) {
      open_.text.clear();
    } else if (styles_.is_title(style) && result_.title.empty()) {
      result_.title = std::exchange(open_.text, {});
    }
    close();
    for (std::string& note : std::exchange(notes_, {})) {
      open_.text = std::move(note);
      close();
    }
    for (const pugi::xml_node box : std::exchange(boxes_, {})) read_blocks(box);
    const pugi::xml_node section = xml_child(properties, "sectPr");
    if (section && xml_attribute(xml_child(section, "type"), "val") != "continuous") mark_page(kHardBreak);
  }

  [[nodiscard]] int level_of(pugi::xml_node properties, const std::string& style) const {
    const std::string outline = xml_attribute(xml_child(properties, "outlineLvl"), "val");
    const int level = outline.empty() ? -1 : std::atoi(outline.c_str());
    return level >= 0 && level < 9 ? std::min(level + 1, 6) : styles_.heading(style);
  }

  void close() {
    auto& text = open_.text;
    while (text.ends_with(' ') || text.ends_with('\n')) text.pop_back();
    const auto first = std::min(text.find_first_not_of(" \n"), text.size());
    text.erase(0, first);
    for (auto& mark : open_.page_breaks) mark.offset = std::min(mark.offset - std::min(mark.offset, first), text.size());
    if (text.empty()) return;
    result_.blocks.push_back(std::move(open_));
    open_ = {};
  }

  void mark_page(const char* kind) { open_.page_breaks.push_back({kind, open_.text.size()}); }

  /// The runs of a paragraph, also those inside links, accepted insertions and fields.
  void read_runs(pugi::xml_node parent) {
    static constexpr std::array<std::string_view, 6> kLeftOut = {"pPr", "del", "moveFrom", "sdtPr", "rPr", "Fallback"};
    for (const pugi::xml_node node : parent.children()) {
      const auto name = local_name(node.name());
      if (name == "r") {
        read_run(node);
      } else if (!is_one_of(kLeftOut, name)) {
        read_runs(node);
      }
    }
  }

  void read_run(pugi::xml_node run) {
    if (is_on(xml_child(xml_child(run, "rPr"), "vanish"))) return;
    for (const pugi::xml_node node : run.children()) {
      const auto name = local_name(node.name());
      if (name == "t") {
        add_text(node.child_value());
      } else if (name == "tab") {
        open_.text += ' ';
      } else if (name == "br") {
        read_break(xml_attribute(node, "type"));
      } else if (name == "cr") {
        open_.text += '\n';
      } else if (name == "noBreakHyphen") {
        open_.text += "\u2011";
      } else if (name == "lastRenderedPageBreak") {
        mark_page(kRenderedBreak);
      } else if (name == "footnoteReference" || name == "endnoteReference") {
        refer(name == "footnoteReference" ? footnotes_ : endnotes_, xml_attribute(node, "id"));
      } else if (name == "ruby") {
        read_runs(xml_child(node, "rubyBase"));
        open_.text += '(';
        read_runs(xml_child(node, "rt"));
        open_.text += ')';
      } else {
        find_boxes(node);
      }
    }
  }

  void add_text(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text.substr(i).starts_with("\xC2\xA0")) {
        open_.text += ' ';
        ++i;
      } else if (text.substr(i).starts_with("\xC2\xAD")) {
        ++i;
      } else if (static_cast<unsigned char>(text[i]) >= 0x20) {
        open_.text += text[i];
      } else if (text[i] == '\n' || text[i] == '\t') {
        open_.text += ' ';
      }
    }
  }

  void read_break(const std::string& type) {
    if (type == "page") {
      mark_page(kHardBreak);
    } else if (type != "column") {
      open_.text += '\n';
    }
  }

  void refer(const Notes& notes, const std::string& id) {
    const auto note = notes.find(id);
    if (note == notes.end()) return;
    const std::string mark = fmt::format("[{}]", ++note_count_);
    open_.text += mark;
    for (const std::string& text : note->second) notes_.push_back(text == note->second.front() ? mark + ' ' + text : text);
  }

  /// Text boxes are drawn within a run; Word writes each twice, once for older programs.
  void find_boxes(pugi::xml_node parent) {
    for (const pugi::xml_node node : parent.children()) {
      const auto name = local_name(node.name());
      if (name == "txbxContent") {
        boxes_.push_back(node);
      } else if (name != "Fallback") {
        find_boxes(node);
      }
    }
  }

  void read_table(pugi::xml_node table) {
    if (is_layout(table)) return read_cells(table);
    for_each_child(table, "tr", [&](pugi::xml_node row) {
      if (open_.text.size() > kLongTable) close();
      std::string line;
      for_each_child(row, "tc", [&](pugi::xml_node cell) {
        const std::string text = text_of_cell(cell);
        if (!text.empty()) line += (line.empty() ? "" : " | ") + text;
      });
      if (!line.empty()) open_.text += (open_.text.empty() ? "" : "\n") + line;
    });
    close();
  }

  static bool is_layout(pugi::xml_node table) {
    bool layout = false;
    for_each_child(table, "tr", [&](pugi::xml_node row) {
      for_each_child(row, "tc", [&](pugi::xml_node cell) {
        std::size_t paragraphs = 0;
        for_each_child(cell, "p", [&](pugi::xml_node) { ++paragraphs; });
        layout = layout || paragraphs > kMostCellParagraphs || xml_child(cell, "tbl");
      });
    });
    return layout;
  }

  void read_cells(pugi::xml_node table) {
    for_each_child(table, "tr",
                   [&](pugi::xml_node row) { for_each_child(row, "tc", [&](pugi::xml_node cell) { read_blocks(cell); }); });
  }

  std::string text_of_cell(pugi::xml_node cell) {
    DocxReader reader(styles_);
    reader.read_blocks(cell);
    std::string text;
    for (const MarkedBlock& block : reader.result_.blocks) text += (text.empty() ? "" : " ") + block.text;
    std::ranges::replace(text, '\n', ' ');
    return text;
  }

  const DocxStyles& styles_;
  Notes footnotes_;
  Notes endnotes_;
  MarkedText result_;
  MarkedBlock open_;
  std::vector<std::string> notes_;     ///< of the paragraph that is being read
  std::vector<pugi::xml_node> boxes_;  ///< likewise
  int note_count_ = 0;
};

}  // namespace

MarkedText read_docx_text(const DocxParts& parts, const DocxStyles& styles) {
  return DocxReader(parts, styles).read(parts.document);
}

}  // namespace gibsey::ingest
