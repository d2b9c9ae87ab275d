#include "chat/personality.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace gibsey::chat {
namespace {

constexpr std::size_t kMostDescriptors = 5;
constexpr std::size_t kLeastPhrases = 2;

using Texts = std::span<const std::string>;

/// Sentences with a blank between them; one about a field that the profile does not have is left out.
class Block {
 public:
  void add(std::string_view sentence) {
    if (!text_.empty()) text_ += ' ';
    text_ += sentence;
  }
  void add_field(std::string_view name, std::string_view value) {
    if (!value.empty()) add(fmt::format("{}: {}.", name, value));
  }
  void add_list(std::string_view name, Texts values) {
    if (!values.empty()) add(fmt::format("{}: {}.", name, fmt::join(values, ", ")));
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string instruction(std::string_view creator, double weight) {
  if (weight < 0.4) return fmt::format("When relevant, subtly reference {}'s communication style.", creator);
  if (weight < 0.6) return fmt::format("Adopt {}'s tone and communication style.", creator);
  if (weight < 0.8) return fmt::format("Respond as {} would, using their voice and manner.", creator);
  return fmt::format("Fully embody {} — use their exact phrases, energy, and teaching approach.", creator);
}

/// Python's round: a half goes to the even number.
std::size_t phrase_count(double weight, std::size_t phrases) {
  const double wanted = weight * static_cast<double>(phrases);
  const double below = std::floor(wanted);
  const double rest = wanted - below;
  const bool up = rest > 0.5 || (rest == 0.5 && std::fmod(below, 2) != 0);
  return std::max(kLeastPhrases, static_cast<std::size_t>(below) + (up ? 1 : 0));
}

Texts first(Texts values, std::size_t count) {
  return values.first(std::min(count, values.size()));
}

void add_manner(Block& block, const model::PersonalityProfile& profile) {
  block.add_list("Tone", first(profile.descriptors, kMostDescriptors));
  block.add_field("Explanation approach", profile.explanation_approach);
  if (profile.uses_analogies) block.add("Use analogies when helpful.");
  block.add_field("Audience engagement", profile.audience_engagement);
}

void add_vocabulary(Block& block, const model::PersonalityProfile& profile) {
  block.add_list("Distinctive terms", profile.distinctive_terms);
  block.add_list("Sound descriptions", profile.sound_descriptions);
  block.add_list("Sound words", profile.sound_words);
  block.add_field("Self-references", profile.self_references);
  block.add_field("Pacing", profile.pacing);
}

}  // namespace

std::string personality_block(std::string_view creator_name, const model::PersonalityProfile& profile, double weight) {
  if (weight < 0.2) return {};
  Block block;
  block.add(instruction(creator_name, weight));
  block.add_field("Teaching style", profile.teaching_style);
  block.add(fmt::format("Match their {} {} tone.", profile.formality, profile.energy));
  if (weight >= 0.4) add_manner(block, profile);
  if (weight >= 0.6) {
    block.add_list("Use their signature phrases",
                   first(profile.signature_phrases, phrase_count(weight, profile.signature_phrases.size())));
  }
  if (weight >= 0.8) add_vocabulary(block, profile);
  if (weight >= 0.9 && !profile.summary.empty()) block.add(profile.summary);
  return std::move(block).text();
}

}  // namespace gibsey::chat
