#pragma once
#include <archive.h>
#include <archive_entry.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::ingest::testing {

struct ZipEntry {
  std::string name;
  std::string text;
  std::string link = {};  ///< makes a symbolic link of it
};

/// Writes a zip file. With a password its entries are encrypted (as old zip programs do).
inline void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries, const std::string& password = {}) {
  archive* writer = archive_write_new();
  const auto check = [&](int status) {
    if (status < ARCHIVE_WARN) throw std::runtime_error(archive_error_string(writer));
  };
  check(archive_write_set_format_zip(writer));
  if (!password.empty()) {
    check(archive_write_set_options(writer, "zip:encryption=zipcrypt"));
    check(archive_write_set_passphrase(writer, password.c_str()));
  }
  check(archive_write_open_filename(writer, path.c_str()));
  for (const ZipEntry& from : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname_utf8(entry, from.name.c_str());
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_filetype(entry, from.link.empty() ? AE_IFREG : AE_IFLNK);
    if (from.link.empty()) {
      archive_entry_set_size(entry, static_cast<la_int64_t>(from.text.size()));
    } else {
      archive_entry_set_symlink(entry, from.link.c_str());
    }
    check(archive_write_header(writer, entry));
    if (from.link.empty()) archive_write_data(writer, from.text.data(), from.text.size());
    archive_entry_free(entry);
  }
  check(archive_write_close(writer));
  archive_write_free(writer);
}

}  // namespace gibsey::ingest::testing
