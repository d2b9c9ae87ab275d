#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/model_fit.hpp"
#include "app/model_library.hpp"
#include "base/byte_size.hpp"
#include "store/sqlite/folder_lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace gibsey::app {

namespace fs = std::filesystem;

namespace {

constexpr const char* kBundled = "bundled";

using Row = std::array<std::string, 9>;

fs::path bundled_file(const Place& place) {
  return place.installation.models / "chat.gguf";
}

/// A row each, also for a file that cannot be used: its reason stands in the place of what it is.
Row row_of(const std::string& name, const fs::path& file, bool in_use, const ModelOrigin& origin, const MemoryHere& here) {
  std::error_code error;
  Row row{in_use ? "*" : " ",
          name,
          shown_bytes(fs::file_size(file, error)),
          "-",
          "-",
          "-",
          "-",
          "-",
          origin.source.empty() ? file.string() : origin.source};
  if (error) row[2] = "-";
  if (!origin.sha256.empty()) row[8] += "  sha256:" + origin.sha256.substr(0, 12);
  const auto report = provider::examine_model(file);
  if (!report) {
    row[8] = report.error().message;
    return row;
  }
  const auto& facts = report->facts;
  row[3] = shown_parameters(facts.parameters);
  row[4] = facts.quantisation.empty() ? "-" : facts.quantisation;
  row[5] = facts.context_tokens > 0 ? std::to_string(facts.context_tokens) : "-";
  row[6] = shown_bytes(report->need.total());
  row[7] = fits_here(report->need.total(), here);
  return row;
}

void print_table(const std::vector<Row>& rows) {
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    fmt::print("{}{}\n", line, row.back());
  }
}

/// What keeps the choice from being what answers, a sentence each.
std::vector<std::string> exceptions(const Config& config) {
  std::vector<std::string> out;
  if (!config.model.empty()) {
    out.push_back(fmt::format("GIBSEY_MODEL is set to {} and goes before it: take that setting away", config.model.string()));
  }
  if (!config.providers.empty() && config.providers.front().kind != ProviderKind::local) {
    const bool behind = std::ranges::any_of(config.providers, [](const auto& one) { return one.kind == ProviderKind::local; });
    out.push_back(
        fmt::format("questions go to '{}' first{}", config.providers.front().upstream.name,
                    behind ? "; this model stands behind it" : ", and no model in this process is asked (LLM_PROVIDERS)"));
  }
  return out;
}

void tell_of_server(const Config& config) {
  const auto holder = store::FolderLock::find_holder(config.data);
  if (!holder || !*holder) return;
  const auto& address = (*holder)->address;
  fmt::print("a server is running{}; it takes the model at its next start: restart it\n",
             address.empty() ? "" : " at " + address);
}

}  // namespace

int list_models(const Place& place) {
  const ModelLibrary library(place.config.data);
  const auto here = memory_here();
  const auto& configured = place.config.model;
  const auto in_use = configured.empty() ? library.in_use() : std::nullopt;
  std::vector<Row> rows{{" ", "NAME", "SIZE", "PARAMETERS", "QUANTISATION", "CONTEXT", "MEMORY", "FITS", "FROM"}};
  if (!configured.empty()) rows.push_back(row_of("(GIBSEY_MODEL)", configured, true, {}, here));
  for (const auto& model : library.list()) {
    rows.push_back(row_of(model.name, model.file, in_use == model.name, model.origin, here));
  }
  rows.push_back(row_of(kBundled, bundled_file(place), configured.empty() && !in_use, {.source = "set-up", .sha256 = {}}, here));
  print_table(rows);
  for (const auto& part : library.list_partial()) {
    fmt::print("{}: {}{} are here; the same `gibsey model add` goes on, `gibsey model rm {}` drops it\n", part.name,
               shown_bytes(part.bytes), part.total > 0 ? " of " + shown_bytes(part.total) : "", part.name);
  }
  if (in_use && !library.has(*in_use)) return complain(chosen_model(place.config.data, {}).error());
  return 0;
}

int use_model(const Place& place, const std::string& name) {
  const ModelLibrary library(place.config.data);
  if (name == kBundled) {
    if (const auto used = library.use(""); !used) return complain(used.error());
    fmt::print("the bundled model answers from now on\n");
  } else {
    const auto known = model_name_of(name);
    if (!known) return complain(known.error());
    if (library.has(*known)) {
      const auto report = provider::examine_model(library.file_of(*known));
      if (!report) return complain(report.error());
      if (const auto fits = check_fit(*known, *report); !fits) return complain(fits.error());
    }
    if (const auto used = library.use(*known); !used) return complain(used.error());
    fmt::print("{} answers from now on\n", *known);
  }
  for (const auto& sentence : exceptions(place.config)) fmt::print("but {}\n", sentence);
  tell_of_server(place.config);
  return 0;
}

int remove_model(const Place& place, const std::string& name) {
  const auto known = model_name_of(name);
  if (!known) return complain(known.error());
  if (const auto removed = ModelLibrary(place.config.data).remove(*known); !removed) return complain(removed.error());
  fmt::print("{} is removed\n", *known);
  return 0;
}

}  // namespace gibsey::app
