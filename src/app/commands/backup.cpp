#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/runtime.hpp"
#include "base/ids.hpp"
#include "store/sqlite/ledger_store.hpp"
#include "store/sqlite/outbox_store.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/sqlite/turn_store.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace gibsey::app {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1024 * 1024;

/// A folder that goes when it is out of scope.
class ScratchFolder {
 public:
  explicit ScratchFolder(fs::path path) : path_(std::move(path)) { fs::create_directories(path_); }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The files of a data folder, in the order in which they are copied. Ledger and outbox go first: a turn that ends between the
/// copies has its hold open in this one, and the next start settles it.
std::vector<std::string> stores_in(const fs::path& folder) {
  std::vector<std::string> names{"ledger.db", "turns.db", "pages.db"};
  // Only a folder whose credits were another process's (LEDGER_URL) has one.
  if (fs::exists(folder / "outbox.db")) names.insert(names.begin() + 1, "outbox.db");
  return names;
}

asio::awaitable<Result<void>> copy_outbox(fs::path from, fs::path to) {
  if (!fs::exists(from / "outbox.db")) co_return Result<void>{};
  GIBSEY_CO_TRY(const auto outbox, store::SqliteOutboxStore::open(from));
  GIBSEY_CO_CHECK(co_await outbox->backup(to / "outbox.db"));
  outbox->close();
  co_return Result<void>{};
}

asio::awaitable<Result<void>> copy_stores(fs::path from, fs::path to) {
  GIBSEY_CO_TRY(const auto ledger, store::SqliteLedgerStore::open(from));
  GIBSEY_CO_CHECK(co_await ledger->backup(to / "ledger.db"));
  ledger->close();
  GIBSEY_CO_CHECK(co_await copy_outbox(from, to));
  GIBSEY_CO_TRY(const auto turns, store::SqliteTurnStore::open(from));
  GIBSEY_CO_CHECK(co_await turns->backup(to / "turns.db"));
  turns->close();
  GIBSEY_CO_TRY(const auto pages, store::SqlitePageStore::open(from));
  GIBSEY_CO_CHECK(co_await pages->backup(to / "pages.db"));
  pages->close();
  co_return Result<void>{};
}

struct CloseArchive {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, CloseArchive>;

Result<void> failed(const Writer& writer) {
  const char* why = archive_error_string(writer.get());
  return fail(ErrorCode::unavailable, fmt::format("the backup cannot be written: {}", why == nullptr ? "unknown reason" : why));
}

Result<void> add_file(const Writer& writer, const fs::path& file) {
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), file.filename().c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(fs::file_size(file)));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK) return failed(writer);
  std::ifstream in(file, std::ios::binary);
  std::vector<char> piece(kPiece);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    const auto size = static_cast<std::size_t>(in.gcount());
    if (archive_write_data(writer.get(), piece.data(), size) != static_cast<la_ssize_t>(size)) return failed(writer);
  }
  return {};
}

/// A tar; compressed as the file's name says (.gz, .zst).
Result<void> write_archive(const fs::path& folder, const fs::path& file) {
  const Writer writer(archive_write_new());
  archive_write_set_format_pax_restricted(writer.get());
  if (file.extension() == ".gz" || file.extension() == ".tgz") archive_write_add_filter_gzip(writer.get());
  if (file.extension() == ".zst") archive_write_add_filter_zstd(writer.get());
  if (archive_write_open_filename(writer.get(), file.c_str()) != ARCHIVE_OK) return failed(writer);
  for (const auto& name : stores_in(folder)) GIBSEY_CHECK(add_file(writer, folder / name));
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return failed(writer);
  return {};
}

}  // namespace

int backup(const Place& place, const fs::path& file) {
  if (!place.config.cassandra_contact_points.empty()) {
    return complain(
        {ErrorCode::invalid_argument, "pages, turns and credits lie on Cassandra: take a snapshot there (nodetool snapshot)"});
  }
  if (fs::exists(file)) return complain({ErrorCode::conflict, fmt::format("{} exists; choose another name", file.string())});
  if (!fs::exists(place.config.data / "ledger.db")) {
    return complain(
        {ErrorCode::not_found, fmt::format("there is no data in {}; name the folder with --data", place.config.data.string())});
  }
  const ScratchFolder scratch(fs::absolute(file).parent_path() / fmt::format(".{}.{}", file.filename().string(), random_id()));
  {
    Runtime runtime;
    if (const auto copied = runtime.wait(copy_stores(place.config.data, scratch.path())); !copied)
      return complain(copied.error());
  }
  // Under its own name, which says how it is compressed; it is there whole or not at all.
  const auto named = scratch.path() / file.filename();
  if (const auto written = write_archive(scratch.path(), named); !written) return complain(written.error());
  fs::rename(named, file);
  fmt::print("{} holds {} ({:.1f} MB); to restore, unpack it into an empty data folder\n", file.string(),
             fmt::join(stores_in(scratch.path()), ", "), static_cast<double>(fs::file_size(file)) / 1e6);
  return 0;
}

}  // namespace gibsey::app
