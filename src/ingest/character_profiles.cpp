#include "ingest/character_profiles.hpp"

#include "ingest/character_ids.hpp"
#include "ingest/markdown.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace gibsey::ingest {
namespace {

using json = nlohmann::ordered_json;  // the author's order of traits and characters counts
using Texts = std::vector<std::string>;

constexpr int kPromptWords = 110;
constexpr int kTypicalTraits = 4;
constexpr int kSampleLeast = 6;
constexpr int kSampleWanted = 25;
constexpr int kSampleMost = 45;
constexpr std::string_view kPlainColor = "#9AA5B1";

int count_words(std::string_view text) {
  int words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space && !inside) ++words;
    inside = !space;
  }
  return words;
}

std::string text_at(const json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// The texts of a list, or of an object's lists in their order; nothing from anything else.
void collect_texts(const json& value, Texts& texts) {
  if (value.is_string()) texts.push_back(value.get<std::string>());
  if (!value.is_array() && !value.is_object()) return;
  for (const json& item : value) {
    if (item.is_string() && value.is_array()) texts.push_back(item.get<std::string>());
    if (item.is_array()) collect_texts(item, texts);
  }
}

Texts texts_at(const json& object, const char* name) {
  Texts texts;
  if (const auto at = object.find(name); at != object.end()) collect_texts(*at, texts);
  return texts;
}

std::string lower_first(std::string text) {
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The phrase alone: no quotation marks around it or in it, no remark behind ("'...' - said at the door").
std::string without_marks(const std::string& text) {
  std::string plain = text;
  if (plain.starts_with('\'')) plain = plain.substr(0, plain.find("' - "));
  for (const std::string_view mark : {"\"", "“", "”", "‘"}) {
    for (auto at = plain.find(mark); at != plain.npos; at = plain.find(mark, at)) plain.erase(at, mark.size());
  }
  while (plain.starts_with('\'') || plain.starts_with(' ')) plain.erase(0, 1);
  while (plain.ends_with('\'') || plain.ends_with(' ')) plain.pop_back();
  return plain;
}

/// A phrase as a sentence: a capital in front, a stop behind.
std::string as_sentence(const std::string& phrase) {
  std::string sentence = without_marks(phrase);
  if (sentence.empty()) return sentence;
  sentence[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence[0])));
  const bool stopped = std::string_view(".!?").contains(sentence.back()) || sentence.ends_with("…");
  return stopped ? sentence : sentence + '.';
}

/// Sentences of the character's own, without those that say the same.
Texts own_phrases(const json& profile) {
  Texts phrases;
  if (const auto voice = profile.find("voice_patterns"); voice != profile.end()) phrases = texts_at(*voice, "key_phrases");
  for (const char* name : {"key_quotes", "quotes"}) {
    for (std::string& text : texts_at(profile, name)) phrases.push_back(std::move(text));
  }
  if (const auto dialogue = profile.find("dialogue_patterns"); dialogue != profile.end() && dialogue->is_object()) {
    for (std::string& text : texts_at(*dialogue, "signature_phrases")) phrases.push_back(std::move(text));
  }
  Texts sentences;
  for (const std::string& phrase : phrases) {
    const std::string sentence = as_sentence(phrase);
    const int words = count_words(sentence);
    const bool said = std::ranges::any_of(sentences, [&](const std::string& other) {
      const std::string a = lower(other);
      const std::string b = lower(sentence);
      return a.contains(b.substr(0, b.size() - 1)) || b.contains(a.substr(0, a.size() - 1));
    });
    if (words >= 2 && words <= kSampleMost && !said) sentences.push_back(sentence);
  }
  return sentences;
}

/// Up to three replies of 25 to 45 words each made of the phrases, none used twice.
std::vector<model::SampleExchange> make_samples(const Texts& phrases) {
  static constexpr std::array<const char*, 3> kQuestions = {"Who are you?", "What is on your mind tonight?",
                                                            "What do you believe?"};
  std::vector<model::SampleExchange> samples;
  std::string reply;
  for (const std::string& phrase : phrases) {
    if (samples.size() == kQuestions.size()) break;
    if (!reply.empty() && count_words(reply) + count_words(phrase) > kSampleMost) continue;
    reply += reply.empty() ? phrase : ' ' + phrase;
    if (count_words(reply) < kSampleWanted) continue;
    samples.push_back({kQuestions[samples.size()], std::exchange(reply, {})});
  }
  if (samples.empty() && count_words(reply) >= kSampleLeast) samples.push_back({kQuestions[0], reply});
  return samples;
}

void add_sentence(std::string& prompt, const std::string& sentence, int most) {
  if (sentence.empty() || count_words(prompt) + count_words(sentence) > most) return;
  prompt += prompt.empty() ? sentence : ' ' + sentence;
}

/// The prompt: who, what the traits say, how the voice sounds.
std::string make_prompt(const std::string& name, const Texts& traits, const std::string& tone, const std::string& style) {
  std::string manner;
  if (!tone.empty()) manner = fmt::format("You speak in this manner: {}.", lower_first(tone));
  if (!style.empty()) add_sentence(manner, fmt::format("Your style: {}.", lower_first(style)), 45);
  std::string prompt = fmt::format("You are {}.", name);
  const int room = kPromptWords - count_words(manner);
  int taken = 0;
  for (const std::string& trait : traits) {
    const std::string sentence = trait_as_sentence(trait);
    // Behind a heading such as "CHAPTER 6 REVELATIONS:" come turns of the plot; they serve only where little else is known.
    if (trait.ends_with(':') && taken >= kTypicalTraits) break;
    if (!sentence.empty()) ++taken;
    add_sentence(prompt, sentence, room);
  }
  add_sentence(prompt, manner, kPromptWords);
  return prompt;
}

std::string make_blurb(const json& profile, const Texts& traits) {
  for (const char* field : {"role", "title", "brief_summary"}) {
    const std::string text = text_at(profile, field);
    if (!text.empty() && text.size() < 160) return text;
  }
  return traits.empty() ? std::string() : traits.front();
}

void add_common_parts(model::Character& character) {
  character.greeting = fmt::format("I am {}. Ask me what you like.", character.display_name);
  character.lead_ins = {"What I know is that", "I remember how", "If you ask me,", "I would say that", "It seems to me that"};
  character.unknown = {
      "That is on no page of mine. I cannot tell you what was never written.",
      "I do not know. Nothing in the book tells me, and I will not make it up for you.",
      "You ask for something that happened outside the book, if it happened at all. Ask me about what is in it."};
}

model::Character make_character(const std::string& id, const json& profile, const std::map<std::string, std::string>& colors) {
  model::Character character;
  character.id = id;
  const std::string symbol = text_at(profile, "symbol_id");
  if (!symbol.empty() && symbol != id) character.aliases.push_back(symbol);
  character.display_name = text_at(profile, "name");
  if (character.display_name.empty()) character.display_name = text_at(profile, "full_name");
  if (character.display_name.empty()) character.display_name = name_from_id(id);
  const std::string own_color = text_at(profile, "color");
  character.color_hex = is_color(own_color) ? own_color : std::string(kPlainColor);
  for (const std::string& voice : {symbol, id}) {
    if (const auto color = colors.find(voice); color != colors.end()) character.color_hex = color->second;
  }
  const Texts traits = texts_at(profile, "personality_traits");
  const auto voice = profile.find("voice_patterns");
  const json no_voice = json::object();
  const json& patterns = voice != profile.end() && voice->is_object() ? *voice : no_voice;
  character.tone = lower_first(text_at(patterns, "tone"));
  character.system_prompt = make_prompt(character.display_name, traits, character.tone, text_at(patterns, "linguistic_markers"));
  character.blurb = make_blurb(profile, traits);
  character.samples = make_samples(own_phrases(profile));
  add_common_parts(character);
  return character;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t#*");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t*") + 1 - first);
}

/// "1. Every Door Is Already Ajar" -> the words; empty for other lines.
std::string_view principle_of(std::string_view line) {
  line = trimmed(line);
  std::size_t digits = 0;
  while (digits < line.size() && std::isdigit(static_cast<unsigned char>(line[digits])) != 0) ++digits;
  if (digits == 0 || digits > 2 || digits >= line.size()) return {};
  line = trimmed(line[digits] == '.' || line[digits] == ')' ? line.substr(digits + 1) : line.substr(digits));
  return count_words(line) >= 2 && count_words(line) <= 14 ? line : std::string_view();
}

}  // namespace

Result<std::vector<model::Character>> read_profiles(std::string_view text, const std::string& where,
                                                    const std::map<std::string, std::string>& colors) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return fail(ErrorCode::invalid_argument, fmt::format("{} is not valid JSON", where));
  const json* profiles = &document;
  if (const auto at = document.find("characters"); document.is_object() && at != document.end()) profiles = &*at;
  if (!profiles->is_object()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: \"characters\" must be an object of id and profile", where));
  }
  std::vector<model::Character> characters;
  for (const auto& [id, profile] : profiles->items()) {
    if (!profile.is_object())
      return fail(ErrorCode::invalid_argument, fmt::format("{}: the profile of {} must be an object", where, id));
    characters.push_back(make_character(id, profile, colors));
  }
  return characters;
}

model::Character character_from_principles(const std::string& id, std::string_view markdown, const std::string& color) {
  Texts principles;
  Texts phrases;
  std::string tone;
  const std::string text = markdown_to_text(markdown);
  std::string_view before;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = trimmed(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (line.empty()) continue;
    if (const auto principle = principle_of(line); !principle.empty()) principles.emplace_back(principle);
    if (before == "Tone" && tone.empty()) tone = std::string(line.substr(0, line.find(". ")));
    // "Touch-point." introduces the book's own words, with one or another kind of hyphen.
    if (line.starts_with("Touch") && line.contains("Point.")) {
      const auto open = line.find("“");
      const auto close = line.find("”");
      if (open != line.npos && close != line.npos && close > open) phrases.emplace_back(line.substr(open + 3, close - open - 3));
    }
    before = line;
  }
  while (tone.ends_with('.')) tone.pop_back();
  model::Character character;
  character.id = id;
  character.display_name = name_from_id(id);
  character.color_hex = is_color(color) ? color : std::string(kPlainColor);
  character.tone = lower_first(tone);
  character.system_prompt = fmt::format("You are {}.", character.display_name);
  const std::string manner = tone.empty() ? std::string() : fmt::format("You speak in this manner: {}.", character.tone);
  if (!principles.empty()) {
    character.blurb = principles.front();
    add_sentence(character.system_prompt, "These are the things that you hold true.", kPromptWords);
    for (const std::string& principle : principles) {
      add_sentence(character.system_prompt, as_sentence(principle), kPromptWords - count_words(manner));
    }
  }
  add_sentence(character.system_prompt, manner, kPromptWords);
  for (std::string& phrase : phrases) phrase = as_sentence(phrase);
  character.samples = make_samples(phrases);
  add_common_parts(character);
  return character;
}

}  // namespace gibsey::ingest
