#pragma once
#include "base/result.hpp"

#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace gibsey::ingest {

/// Parses XML of any encoding that decode_markup reads. Entities that a document type declares are left as they stand, and
/// nothing is fetched. invalid_argument with the parser's words when it is no XML, or is nested more than 256 deep.
[[nodiscard]] Result<void> parse_xml(std::string_view bytes, pugi::xml_document& document);

/// A name without its namespace's prefix.
[[nodiscard]] std::string_view local_name(std::string_view name);
/// The first child, or attribute, of this local name.
[[nodiscard]] pugi::xml_node xml_child(pugi::xml_node node, std::string_view name);
[[nodiscard]] std::string xml_attribute(pugi::xml_node node, std::string_view name);
/// Calls `visit` with each child of this local name.
template <typename Visit>
void for_each_child(pugi::xml_node node, std::string_view name, const Visit& visit) {
  for (const pugi::xml_node child : node.children()) {
    if (local_name(child.name()) == name) visit(child);
  }
}
/// The text inside an element's first text node, without white space around it.
[[nodiscard]] std::string xml_text(pugi::xml_node node);

}  // namespace gibsey::ingest
