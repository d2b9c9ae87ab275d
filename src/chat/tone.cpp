#include "chat/tone.hpp"

#include <algorithm>

namespace gibsey::chat {

ToneValues tone_for(const model::Sentiment& mood, const ToneValues& base, const ToneSteps& steps) {
  if (mood.compound > steps.glad_above) {
    return {.temperature = std::min(base.temperature + steps.glad_temperature, steps.most_temperature),
            .top_p = std::min(base.top_p + steps.glad_top_p, steps.most_top_p)};
  }
  if (mood.compound < steps.low_below) {
    return {.temperature = std::max(base.temperature - steps.low_temperature, steps.least_temperature),
            .top_p = std::max(base.top_p - steps.low_top_p, steps.least_top_p)};
  }
  return base;
}

}  // namespace gibsey::chat
