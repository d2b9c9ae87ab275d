#include "ingest/formats/epub_package.hpp"

#include "ingest/formats/xml_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

namespace gibsey::ingest {
namespace {

constexpr const char* kContainer = "META-INF/container.xml";
constexpr const char* kEncryption = "META-INF/encryption.xml";

struct Item {
  std::string entry;
  std::string media;
  std::string properties;
};

/// Fonts may be scrambled against copying (EPUB 3.3, section 4.4); every reader undoes that, and a font is no text.
bool is_font_scrambling(std::string_view algorithm) {
  return algorithm == "http://www.idpf.org/2008/embedding" || algorithm == "http://ns.adobe.com/pdf/enc#RC";
}

Result<void> check_unprotected(const ZipArchive& zip, const std::string& where) {
  const std::string* const text = zip.find(kEncryption);
  if (text == nullptr) return {};
  const auto refuse = [&] {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{} is copy-protected (DRM): its text is encrypted, and only its seller's programs open it; give a copy "
                    "without protection",
                    where));
  };
  pugi::xml_document document;
  if (!parse_xml(*text, document)) return refuse();
  for (const pugi::xml_node item : document.document_element().children()) {
    if (local_name(item.name()) != "EncryptedData") continue;
    if (!is_font_scrambling(xml_attribute(xml_child(item, "EncryptionMethod"), "Algorithm"))) return refuse();
  }
  return {};
}

Result<std::string> package_entry(const ZipArchive& zip, const std::string& where) {
  const std::string* const text = zip.find(kContainer);
  if (text == nullptr) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} is a zip but no EPUB: it has no {}; unpack it and give what is in it", where, kContainer));
  }
  pugi::xml_document document;
  if (auto parsed = parse_xml(*text, document); !parsed) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: its {} is no XML: {}", where, kContainer, parsed.error().message));
  }
  std::string entry;
  for_each_child(xml_child(document.document_element(), "rootfiles"), "rootfile", [&](pugi::xml_node file) {
    if (entry.empty()) entry = entry_of_href("", xml_attribute(file, "full-path"));
  });
  if (!zip.has(entry) || entry.empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: the package document that its {} names is missing", where, kContainer));
  }
  return entry;
}

/// The items by id; of two with one id the first counts.
std::map<std::string, Item> read_manifest(pugi::xml_node manifest, const std::string& base, std::vector<std::string>& notes) {
  std::map<std::string, Item> items;
  std::size_t doubled = 0;
  for_each_child(manifest, "item", [&](pugi::xml_node item) {
    Item read{entry_of_href(base, xml_attribute(item, "href")), xml_attribute(item, "media-type"),
              " " + xml_attribute(item, "properties") + " "};
    if (!items.emplace(xml_attribute(item, "id"), std::move(read)).second) ++doubled;
  });
  if (doubled > 0) notes.push_back(fmt::format("{} items have the id of another and were left out.", doubled));
  return items;
}

bool is_text(const Item& item) {
  return item.media == "application/xhtml+xml" || item.media == "text/html" || item.media == "text/x-oeb1-document" ||
         item.media.empty();
}

void read_spine(pugi::xml_node spine, const std::map<std::string, Item>& items, const ZipArchive& zip, EpubPackage& package) {
  std::vector<std::string> missing;
  for_each_child(spine, "itemref", [&](pugi::xml_node reference) {
    const std::string id = xml_attribute(reference, "idref");
    const auto item = items.find(id);
    if (item == items.end()) {
      missing.push_back(id);
    } else if (is_text(item->second)) {
      // A table of contents is no page of the book, and a part that is named twice is read once.
      const std::string& entry = item->second.entry;
      if (item->second.properties.contains(" nav ") || std::ranges::find(package.spine, entry) != package.spine.end()) return;
      if (zip.find(entry) == nullptr) {
        missing.push_back(entry.empty() ? id : entry);
      } else {
        package.spine.push_back(entry);
      }
    }
  });
  if (missing.empty()) return;
  package.notes.push_back(fmt::format("{} of its parts {} missing from the archive, first {}.", missing.size(),
                                      missing.size() == 1 ? "is" : "are", missing.front().substr(0, 80)));
}

void read_metadata(pugi::xml_node metadata, EpubPackage& package) {
  package.title = xml_text(xml_child(metadata, "title"));
  for_each_child(metadata, "creator", [&](pugi::xml_node creator) {
    const std::string name = xml_text(creator);
    if (!name.empty()) package.author += (package.author.empty() ? "" : ", ") + name;
  });
  package.language = xml_text(xml_child(metadata, "language")).substr(0, 2);
  std::ranges::transform(package.language, package.language.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
}

}  // namespace

Result<EpubPackage> read_epub_package(const ZipArchive& zip, const std::string& where) {
  GIBSEY_TRY(const std::string base, package_entry(zip, where));
  GIBSEY_CHECK(check_unprotected(zip, where));
  pugi::xml_document document;
  const std::string* const text = zip.find(base);
  auto parsed = text == nullptr ? fail(ErrorCode::invalid_argument, "it does not end in .opf") : parse_xml(*text, document);
  if (!parsed) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: its package document {} cannot be read: {}", where, base, parsed.error().message));
  }
  const pugi::xml_node root = document.document_element();
  EpubPackage package;
  read_metadata(xml_child(root, "metadata"), package);
  const auto items = read_manifest(xml_child(root, "manifest"), base, package.notes);
  const pugi::xml_node spine = xml_child(root, "spine");
  read_spine(spine, items, zip, package);
  const std::string toc = xml_attribute(spine, "toc");
  for (const auto& [id, item] : items) {
    if (item.properties.contains(" nav ") && package.nav.empty()) package.nav = item.entry;
    if (id == toc || (toc.empty() && item.media == "application/x-dtbncx+xml")) package.ncx = item.entry;
  }
  for_each_child(xml_child(root, "guide"), "reference", [&](pugi::xml_node reference) {
    const std::string href = xml_attribute(reference, "href");
    if (xml_attribute(reference, "type") == "toc" && !href.contains('#')) package.contents_page = entry_of_href(base, href);
  });
  if (package.spine.empty()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: none of the parts that its spine names is in the archive", where));
  }
  return package;
}

}  // namespace gibsey::ingest
