#include "ingest/formats/xml_tree.hpp"

#include "ingest/formats/markup_decoding.hpp"

#include <fmt/format.h>

namespace gibsey::ingest {
namespace {

constexpr int kDeepest = 256;

struct DepthCheck : pugi::xml_tree_walker {
  bool for_each(pugi::xml_node& /*node*/) override { return depth() < kDeepest; }
};

}  // namespace

Result<void> parse_xml(std::string_view bytes, pugi::xml_document& document) {
  const std::string text = decode_markup(bytes).text;
  constexpr unsigned kFlags = pugi::parse_default | pugi::parse_ws_pcdata_single;
  const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size(), kFlags, pugi::encoding_utf8);
  DepthCheck check;
  if (result && !document.traverse(check)) {
    return fail(ErrorCode::invalid_argument, fmt::format("its elements are nested more than {} deep", kDeepest));
  }
  if (result) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("{} at byte {}", result.description(), result.offset));
}

std::string_view local_name(std::string_view name) {
  const auto colon = name.find(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

pugi::xml_node xml_child(pugi::xml_node node, std::string_view name) {
  for (const pugi::xml_node child : node.children()) {
    if (local_name(child.name()) == name) return child;
  }
  return {};
}

std::string xml_attribute(pugi::xml_node node, std::string_view name) {
  for (const pugi::xml_attribute attribute : node.attributes()) {
    if (local_name(attribute.name()) == name) return attribute.value();
  }
  return {};
}

std::string xml_text(pugi::xml_node node) {
  const std::string_view text = node.child_value();
  const auto first = text.find_first_not_of(" \t\n");
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\n") + 1 - first));
}

}  // namespace gibsey::ingest
