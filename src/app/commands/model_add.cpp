#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/model_fit.hpp"
#include "app/model_library.hpp"
#include "app/runtime.hpp"
#include "app/transfer_progress.hpp"
#include "base/byte_size.hpp"
#include "net/file_download.hpp"
#include "net/http_message.hpp"
#include "net/part_file.hpp"
#include "net/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <vector>

namespace gibsey::app {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPiece = 1024 * 1024;

/// A model that came, and what it was found to be.
struct Arrived {
  fs::path file;  ///< in the library's folder, not yet under its name
  ModelOrigin origin;
  provider::ModelReport report;
};

bool is_address(const std::string& text) {
  return text.contains("://");
}

std::string without_query(const std::string& url) {
  return url.substr(0, url.find_first_of("?#"));
}

/// The last part of a path or an address.
Result<std::string> default_name(const AddModelOptions& options) {
  if (!options.name.empty()) return model_name_of(options.name);
  if (!is_address(options.source)) return model_name_of(fs::path(options.source).filename().string());
  const auto path = without_query(options.source);
  const auto last = path.substr(path.rfind('/') + 1);
  return model_name_of(net::percent_decoded(last, false).value_or(last));
}

Result<void> check_hash(const std::string& wanted, const std::string& found, const std::string& source) {
  const auto same = net::equal_ignoring_case(wanted, found);
  if (wanted.empty() || same) return {};
  return fail(ErrorCode::corrupt, fmt::format("{} is not the file that was meant: its SHA-256 is {} and not {}; it is not used",
                                              source, found, wanted));
}

/// Each piece of a file in turn. Errors: unavailable, and those of `take`.
Result<void> read_pieces(const fs::path& file, const std::string& what,
                         const std::function<Result<void>(std::string_view)>& take) {
  std::ifstream in(file, std::ios::binary);
  std::error_code error;
  const auto total = fs::file_size(file, error);
  TransferProgress progress(what);
  std::vector<char> piece(kPiece);
  std::uint64_t done = 0;
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    GIBSEY_CHECK(take({piece.data(), static_cast<std::size_t>(in.gcount())}));
    done += static_cast<std::uint64_t>(in.gcount());
    progress.show(done, total);
  }
  if (!error && done == total) return {};
  return fail(ErrorCode::unavailable, fmt::format("{} cannot be read", file.string()));
}

Result<std::string> hash_of(const fs::path& file) {
  net::Sha256 hash;
  GIBSEY_CHECK(read_pieces(file, "reading " + file.filename().string(), [&hash](std::string_view piece) -> Result<void> {
    hash.add(piece);
    return {};
  }));
  return hash.hex();
}

/// A second name for the same bytes where the disk allows it, else a copy.
Result<void> link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::remove(to, error);
  fs::create_hard_link(from, to, error);
  if (!error) return {};
  const auto space = fs::space(to.parent_path(), error);
  const auto bytes = fs::file_size(from, error);
  if (!error && bytes > space.available) {
    return fail(ErrorCode::too_large, fmt::format("the model has {} and the disk of {} has {} free", shown_bytes(bytes),
                                                  to.parent_path().string(), shown_bytes(space.available)));
  }
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  auto copied = read_pieces(from, "copying " + from.filename().string(), [&](std::string_view piece) -> Result<void> {
    if (out.write(piece.data(), static_cast<std::streamsize>(piece.size()))) return {};
    return fail(ErrorCode::unavailable, fmt::format("{} cannot be written; is the disk full?", to.string()));
  });
  out.close();
  if (!copied) fs::remove(to, error);
  return copied;
}

Result<Arrived> take_file(const ModelLibrary& library, const std::string& name, const AddModelOptions& options) {
  std::error_code error;
  const auto file = fs::canonical(options.source, error);
  if (error || !fs::is_regular_file(file)) {
    return fail(ErrorCode::not_found, fmt::format("there is no model file {}", options.source));
  }
  GIBSEY_CHECK(check_weights(file.string(), fs::file_size(file, error), memory_here()));
  GIBSEY_TRY(auto report, provider::examine_model(file));
  GIBSEY_CHECK(check_fit(file.string(), report));
  GIBSEY_TRY(auto hash, hash_of(file));
  GIBSEY_CHECK(check_hash(options.sha256, hash, options.source));
  auto part = library.part_of(name);
  GIBSEY_CHECK(link_or_copy(file, part));
  return Arrived{std::move(part), {file.string(), std::move(hash)}, std::move(report)};
}

/// Errors: as download_file, and corrupt (no GGUF), too_large (no machine memory for it).
Result<net::DownloadedFile> download(const std::string& url, const fs::path& part, const std::string& name) {
  const auto capacity = memory_here();
  TransferProgress progress("fetching " + name);
  net::DownloadRequest request{.url = url,
                               .part = part,
                               .check_length = [&](std::uint64_t bytes) { return check_weights(url, bytes, capacity); },
                               .check_beginning = [&](std::string_view bytes) -> Result<void> {
                                 if (bytes.starts_with("GGUF")) return {};
                                 return fail(
                                     ErrorCode::corrupt,
                                     fmt::format("{} sends no GGUF model file; give the address of the file itself, which most "
                                                 "often ends in .gguf",
                                                 without_query(url)));
                               },
                               .progress = [&](std::uint64_t done, std::uint64_t total) { progress.show(done, total); },
                               .note =
                                   [&](const std::string& sentence) {
                                     progress.break_line();
                                     fmt::print(stderr, "{}\n", sentence);
                                   }};
  Runtime runtime(1);
  return runtime.wait(net::download_file(std::move(request)));
}

/// What has come is kept for the next time, unless there is nothing or it is of no use.
Result<Arrived> take_download(const ModelLibrary& library, const std::string& name, const AddModelOptions& options) {
  const auto part = library.part_of(name);
  std::error_code error;
  if (const auto there = fs::file_size(part, error); !error && there > 0) {
    fmt::print(stderr, "{} are there from before\n", shown_bytes(there));
  }
  const auto downloaded = download(options.source, part, name);
  if (!downloaded) {
    if (fs::file_size(part, error) == 0 && downloaded.error().code != ErrorCode::busy) net::remove_part(part);
    return std::unexpected(downloaded.error());
  }
  auto origin = ModelOrigin{without_query(options.source), downloaded->sha256};
  auto sound = check_hash(options.sha256, origin.sha256, origin.source);
  auto report = sound ? provider::examine_model(part) : std::unexpected(sound.error());
  if (!report) {
    net::remove_part(part);
    return std::unexpected(report.error());
  }
  // Too large for this machine as it is now; the file itself is sound and stays.
  GIBSEY_CHECK(check_fit(origin.source, *report));
  return Arrived{part, std::move(origin), *std::move(report)};
}

Result<void> check_options(const AddModelOptions& options) {
  const auto& hash = options.sha256;
  const bool digits = std::ranges::all_of(hash, [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (hash.empty() || (digits && hash.size() == 64)) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no SHA-256: give 64 hexadecimal digits", hash));
}

Result<void> add(const Place& place, const AddModelOptions& options) {
  GIBSEY_CHECK(check_options(options));
  GIBSEY_TRY(const auto name, default_name(options));
  const ModelLibrary library(place.config.data);
  if (library.has(name)) {
    return fail(ErrorCode::conflict, fmt::format("there is a model '{}' already; --name gives another name, `gibsey model rm {}` "
                                                 "removes it",
                                                 name, name));
  }
  std::error_code error;
  fs::create_directories(library.folder(), error);
  if (error) return fail(ErrorCode::unavailable, fmt::format("the folder {} cannot be made", library.folder().string()));
  GIBSEY_TRY(const auto arrived,
             is_address(options.source) ? take_download(library, name, options) : take_file(library, name, options));
  GIBSEY_CHECK(library.take_in(arrived.file, name, arrived.origin));
  net::remove_part(library.part_of(name));
  show_model(name, arrived.report);
  fmt::print("  SHA-256 {}\n", arrived.origin.sha256);
  return {};
}

}  // namespace

int add_model(const Place& place, const AddModelOptions& options) {
  if (const auto added = add(place, options); !added) return complain(added.error());
  const auto name = default_name(options);
  if (options.use) return use_model(place, *name);
  fmt::print("`gibsey model use {}` makes it answer\n", *name);
  return 0;
}

}  // namespace gibsey::app
