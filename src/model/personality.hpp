#pragma once
#include <string>
#include <vector>

namespace gibsey::model {

/// A creator's manner of speaking, from which the personality block of a prompt is built (seed 002, `personality_profile`:
/// vocabulary, tone, style_markers, summary). An empty field is one that the profile does not have.
struct PersonalityProfile {
  // vocabulary
  std::vector<std::string> signature_phrases;
  std::vector<std::string> distinctive_terms;
  std::vector<std::string> sound_descriptions;
  // tone
  std::string teaching_style;
  std::string energy = "moderate";           ///< the source's default
  std::string formality = "conversational";  ///< the source's default
  std::vector<std::string> descriptors;
  // style_markers
  std::string explanation_approach;
  bool uses_analogies = false;
  std::string audience_engagement;
  std::vector<std::string> sound_words;
  std::string self_references;
  std::string pacing;

  std::string summary;
};

}  // namespace gibsey::model
