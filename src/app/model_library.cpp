#include "app/model_library.hpp"

#include "net/part_file.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <string_view>

namespace gibsey::app {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::string_view kEnding = ".gguf";
constexpr std::string_view kPartEnding = ".gguf.part";

fs::path origin_file(const fs::path& folder, const std::string& name) {
  return folder / (name + ".json");
}

/// The file is there whole or not at all.
Result<void> write_whole(const fs::path& file, const std::string& text) {
  auto fresh = file;
  fresh += ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  std::error_code error;
  if (out) fs::rename(fresh, file, error);
  if (out && !error) return {};
  return fail(ErrorCode::unavailable, fmt::format("{} cannot be written", file.string()));
}

ModelOrigin read_origin(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  const auto json = nlohmann::json::parse(in, nullptr, false);
  if (!json.is_object()) return {};
  const auto text = [&json](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  return {.source = text("source"), .sha256 = text("sha256")};
}

std::optional<std::string> name_by_ending(const fs::path& file, std::string_view ending) {
  const auto name = file.filename().string();
  if (!name.ends_with(ending)) return std::nullopt;
  return name.substr(0, name.size() - ending.size());
}

}  // namespace

Result<std::string> model_name_of(std::string text) {
  if (text.ends_with(kEnding)) text.resize(text.size() - kEnding.size());
  const bool plain = std::ranges::all_of(text, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("._-").contains(c);
  });
  if (plain && !text.empty() && text.size() <= kLongestName && text[0] != '.' && text[0] != '-' && text != "bundled") return text;
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("'{}' is no name for a model: take letters, digits, '.', '_' and '-' (--name gives another; 'bundled' is "
                  "taken)",
                  text));
}

Result<void> ModelLibrary::make_folder() const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (!error) return {};
  return fail(ErrorCode::unavailable, fmt::format("the folder {} cannot be made: {}", folder_.string(), error.message()));
}

std::vector<StoredModel> ModelLibrary::list() const {
  std::vector<StoredModel> models;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    if (const auto name = name_by_ending(entry.path(), kEnding))
      models.push_back({*name, entry.path(), read_origin(origin_file(folder_, *name))});
  }
  std::ranges::sort(models, {}, &StoredModel::name);
  return models;
}

std::vector<PartialModel> ModelLibrary::list_partial() const {
  std::vector<PartialModel> models;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    if (const auto name = name_by_ending(entry.path(), kPartEnding))
      models.push_back({*name, entry.file_size(ignored), net::read_version(entry.path()).bytes});
  }
  std::ranges::sort(models, {}, &PartialModel::name);
  return models;
}

Result<void> ModelLibrary::take_in(const fs::path& from, const std::string& name, const ModelOrigin& origin) const {
  if (has(name)) return fail(ErrorCode::conflict, fmt::format("there is a model '{}' already", name));
  const nlohmann::json json{{"source", origin.source}, {"sha256", origin.sha256}};
  GIBSEY_CHECK(
      write_whole(origin_file(folder_, name), json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
  std::error_code error;
  fs::rename(from, file_of(name), error);
  if (!error) return {};
  return fail(ErrorCode::unavailable, fmt::format("{} cannot be written: {}", file_of(name).string(), error.message()));
}

Result<void> ModelLibrary::remove(const std::string& name) const {
  std::error_code error;
  const bool partial = fs::exists(part_of(name), error);
  if (!has(name) && !partial) {
    return fail(ErrorCode::not_found, fmt::format("there is no model '{}'; `gibsey model list` shows them", name));
  }
  if (has(name) && in_use() == name) {
    return fail(
        ErrorCode::conflict,
        fmt::format("'{}' is in use; choose another first: `gibsey model use NAME`, or `gibsey model use bundled`", name));
  }
  net::remove_part(part_of(name));
  fs::remove(file_of(name), error);
  if (error)
    return fail(ErrorCode::unavailable, fmt::format("{} cannot be removed: {}", file_of(name).string(), error.message()));
  fs::remove(origin_file(folder_, name), error);
  return {};
}

std::optional<std::string> ModelLibrary::in_use() const {
  std::ifstream in(folder_ / "in_use");
  std::string name;
  if (!std::getline(in, name) || !model_name_of(name)) return std::nullopt;
  return name;
}

Result<void> ModelLibrary::use(const std::string& name) const {
  if (name.empty()) {
    std::error_code error;
    fs::remove(folder_ / "in_use", error);
    if (error) return fail(ErrorCode::unavailable, fmt::format("{} cannot be changed", (folder_ / "in_use").string()));
    return {};
  }
  if (!has(name)) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no model '{}'; `gibsey model list` shows them, `gibsey model add` brings one", name));
  }
  GIBSEY_CHECK(make_folder());
  return write_whole(folder_ / "in_use", name + "\n");
}

Result<fs::path> chosen_model(const fs::path& data, const fs::path& configured) {
  if (!configured.empty()) return configured;
  const ModelLibrary library(data);
  const auto name = library.in_use();
  if (!name) return fs::path();
  if (library.has(*name)) return library.file_of(*name);
  return fail(
      ErrorCode::not_found,
      fmt::format("the model '{}' that `gibsey model use` chose is not there any more ({}); add it again, or go back with "
                  "`gibsey model use bundled`",
                  *name, library.file_of(*name).string()));
}

}  // namespace gibsey::app
