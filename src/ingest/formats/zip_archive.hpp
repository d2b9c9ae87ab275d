#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace gibsey::ingest {

/// What a zip file may cost. Packed and unpacked sizes are counted as they are read; what the file says of them is not asked.
struct ZipLimits {
  std::uint64_t file = std::uint64_t{512} << 20;
  std::uint64_t directory = std::uint64_t{16} << 20;  ///< the list of entries, at the file's end
  std::size_t entries = 20'000;
  std::uint64_t entry = std::uint64_t{64} << 20;   ///< one entry, unpacked
  std::uint64_t total = std::uint64_t{256} << 20;  ///< all that is kept, unpacked
  std::uint64_t ratio = 200;                       ///< unpacked to the file's size, once more than 4 MiB are unpacked
};

/// The texts inside a zip file. Nothing is written to disk, and what is no text (pictures, fonts, zips in the zip) stays packed.
class ZipArchive {
 public:
  /// Keeps the entries whose name ends in one of `endings` (".xml"); the names of all are known. Errors, each a sentence that
  /// begins with the file's name: not_found, invalid_argument (no zip, cut off or damaged, encrypted, a link, a name that leads
  /// out of the archive), too_large (past a limit).
  static Result<ZipArchive> open(const std::filesystem::path& path, const std::set<std::string>& endings,
                                 const ZipLimits& limits = {});

  /// Null when there is no such entry, or it is none that is kept. Of two entries with one name the first counts.
  [[nodiscard]] const std::string* find(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const { return names_.contains(name); }
  /// Takes an entry out, for one that is read once.
  [[nodiscard]] std::string take(const std::string& name);

 private:
  std::set<std::string> names_;
  std::map<std::string, std::string> texts_;
};

/// `href` as seen from the entry `base`: "OEBPS/content.opf" and "text/c%201.xhtml#p" give "OEBPS/text/c 1.xhtml". Empty when it
/// leads out of the archive or elsewhere.
[[nodiscard]] std::string entry_of_href(const std::string& base, std::string_view href);
/// What is behind the '#' of a link.
[[nodiscard]] std::string fragment_of_href(std::string_view href);

}  // namespace gibsey::ingest
