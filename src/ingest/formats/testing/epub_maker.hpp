#pragma once
#include "ingest/formats/testing/zip_writer.hpp"

#include <string>
#include <vector>

namespace gibsey::ingest::testing {

inline std::string xml_escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  }
  return escaped;
}

inline std::string xhtml(const std::string& body) {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
         "xmlns:epub=\"http://www.idpf.org/2007/ops\"><head><title/></head><body>" +
         body + "</body></html>";
}

/// Builds an EPUB; every part of it may be changed before it is written.
struct EpubMaker {
  std::string title = "The Tower";
  std::vector<std::pair<std::string, std::string>> parts;  ///< name inside OEBPS/ and whole text, in the order of the spine
  std::string nav;                                         ///< the lists of an EPUB 3 navigation document, empty for none
  std::string ncx;                                         ///< the maps of an EPUB 2 NCX, empty for none
  std::string more_items;                                  ///< of the manifest
  std::string more_spine;
  std::vector<ZipEntry> more_entries;

  [[nodiscard]] std::string package() const {
    std::string items;
    std::string spine = more_spine;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::string id = "p" + std::to_string(i);
      items += "<item id=\"" + id + "\" href=\"" + parts[i].first + "\" media-type=\"application/xhtml+xml\"/>";
      spine = spine.substr(0, spine.size() - more_spine.size()) + "<itemref idref=\"" + id + "\"/>" + more_spine;
    }
    items += more_items;
    if (!nav.empty()) items += R"(<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>)";
    if (!ncx.empty()) items += R"(<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>)";
    return "<?xml version=\"1.0\"?><package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\"><metadata "
           "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>" +
           xml_escaped(title) +
           "</dc:title><dc:creator>A. Writer</dc:creator><dc:language>en-GB</dc:language></metadata><manifest>" + items +
           "</manifest><spine" + (ncx.empty() ? "" : " toc=\"ncx\"") + ">" + spine + "</spine></package>";
  }

  [[nodiscard]] std::vector<ZipEntry> entries() const {
    std::vector<ZipEntry> all{
        {"mimetype", "application/epub+zip"},
        {"META-INF/container.xml",
         "<?xml version=\"1.0\"?><container xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\"><rootfiles>"
         "<rootfile full-path=\"OEBPS/content.opf\" media-type=\"application/oebps-package+xml\"/></rootfiles>"
         "</container>"},
        {"OEBPS/content.opf", package()}};
    for (const auto& [name, text] : parts) all.push_back({"OEBPS/" + name, text});
    if (!nav.empty()) all.push_back({"OEBPS/nav.xhtml", xhtml(nav)});
    if (!ncx.empty()) {
      all.push_back(
          {"OEBPS/toc.ncx", "<?xml version=\"1.0\"?><ncx xmlns=\"http://www.daisy.org/z3986/2005/ncx/\">" + ncx + "</ncx>"});
    }
    all.insert(all.end(), more_entries.begin(), more_entries.end());
    return all;
  }

  void write(const std::filesystem::path& path) const { write_zip(path, entries()); }
};

}  // namespace gibsey::ingest::testing
