#include "retrieval/large/manifest.hpp"

#include "retrieval/large/index_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace gibsey::retrieval::large {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kForm = 1;
constexpr auto kName = "manifest.json";
constexpr auto kNewName = "manifest.new";

std::string sum_of(const json& document) {
  const std::string text = document.dump();
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

Result<void> write_file(const fs::path& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<::ssize_t>(text.size());
  const bool synced = written && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (synced) return {};
  return fail(ErrorCode::unavailable, fmt::format("cannot write {}: {}", path.string(), std::system_category().message(error)));
}

}  // namespace

Result<std::optional<Manifest>> read_manifest(const fs::path& folder) {
  const fs::path path = folder / kName;
  std::error_code error;
  const bool is_there = fs::exists(path, error);
  if (!is_there && !error) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  // An index that cannot be looked at now is not one that is to be made anew.
  if (!file) return fail(ErrorCode::unavailable, fmt::format("cannot open {}", path.string()));
  const auto corrupt = [&path](std::string_view why) {
    return fail(ErrorCode::corrupt, fmt::format("{} {}", path.string(), why));
  };
  std::stringstream text;
  text << file.rdbuf();
  json document = json::parse(text.str(), nullptr, false);
  if (!document.is_object() || !document.contains("sum")) return corrupt("is no manifest");
  const json sum = document["sum"];
  document.erase("sum");
  if (sum != sum_of(document)) return corrupt("is altered: its checksum is wrong");
  if (document.value("form", 0) != kForm) return corrupt(fmt::format("has another form than {}", kForm));
  return Manifest{.world = document.value("world", ""),
                  .language = document.value("language", ""),
                  .embedding_model = document.value("embedding_model", ""),
                  .generation = document.value("generation", ""),
                  .cursor = document.value("cursor", std::int64_t{0}),
                  .segments = document.value("segments", std::vector<std::string>())};
}

Result<void> write_manifest(const fs::path& folder, const Manifest& manifest) {
  json document{{"form", kForm},
                {"world", manifest.world},
                {"language", manifest.language},
                {"embedding_model", manifest.embedding_model},
                {"generation", manifest.generation},
                {"cursor", manifest.cursor},
                {"segments", manifest.segments}};
  document["sum"] = sum_of(document);
  GIBSEY_CHECK(sync_folder(folder / manifest.generation));
  GIBSEY_CHECK(write_file(folder / kNewName, document.dump(2) + "\n"));
  std::error_code error;
  fs::rename(folder / kNewName, folder / kName, error);
  if (error) return fail(ErrorCode::unavailable, fmt::format("cannot write {}: {}", (folder / kName).string(), error.message()));
  return sync_folder(folder);
}

void remove_litter(const fs::path& folder, const std::optional<Manifest>& keep) {
  std::error_code ignored;
  std::vector<fs::path> litter;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const fs::path name = entry.path().filename();
    if (!keep || (name != kName && name != keep->generation)) litter.push_back(entry.path());
  }
  for (const fs::path& path : litter) fs::remove_all(path, ignored);
}

}  // namespace gibsey::retrieval::large
