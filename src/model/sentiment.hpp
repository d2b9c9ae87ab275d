#pragma once

namespace gibsey::model {

/// How a text feels, as VADER 3.3.2 scores it: compound in -1..1, the shares in 0..1.
struct Sentiment {
  double compound = 0;
  double positive = 0;
  double negative = 0;
  double neutral = 0;
};

}  // namespace gibsey::model
