#include "ingest/author_folder.hpp"

#include "ingest/character_ids.hpp"
#include "ingest/character_profiles.hpp"
#include "ingest/file_bytes.hpp"
#include "ingest/markdown.hpp"
#include "ingest/text_decoding.hpp"
#include "ingest/world_folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

namespace gibsey::ingest {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kNamedAtMost = 10;

/// A line of pages.json.
struct Entry {
  std::string id;
  std::string voice;
  std::string title;
  std::string color;
  std::string chapter;
  std::string filename;
};

/// Text, or a number as text; empty when absent or null.
std::string text_of(const json& entry, const char* name) {
  const auto at = entry.find(name);
  if (at == entry.end()) return {};
  if (at->is_string()) return at->get<std::string>();
  return at->is_number_integer() ? std::to_string(at->get<std::int64_t>()) : std::string();
}

Result<Entry> read_entry(const json& value, std::size_t number, const std::string& where) {
  const std::string place = fmt::format("{}, entry {}", where, number);
  if (!value.is_object()) return fail(ErrorCode::invalid_argument, fmt::format("{} must be an object", place));
  Entry entry{text_of(value, "id"),    text_of(value, "symbolId"), text_of(value, "title"),
              text_of(value, "color"), text_of(value, "chapter"),  text_of(value, "filename")};
  if (entry.chapter.empty()) entry.chapter = text_of(value, "section");
  if (entry.id.empty()) return fail(ErrorCode::invalid_argument, fmt::format("{} has no id", place));
  if (entry.filename.empty())
    return fail(ErrorCode::invalid_argument, fmt::format("{} (page {}) has no filename", place, entry.id));
  const fs::path file(entry.filename);
  if (file.is_absolute() || std::ranges::find(file, fs::path("..")) != file.end()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: the filename {} leads out of the folder", place, entry.filename));
  }
  if (!entry.color.empty() && !is_color(entry.color)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} (page {}): color must be #RRGGBB, not {}", place, entry.id, entry.color));
  }
  return entry;
}

Result<std::vector<Entry>> read_entries(const fs::path& path) {
  GIBSEY_TRY(const std::string bytes, read_file(path));
  const json document = json::parse(decode_text(bytes).text, nullptr, false);
  if (document.is_discarded() || !document.is_array()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} must be a JSON list of pages", path.string()));
  }
  std::vector<Entry> entries;
  std::set<std::string> ids;
  for (const json& value : document) {
    GIBSEY_TRY(Entry entry, read_entry(value, entries.size() + 1, path.string()));
    if (!ids.insert(entry.id).second) {
      return fail(ErrorCode::invalid_argument, fmt::format("{}: two pages have the id {}", path.string(), entry.id));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

fs::path find_page_file(const fs::path& folder, const std::string& filename) {
  std::error_code error;
  const fs::path in_pages = folder / "pages" / filename;
  return fs::exists(in_pages, error) ? in_pages : folder / filename;
}

Result<void> require_files(const fs::path& folder, const std::vector<Entry>& entries) {
  std::vector<std::string> missing;
  std::error_code error;
  for (const Entry& entry : entries) {
    if (!fs::is_regular_file(find_page_file(folder, entry.filename), error)) missing.push_back(entry.filename);
  }
  if (missing.empty()) return {};
  const std::size_t count = missing.size();
  missing.resize(std::min(count, kNamedAtMost));
  return fail(ErrorCode::not_found, fmt::format("{} page files that pages.json names are missing in {}: {}{}", count,
                                                folder.string(), fmt::join(missing, ", "), count > kNamedAtMost ? ", ..." : ""));
}

std::string label_of(const std::string& id) {
  const auto first = id.find_first_not_of('0');
  const bool number = id.find_first_not_of("0123456789") == std::string::npos;
  return number && first != std::string::npos ? id.substr(first) : id;
}

/// The colour that most of a voice's pages have.
std::map<std::string, std::string> voice_colors(const std::vector<Entry>& entries) {
  std::map<std::string, std::map<std::string, int>> counts;
  for (const Entry& entry : entries) {
    if (!entry.voice.empty() && !entry.color.empty()) ++counts[entry.voice][entry.color];
  }
  std::map<std::string, std::string> colors;
  for (const auto& [voice, by_color] : counts) {
    colors[voice] = std::ranges::max_element(by_color, {}, [](const auto& count) { return count.second; })->first;
  }
  return colors;
}

/// A character for each voice that the profiles leave without one.
Result<void> add_missing_voices(const fs::path& folder, const std::map<std::string, std::string>& colors, Book& book) {
  for (const auto& [voice, color] : colors) {
    if (std::ranges::find(book.characters, resolve_voice(book.characters, voice), &model::Character::id) != book.characters.end())
      continue;
    const fs::path file = folder / "characters" / (voice + ".md");
    std::error_code error;
    if (!fs::exists(file, error)) {
      book.notes.push_back(fmt::format("No profile tells about the voice {}; it has pages but no character.", voice));
      continue;
    }
    GIBSEY_TRY(const std::string bytes, read_file(file));
    book.characters.push_back(character_from_principles(voice, decode_text(bytes).text, color));
    book.notes.push_back(fmt::format("The character {} was made of {}, for it has no profile.", voice, file.filename().string()));
  }
  return {};
}

Result<void> read_characters(const fs::path& folder, const std::vector<Entry>& entries, Book& book) {
  GIBSEY_TRY(book.characters, read_character_files(folder, book.world.name));
  if (!book.characters.empty()) return {};
  const fs::path profiles = folder / "character_profiles.json";
  std::error_code error;
  if (!fs::exists(profiles, error)) return {};
  const auto colors = voice_colors(entries);
  GIBSEY_TRY(const std::string bytes, read_file(profiles));
  GIBSEY_TRY(book.characters, read_profiles(decode_text(bytes).text, profiles.string(), colors));
  GIBSEY_CHECK(add_missing_voices(folder, colors, book));
  add_short_aliases(book.characters);
  for (model::Character& character : book.characters) character.world = book.world.name;
  return {};
}

std::string_view without_last_breaks(std::string_view text) {
  const auto last = text.find_last_not_of(" \n");
  return last == text.npos ? std::string_view() : text.substr(0, last + 1);
}

Result<void> read_pages(const fs::path& folder, const std::vector<Entry>& entries, Book& book) {
  for (const Entry& entry : entries) {
    GIBSEY_TRY(const std::string bytes, read_file(find_page_file(folder, entry.filename)));
    const DecodedText decoded = decode_text(bytes);
    if (!decoded.note.empty()) book.notes.push_back(entry.filename + ": " + decoded.note);
    model::Page page;
    page.world = book.world.name;
    page.id = entry.id;
    page.label = label_of(entry.id);
    page.title = entry.title;
    page.chapter = entry.chapter;
    page.text = markdown_to_text(decoded.text);
    if (page.text != without_last_breaks(decoded.text)) page.source = decoded.text;
    page.voice = resolve_voice(book.characters, entry.voice);
    page.order = static_cast<std::int64_t>(book.pages.size());
    book.pages.push_back({std::move(page), {}, {}});
  }
  return {};
}

}  // namespace

Result<Book> read_author_folder(const std::string& world_name, const fs::path& folder) {
  Book book;
  book.world.name = world_name;
  book.world.title = name_from_id(world_name);
  std::error_code error;
  if (fs::exists(folder / "world.toml", error)) GIBSEY_CHECK(read_world_toml(folder, book.world));
  if (book.world.narrator.system_prompt.empty()) book.world.narrator = plain_narrator(book.world);
  GIBSEY_TRY(const std::vector<Entry> entries, read_entries(folder / "pages.json"));
  GIBSEY_CHECK(require_files(folder, entries));
  GIBSEY_CHECK(read_characters(folder, entries, book));
  GIBSEY_CHECK(read_pages(folder, entries, book));
  return book;
}

}  // namespace gibsey::ingest
