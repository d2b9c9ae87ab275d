#include "ingest/world_folder.hpp"

#include "ingest/character_ids.hpp"
#include "ingest/file_bytes.hpp"
#include "ingest/text_decoding.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <set>
#include <system_error>

namespace gibsey::ingest {
namespace {

namespace fs = std::filesystem;

Result<toml::table> read_toml(const fs::path& path) {
  GIBSEY_TRY(const std::string bytes, read_file(path));
  toml::parse_result parsed = toml::parse(decode_text(bytes).text, path.string());
  if (!parsed) {
    const auto& error = parsed.error();
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} line {}: {}", path.string(), error.source().begin.line, error.description()));
  }
  return std::move(parsed).table();
}

/// Reads fields and remembers the first that is of the wrong type.
class FieldReader {
 public:
  FieldReader(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  void text(const char* name, std::string& value) {
    const toml::node* node = table_.get(name);
    if (node == nullptr) return;
    if (const auto found = node->value_exact<std::string>()) {
      value = trimmed(*found);
    } else {
      wrong(name, "text in quotation marks");
    }
  }
  void number(const char* name, int& value) {
    const toml::node* node = table_.get(name);
    if (node == nullptr) return;
    const auto found = node->value_exact<std::int64_t>();
    if (found && *found >= 0 && *found <= 1'000'000) {
      value = static_cast<int>(*found);
    } else {
      wrong(name, "a whole number of 0 or more");
    }
  }
  void flag(const char* name, bool& value) {
    const toml::node* node = table_.get(name);
    if (node == nullptr) return;
    const auto found = node->value_exact<bool>();
    if (!found) return wrong(name, "true or false");
    value = *found;
  }
  void texts(const char* name, std::vector<std::string>& values) {
    const toml::node* node = table_.get(name);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr) return wrong(name, "a list of texts");
    for (const toml::node& item : *list) {
      const auto found = item.value_exact<std::string>();
      if (!found) return wrong(name, "a list of texts");
      values.push_back(trimmed(*found));
    }
  }
  void samples(const char* name, std::vector<model::SampleExchange>& values) {
    const toml::node* node = table_.get(name);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr) return wrong(name, "tables with user and reply");
    for (const toml::node& item : *list) {
      const toml::table* sample = item.as_table();
      const auto user = sample == nullptr ? std::nullopt : (*sample)["user"].value<std::string>();
      const auto reply = sample == nullptr ? std::nullopt : (*sample)["reply"].value<std::string>();
      if (!user || !reply) return wrong(name, "tables with user and reply");
      values.push_back({trimmed(*user), trimmed(*reply)});
    }
  }
  /// The table of that name; null where there is none.
  const toml::table* table(const char* name) {
    const toml::node* node = table_.get(name);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) wrong(name, "a table");
    return node->as_table();
  }
  [[nodiscard]] Result<void> done() const {
    if (!problem_.empty()) return fail(ErrorCode::invalid_argument, problem_);
    return {};
  }

 private:
  static std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \n\t\r");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \n\t\r") + 1 - first);
  }
  void wrong(const char* name, const char* wanted) {
    if (problem_.empty()) problem_ = fmt::format("{}: {} must be {}", where_, name, wanted);
  }

  const toml::table& table_;
  std::string where_;
  std::string problem_;
};

/// A part of a profile: its own table, whose fields `read` takes.
Result<void> read_part(FieldReader& profile, const char* name, const std::string& where,
                       const std::function<void(FieldReader&)>& read) {
  const toml::table* table = profile.table(name);
  if (table == nullptr) return profile.done();
  FieldReader fields(*table, fmt::format("{} [personality.{}]", where, name));
  read(fields);
  return fields.done();
}

Result<model::PersonalityProfile> read_personality(const toml::table& table, const std::string& where) {
  model::PersonalityProfile profile;
  FieldReader fields(table, where + " [personality]");
  fields.text("summary", profile.summary);
  GIBSEY_CHECK(fields.done());
  GIBSEY_CHECK(read_part(fields, "vocabulary", where, [&](FieldReader& vocabulary) {
    vocabulary.texts("signature_phrases", profile.signature_phrases);
    vocabulary.texts("distinctive_terms", profile.distinctive_terms);
    vocabulary.texts("sound_descriptions", profile.sound_descriptions);
  }));
  GIBSEY_CHECK(read_part(fields, "tone", where, [&](FieldReader& tone) {
    tone.text("teaching_style", profile.teaching_style);
    tone.text("energy", profile.energy);
    tone.text("formality", profile.formality);
    tone.texts("descriptors", profile.descriptors);
  }));
  GIBSEY_CHECK(read_part(fields, "style_markers", where, [&](FieldReader& markers) {
    markers.text("explanation_approach", profile.explanation_approach);
    markers.flag("uses_analogies", profile.uses_analogies);
    markers.text("audience_engagement", profile.audience_engagement);
    markers.texts("sound_words", profile.sound_words);
    markers.text("self_references", profile.self_references);
    markers.text("pacing", profile.pacing);
  }));
  return profile;
}

Result<model::Character> read_character(const toml::table& table, const std::string& where) {
  model::Character character;
  FieldReader fields(table, where);
  fields.text("id", character.id);
  fields.texts("aliases", character.aliases);
  fields.text("display_name", character.display_name);
  fields.text("color_hex", character.color_hex);
  fields.text("tone", character.tone);
  fields.text("blurb", character.blurb);
  fields.text("greeting", character.greeting);
  fields.text("system_prompt", character.system_prompt);
  fields.texts("unknown", character.unknown);
  fields.texts("lead_ins", character.lead_ins);
  fields.samples("samples", character.samples);
  const toml::table* personality = fields.table("personality");
  GIBSEY_CHECK(fields.done());
  if (personality != nullptr) {
    GIBSEY_TRY(character.personality, read_personality(*personality, where));
  }
  if (!character.color_hex.empty() && !is_color(character.color_hex)) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: color_hex must be #RRGGBB, not {}", where, character.color_hex));
  }
  return character;
}

const toml::table* table_of(const toml::table& table, const char* name) {
  const toml::node* node = table.get(name);
  return node == nullptr ? nullptr : node->as_table();
}

Result<void> read_template(const fs::path& path, std::string& source) {
  std::error_code error;
  if (!fs::exists(path, error)) return {};
  GIBSEY_TRY(source, read_file(path));
  return {};
}

Result<void> claim_names(const model::Character& character, const std::string& where, std::set<std::string>& taken) {
  std::vector<std::string> names = character.aliases;
  names.push_back(character.id);
  for (const std::string& name : names) {
    if (!taken.insert(name).second) {
      return fail(ErrorCode::invalid_argument, fmt::format("{}: the id or alias {} belongs to another character", where, name));
    }
  }
  return {};
}

}  // namespace

Result<void> read_world_toml(const fs::path& folder, model::World& world) {
  const fs::path path = folder / "world.toml";
  GIBSEY_TRY(const toml::table table, read_toml(path));
  FieldReader fields(table, path.string());
  fields.text("title", world.title);
  fields.text("author", world.author);
  fields.text("language", world.language);
  fields.text("licence", world.licence);
  fields.number("max_tokens", world.max_tokens);
  GIBSEY_CHECK(fields.done());
  if (const toml::table* costs = table_of(table, "costs")) {
    FieldReader cost(*costs, path.string() + " [costs]");
    cost.number("character", world.character_cost);
    cost.number("narrator", world.narrator_cost);
    GIBSEY_CHECK(cost.done());
  }
  if (const toml::table* prompt = table_of(table, "prompt")) {
    FieldReader mandate(*prompt, path.string() + " [prompt]");
    mandate.text("mandate", world.mandate);
    GIBSEY_CHECK(mandate.done());
  }
  if (const toml::table* narrator = table_of(table, "narrator")) {
    GIBSEY_TRY(world.narrator, read_character(*narrator, path.string() + " [narrator]"));
    world.narrator.id.clear();
    world.narrator.world = world.name;
  }
  GIBSEY_CHECK(read_template(folder / "templates" / "prompt.j2", world.prompt_template));
  return read_template(folder / "templates" / "prompt.small.j2", world.small_prompt_template);
}

Result<std::vector<model::Character>> read_character_files(const fs::path& folder, const std::string& world_name) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder / "characters", error)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<model::Character> characters;
  std::set<std::string> taken;
  for (const fs::path& file : files) {
    GIBSEY_TRY(const toml::table table, read_toml(file));
    GIBSEY_TRY(model::Character character, read_character(table, file.string()));
    if (character.id.empty()) character.id = file.stem().string();
    if (character.display_name.empty()) character.display_name = name_from_id(character.id);
    if (character.system_prompt.empty()) {
      return fail(ErrorCode::invalid_argument, fmt::format("{}: system_prompt is missing", file.string()));
    }
    character.world = world_name;
    GIBSEY_CHECK(claim_names(character, file.string(), taken));
    characters.push_back(std::move(character));
  }
  return characters;
}

model::Character plain_narrator(const model::World& world) {
  model::Character narrator;
  narrator.world = world.name;
  narrator.display_name = "Narrator";
  narrator.color_hex = "#C9B27C";
  narrator.blurb = "The voice that tells the book.";
  narrator.greeting = "Ask me about the book.";
  const std::string book = world.title.empty() ? std::string("this book") : world.title;
  narrator.system_prompt = fmt::format(
      "You are the narrator of {}. You speak to a reader in two or three plain, vivid sentences. You keep to what the book tells "
      "and never "
      "make up what it does not.",
      book);
  narrator.samples = {{"Who are you?",
                       "I am the one who tells this story. I was there on every page, though nobody in it ever "
                       "looked up and saw me. Ask, and I will find you the place."}};
  narrator.lead_ins = {"What I can tell you is that", "As I told it,", "On my pages", "I remember that"};
  narrator.unknown = {"That is not on any of my pages. I would rather be silent than invent it.",
                      "The book does not say, and so neither do I. Ask me about something that it tells."};
  return narrator;
}

}  // namespace gibsey::ingest
