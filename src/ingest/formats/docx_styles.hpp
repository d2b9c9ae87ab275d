#pragma once
#include <map>
#include <pugixml.hpp>
#include <string>

namespace gibsey::ingest {

/// What the styles of a Word document say of their paragraphs. Style names are English in every language of Word.
class DocxStyles {
 public:
  DocxStyles() = default;
  explicit DocxStyles(pugi::xml_node styles);

  /// 1 to 6 for headings, 0 for others.
  [[nodiscard]] int heading(const std::string& id) const;
  /// The book's title.
  [[nodiscard]] bool is_title(const std::string& id) const { return name_of(id) == "title"; }
  /// A line of the table of contents.
  [[nodiscard]] bool is_contents(const std::string& id) const { return name_of(id).starts_with("toc"); }

 private:
  struct Style {
    std::string name;
    std::string base;
    int outline = -1;
  };
  [[nodiscard]] std::string name_of(const std::string& id) const;

  std::map<std::string, Style> styles_;
};

}  // namespace gibsey::ingest
