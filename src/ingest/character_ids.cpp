#include "ingest/character_ids.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

namespace gibsey::ingest {
namespace {

// First parts of ids that name nobody.
constexpr std::array<std::string_view, 9> kNoNames = {"the", "a", "an", "old", "new", "young", "mr", "mrs", "dr"};

std::vector<std::string> short_forms(const std::string& id) {
  std::vector<std::string> forms;
  const auto first = id.find('-');
  if (first == id.npos) return forms;
  const std::string name = id.substr(0, first);
  if (name.size() > 2 && std::ranges::find(kNoNames, name) == kNoNames.end()) forms.push_back(name);
  const auto last = id.rfind('-');
  if (last != first) forms.push_back(id.substr(0, last));
  return forms;
}

bool has_name(const model::Character& character, const std::string& name) {
  return character.id == name || std::ranges::find(character.aliases, name) != character.aliases.end();
}

}  // namespace

std::string name_from_id(std::string_view id) {
  std::string name;
  bool starts = true;
  for (const char c : id) {
    name += c == '-' || c == '_' ? ' ' : starts ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    starts = c == '-' || c == '_';
  }
  return name;
}

std::string id_from_name(std::string_view name) {
  std::string id;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 && byte < 0x80) {
      id += static_cast<char>(std::tolower(byte));
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  while (id.ends_with('-')) id.pop_back();
  return id;
}

void add_short_aliases(std::vector<model::Character>& characters) {
  std::map<std::string, int> bearers;
  for (const model::Character& character : characters) {
    for (const std::string& form : short_forms(character.id)) ++bearers[form];
  }
  for (model::Character& character : characters) {
    for (const std::string& form : short_forms(character.id)) {
      const bool taken = std::ranges::any_of(characters, [&](const model::Character& other) { return has_name(other, form); });
      if (bearers[form] == 1 && !taken) character.aliases.push_back(form);
    }
  }
}

std::string resolve_voice(const std::vector<model::Character>& characters, const std::string& voice) {
  const auto by_id = std::ranges::find(characters, voice, &model::Character::id);
  if (by_id != characters.end()) return by_id->id;
  const auto named =
      std::ranges::find_if(characters, [&](const model::Character& character) { return has_name(character, voice); });
  return named == characters.end() ? voice : named->id;
}

bool is_color(std::string_view text) {
  return text.size() == 7 && text[0] == '#' &&
         std::ranges::all_of(text.substr(1), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace gibsey::ingest
