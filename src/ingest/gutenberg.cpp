#include "ingest/gutenberg.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace gibsey::ingest {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

bool is_start(const std::string& line) {
  return line.starts_with("*** start of th") || line.starts_with("***start of th") ||
         line.starts_with("*** start of the project") || (line.starts_with("*end") && line.contains("the small print")) ||
         (line.starts_with("*end*the small print"));
}

bool is_end(const std::string& line) {
  return line.starts_with("*** end of th") || line.starts_with("***end of th") || line.starts_with("end of project gutenberg") ||
         line.starts_with("end of the project gutenberg") || line.starts_with("*** end of the project") ||
         line.starts_with("the end of project gutenberg");
}

std::string field(std::string_view header, std::string_view name) {
  for (std::size_t at = 0; at < header.size();) {
    const auto end = std::min(header.find('\n', at), header.size());
    const auto line = trimmed(header.substr(at, end - at));
    if (line.starts_with(name)) return std::string(trimmed(line.substr(name.size())));
    at = end + 1;
  }
  return {};
}

std::string language_code(const std::string& name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kCodes = {{{"english", "en"},
                                                                                            {"french", "fr"},
                                                                                            {"german", "de"},
                                                                                            {"spanish", "es"},
                                                                                            {"italian", "it"},
                                                                                            {"portuguese", "pt"},
                                                                                            {"dutch", "nl"},
                                                                                            {"swedish", "sv"},
                                                                                            {"danish", "da"},
                                                                                            {"finnish", "fi"},
                                                                                            {"norwegian", "no"},
                                                                                            {"russian", "ru"}}};
  const std::string wanted = lower(name);
  for (const auto& [language, code] : kCodes) {
    if (wanted == language) return std::string(code);
  }
  return {};
}

}  // namespace

GutenbergText cut_gutenberg(std::string_view text) {
  GutenbergText result;
  std::size_t start = 0;
  std::size_t end = text.size();
  for (std::size_t at = 0; at < text.size();) {
    const auto line_end = std::min(text.find('\n', at), text.size());
    const std::string line = lower(trimmed(text.substr(at, line_end - at)));
    if (is_start(line) && end == text.size()) {
      start = std::min(line_end + 1, text.size());
    } else if (is_end(line) && at > start) {
      end = at;
      break;
    }
    at = line_end + 1;
  }
  result.cut = start > 0 || end < text.size();
  if (start > 0) {
    const auto header = text.substr(0, start);
    result.title = field(header, "Title:");
    result.author = field(header, "Author:");
    result.language = language_code(field(header, "Language:"));
  }
  result.text = std::string(text.substr(start, end - start));
  return result;
}

}  // namespace gibsey::ingest
