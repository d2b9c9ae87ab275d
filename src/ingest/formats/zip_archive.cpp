#include "ingest/formats/zip_archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <locale.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <memory>
#include <system_error>
#include <vector>

namespace gibsey::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = std::size_t{64} << 10;
constexpr std::uint64_t kRatioCountsFrom = std::uint64_t{4} << 20;

struct CloseReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

/// Names inside a zip are UTF-8; the library makes them so only where the thread's locale is.
class Utf8Names {
 public:
  Utf8Names() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  ~Utf8Names() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t length) {
  std::uint64_t value = 0;
  for (std::size_t i = length; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  return value;
}

/// The list of a zip's entries is read into memory whole before the first is seen; its length is asked here (APPNOTE.TXT 4.3.14
/// to 4.3.16). Zero when there is no end of a zip.
std::uint64_t directory_size(const fs::path& path, std::uint64_t size) {
  const std::uint64_t length = std::min<std::uint64_t>(size, 16'384);
  std::string tail(static_cast<std::size_t>(length), '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(size - length));
  file.read(tail.data(), static_cast<std::streamsize>(length));
  const auto end = tail.rfind("PK\x05\x06");
  if (!file || end == tail.npos || end + 22 > tail.size()) return 0;
  std::uint64_t start = number_at(tail, end + 16, 4);
  if (end >= 20 && tail.compare(end - 20, 4, "PK\x06\x07") == 0) {
    const std::uint64_t record = number_at(tail, end - 12, 8);
    std::array<char, 56> bytes{};
    file.seekg(static_cast<std::streamoff>(std::min(record, size)));
    if (!file.read(bytes.data(), bytes.size())) return 0;
    start = number_at({bytes.data(), bytes.size()}, 48, 8);
  }
  const std::uint64_t place = size - length + end;
  return start < place ? place - start : 0;
}

bool leads_out(std::string_view name) {
  if (name.starts_with('/') || name.contains('\\') || (name.size() > 1 && name[1] == ':')) return true;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

std::string shown(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, 80)) text += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return text;
}

/// Reads the entries of one file.
class ZipReader {
 public:
  ZipReader(const fs::path& path, const std::set<std::string>& endings, const ZipLimits& limits)
      : path_(path), where_(path.string()), endings_(endings), limits_(limits), reader_(archive_read_new()) {}

  Result<void> open() {
    std::error_code error;
    size_ = fs::file_size(path_, error);
    if (error) return fail(ErrorCode::not_found, fmt::format("{} cannot be read: {}", where_, error.message()));
    if (size_ > limits_.file) return too_large(fmt::format("is larger than {} MiB", limits_.file >> 20));
    const std::uint64_t directory = directory_size(path_, size_);
    if (directory == 0) return damaged();
    if (directory > limits_.directory) return too_large("has too many entries");
    archive_read_support_format_zip_seekable(reader_.get());
    if (archive_read_open_filename(reader_.get(), path_.c_str(), kPiece) != ARCHIVE_OK) return damaged();
    return {};
  }

  /// False when there is no further entry.
  Result<bool> next() {
    const int status = archive_read_next_header(reader_.get(), &entry_);
    if (status == ARCHIVE_EOF) return false;
    if (status < ARCHIVE_WARN) return std::unexpected(damaged().error());
    const char* name = archive_entry_pathname(entry_);
    name_ = name == nullptr ? "" : name;
    GIBSEY_CHECK(check_entry());
    return true;
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool is_kept() const {
    std::string lower(name_);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return archive_entry_filetype(entry_) == AE_IFREG &&
           std::ranges::any_of(endings_, [&](const std::string& ending) { return lower.ends_with(ending); });
  }

  Result<std::string> read() {
    std::string bytes;
    for (std::vector<char> piece(kPiece);;) {
      const auto count = archive_read_data(reader_.get(), piece.data(), piece.size());
      if (count == 0) return bytes;
      if (count < 0) return std::unexpected(damaged().error());
      bytes.append(piece.data(), static_cast<std::size_t>(count));
      total_ += static_cast<std::uint64_t>(count);
      GIBSEY_CHECK(check_sizes(bytes.size()));
    }
  }

 private:
  Result<void> check_entry() {
    if (++count_ > limits_.entries) return too_large(fmt::format("has more than {} entries", limits_.entries));
    if (leads_out(name_)) return refused(fmt::format("has an entry {} that leads out of the archive", shown(name_)));
    if (archive_entry_filetype(entry_) == AE_IFLNK || archive_entry_symlink(entry_) != nullptr) {
      return refused(fmt::format("has an entry {} that is a link", shown(name_)));
    }
    if (archive_entry_is_encrypted(entry_) != 0) {
      return fail(ErrorCode::invalid_argument, fmt::format("{} is locked with a password; pack it anew without one", where_));
    }
    return {};
  }

  Result<void> check_sizes(std::size_t entry) {
    if (entry > limits_.entry) {
      return too_large(fmt::format("unpacks {} to more than {} MiB", shown(name_), limits_.entry >> 20));
    }
    if (total_ > limits_.total) return too_large(fmt::format("unpacks to more than {} MiB of text", limits_.total >> 20));
    if (total_ > kRatioCountsFrom && total_ / limits_.ratio > size_) {
      return too_large(fmt::format("unpacks to more than {} times its size", limits_.ratio));
    }
    return {};
  }

  [[nodiscard]] Result<void> damaged() const {
    return fail(ErrorCode::invalid_argument, fmt::format("{} is cut off or damaged, or no zip at all; fetch it again", where_));
  }
  [[nodiscard]] Result<void> refused(const std::string& what) const {
    return fail(ErrorCode::invalid_argument, fmt::format("{} {}, which no book has; it was not read", where_, what));
  }
  [[nodiscard]] Result<void> too_large(const std::string& what) const {
    return fail(ErrorCode::too_large, fmt::format("{} {}, which no book does; it was not read", where_, what));
  }

  const fs::path& path_;
  std::string where_;
  const std::set<std::string>& endings_;
  const ZipLimits& limits_;
  std::unique_ptr<archive, CloseReader> reader_;
  archive_entry* entry_ = nullptr;
  std::string name_;
  std::uint64_t size_ = 0;
  std::uint64_t total_ = 0;
  std::size_t count_ = 0;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    result += coded ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
    if (coded) i += 2;
  }
  return result;
}

}  // namespace

Result<ZipArchive> ZipArchive::open(const fs::path& path, const std::set<std::string>& endings, const ZipLimits& limits) {
  const Utf8Names names;
  ZipArchive zip;
  ZipReader reader(path, endings, limits);
  GIBSEY_CHECK(reader.open());
  for (;;) {
    GIBSEY_TRY(const bool more, reader.next());
    if (!more) return zip;
    if (!zip.names_.insert(reader.name()).second || !reader.is_kept()) continue;
    GIBSEY_TRY(zip.texts_[reader.name()], reader.read());
  }
}

const std::string* ZipArchive::find(const std::string& name) const {
  const auto at = texts_.find(name);
  return at == texts_.end() ? nullptr : &at->second;
}

std::string ZipArchive::take(const std::string& name) {
  const auto at = texts_.find(name);
  if (at == texts_.end()) return {};
  std::string text = std::move(at->second);
  texts_.erase(at);
  return text;
}

std::string entry_of_href(const std::string& base, std::string_view href) {
  href = href.substr(0, href.find_first_of("#?"));
  if (href.empty()) return base;
  if (href.contains("://") || href.starts_with("data:") || href.starts_with("mailto:")) return {};
  const std::string path = percent_decoded(href);
  std::vector<std::string> parts;
  const auto slash = base.rfind('/');
  const std::string all = (path.starts_with('/') || slash == base.npos ? "" : base.substr(0, slash + 1)) + path;
  for (std::size_t at = 0; at <= all.size();) {
    const auto end = std::min(all.find('/', at), all.size());
    const std::string part = all.substr(at, end - at);
    at = end + 1;
    if (part == "..") {
      if (parts.empty()) return {};
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string entry;
  for (const std::string& part : parts) entry += (entry.empty() ? "" : "/") + part;
  return entry;
}

std::string fragment_of_href(std::string_view href) {
  const auto mark = href.find('#');
  return mark == href.npos ? std::string() : percent_decoded(href.substr(mark + 1));
}

}  // namespace gibsey::ingest
