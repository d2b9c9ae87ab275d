#pragma once
#include "model/sentiment.hpp"

namespace gibsey::chat {

/// How freely the words of a reply are sampled.
struct ToneValues {
  double temperature = 0.7;
  double top_p = 0.9;

  friend bool operator==(const ToneValues&, const ToneValues&) = default;
};

/// By how much a reply's sampling follows the mood of the question (contracts section 3).
struct ToneSteps {
  double glad_above = 0.5;  ///< compound; a mood that stands exactly on a bound is neutral
  double glad_temperature = 0.2;
  double glad_top_p = 0.05;
  double most_temperature = 1.0;  ///< of a glad reply
  double most_top_p = 1.0;
  double low_below = -0.3;
  double low_temperature = 0.2;
  double low_top_p = 0.1;
  double least_temperature = 0.3;  ///< of a reply to somebody who is low
  double least_top_p = 0.7;
};

/// What a reply is sampled with: livelier for a glad question, steadier for one in low spirits, `base` for all others. A bound
/// holds for the mood it belongs to, whatever `base` is: a glad reply is never above most_temperature. Pure.
[[nodiscard]] ToneValues tone_for(const model::Sentiment& mood, const ToneValues& base, const ToneSteps& steps = {});

}  // namespace gibsey::chat
