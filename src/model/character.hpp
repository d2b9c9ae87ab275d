#pragma once
#include "base/clock.hpp"
#include "model/personality.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gibsey::model {

/// A question and the answer that the character gives, to show its manner of speaking.
struct SampleExchange {
  std::string user;
  std::string reply;
};

struct Character {
  std::string world;
  std::string id;  ///< kebab case
  std::vector<std::string> aliases;
  std::string display_name;
  std::string color_hex;  ///< #RRGGBB
  std::string tone;       ///< "" means the world's default
  std::string blurb;      ///< one line for a list
  std::string greeting;
  std::string system_prompt;  ///< the persona, second person
  std::vector<SampleExchange> samples;
  std::vector<std::string> lead_ins;              ///< sentence starts in the character's voice ("I climbed because")
  std::vector<std::string> unknown;               ///< whole answers in voice for what the book does not hold
  std::optional<PersonalityProfile> personality;  ///< a creator's (seed 002)
  std::string owner;                              ///< the user who made it by the API; "" came with its world
  std::string voice_id;                           ///< carried for clients that speak or draw (seed 001); unused here
  std::string appearance_seed;
  UnixMillis created = 0;  ///< 0 for a character that came with its world
  UnixMillis updated = 0;
};

}  // namespace gibsey::model
