#include "ingest/formats/docx_styles.hpp"

#include "ingest/formats/xml_tree.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace gibsey::ingest {
namespace {

constexpr int kLongestChain = 16;
constexpr int kOutlineLevels = 9;

int level_of(const std::string& name) {
  constexpr std::string_view kHeading = "heading ";
  if (!name.starts_with(kHeading) || name.size() != kHeading.size() + 1) return 0;
  const int level = name.back() - '0';
  return level >= 1 && level <= kOutlineLevels ? std::min(level, 6) : 0;
}

}  // namespace

DocxStyles::DocxStyles(pugi::xml_node styles) {
  for_each_child(styles, "style", [&](pugi::xml_node style) {
    Style read{xml_attribute(xml_child(style, "name"), "val"), xml_attribute(xml_child(style, "basedOn"), "val")};
    std::ranges::transform(read.name, read.name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string outline = xml_attribute(xml_child(xml_child(style, "pPr"), "outlineLvl"), "val");
    if (!outline.empty()) read.outline = std::atoi(outline.c_str());
    styles_.emplace(xml_attribute(style, "styleId"), std::move(read));
  });
}

int DocxStyles::heading(const std::string& id) const {
  auto at = styles_.find(id);
  for (int i = 0; i < kLongestChain && at != styles_.end(); ++i) {
    if (const int level = level_of(at->second.name)) return level;
    if (at->second.outline >= 0) return at->second.outline < kOutlineLevels ? std::min(at->second.outline + 1, 6) : 0;
    at = styles_.find(at->second.base);
  }
  return 0;
}

std::string DocxStyles::name_of(const std::string& id) const {
  const auto at = styles_.find(id);
  return at == styles_.end() ? std::string() : at->second.name;
}

}  // namespace gibsey::ingest
