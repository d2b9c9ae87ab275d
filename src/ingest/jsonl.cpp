#include "ingest/jsonl.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace gibsey::ingest {
namespace {

using nlohmann::json;

class LineReader {
 public:
  LineReader(const std::string& where, const std::string& world) : where_(where), world_(world) {}

  Result<void> read(std::string_view line) {
    ++number_;
    if (line.find_first_not_of(" \t\r") == line.npos) return {};
    const json value = json::parse(line, nullptr, false);
    if (!value.is_object()) return wrong("is not a JSON object");
    model::Page page;
    page.world = world_;
    for (const auto& [name, target] :
         {std::pair("id", &page.id), std::pair("title", &page.title), std::pair("chapter", &page.chapter),
          std::pair("label", &page.label), std::pair("text", &page.text)}) {
      const auto at = value.find(name);
      if (at == value.end() || at->is_null()) continue;
      if (at->is_string()) {
        *target = at->get<std::string>();
      } else if (at->is_number_integer() && std::string_view(name) != "text") {
        *target = std::to_string(at->get<std::int64_t>());
      } else {
        return wrong(fmt::format("has a {} that is not text", name));
      }
    }
    if (page.text.find_first_not_of(" \t\n") == std::string::npos) return wrong("has no text");
    page.order = static_cast<std::int64_t>(pages_.size());
    if (page.id.empty()) page.id = fmt::format("{:03}", pages_.size() + 1);
    if (const auto [at, added] = lines_.emplace(page.id, number_); !added) {
      return wrong(fmt::format("has the id {} of line {}", page.id, at->second));
    }
    if (page.label.empty()) page.label = label_of(page.id);
    pages_.push_back({std::move(page), {}, {}});
    return {};
  }

  std::vector<model::PageContent> finish() { return std::move(pages_); }

 private:
  static std::string label_of(const std::string& id) {
    const auto first = id.find_first_not_of('0');
    return first != id.npos && id.find_first_not_of("0123456789") == id.npos ? id.substr(first) : id;
  }
  [[nodiscard]] Result<void> wrong(const std::string& what) const {
    return fail(ErrorCode::invalid_argument, fmt::format("{} line {} {}", where_, number_, what));
  }

  const std::string& where_;
  const std::string& world_;
  std::size_t number_ = 0;
  std::map<std::string, std::size_t> lines_;
  std::vector<model::PageContent> pages_;
};

}  // namespace

Result<std::vector<model::PageContent>> read_jsonl(std::string_view text, const std::string& where, const std::string& world) {
  LineReader reader(where, world);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    GIBSEY_CHECK(reader.read(text.substr(at, end - at)));
    at = end + 1;
  }
  return reader.finish();
}

}  // namespace gibsey::ingest
