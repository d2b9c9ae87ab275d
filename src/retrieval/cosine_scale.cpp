#include "retrieval/cosine_scale.hpp"

#include <array>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::retrieval {
namespace {

// What all-MiniLM-L6-v2 has for the pairs below: for it the scale changes nothing.
constexpr float kUnrelated = 0.1437f;
constexpr float kRelated = 0.6568f;
// A fraction of what MiniLM has between the two (0.51). Less is no difference of meaning.
constexpr float kLeastDistance = 0.02f;

struct Pair {
  const char* question;
  const char* passage;
};

constexpr std::array<Pair, 12> kPairs = {{
    {"Why did the captain turn the ship back to the harbour?",
     "The captain saw the storm rise in the west and gave the order to turn. By nightfall the ship lay in the harbour again."},
    {"Who taught the girl to play the violin?",
     "Her uncle had been a fiddler at weddings. He taught the girl every tune he knew on his old violin, one each winter."},
    {"What did the doctor find in the patient's blood?",
     "The doctor bent over the glass for a long time. In the patient's blood he found a parasite that nobody had described."},
    {"How was the bread baked in the village?",
     "On Saturdays the whole village brought its dough to the stone oven, and the bread was baked over beech wood."},
    {"Where did the thief hide the necklace?",
     "Nobody looked into the clock. There, behind the pendulum, the thief had hidden the necklace on the night of the ball."},
    {"When did the railway reach the mining town?",
     "The railway reached the town in the autumn of 1874, four years after the mine had been opened."},
    {"What does the judge think of the new law?",
     "The judge called the new law a net that holds the small fish and lets the great ones through."},
    {"Why is the old teacher afraid of winter?",
     "Each winter the teacher had buried a friend. When the first frost came he was afraid and locked the school early."},
    {"How do the bees find their way home?",
     "The bees keep the place of the sun in mind, and by that they find the hive again from miles away."},
    {"What did the sisters inherit from their grandmother?",
     "To the elder sister the grandmother left the orchard, to the younger her debts and a box of letters."},
    {"Who won the chess tournament in the hotel?",
     "The last game of the tournament went on until dawn. A quiet clerk won it, and the hotel gave him a silver king."},
    {"What did the soldiers eat during the siege?",
     "When the horses were gone the soldiers boiled their belts and ate them, for the siege went into its third month."},
}};

float cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0f);
}

}  // namespace

CosineScale::CosineScale(float unrelated, float related) {
  factor_ = related - unrelated < kLeastDistance ? 0.0f : (kRelated - kUnrelated) / (related - unrelated);
  offset_ = factor_ == 0.0f ? 0.0f : kUnrelated - factor_ * unrelated;
}

boost::asio::awaitable<Result<CosineScale>> measure_scale(provider::Embedder& embedder) {
  std::vector<std::string> questions;
  std::vector<std::string> passages;
  for (const Pair& pair : kPairs) {
    questions.emplace_back(pair.question);
    passages.emplace_back(pair.passage);
  }
  GIBSEY_CO_TRY(const auto asked, co_await embedder.embed_questions(std::move(questions)));
  GIBSEY_CO_TRY(const auto answers, co_await embedder.embed(std::move(passages)));
  if (asked.size() != kPairs.size() || answers.size() != kPairs.size() || asked.front().size() != answers.front().size()) {
    co_return fail(ErrorCode::unavailable, "the embedder left out some of the texts");
  }
  float related = 0;
  float unrelated = 0;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    for (std::size_t j = 0; j < answers.size(); ++j) {
      (i == j ? related : unrelated) += cosine(asked[i], answers[j]);
    }
  }
  const auto count = static_cast<float>(kPairs.size());
  co_return CosineScale(unrelated / (count * (count - 1)), related / count);
}

}  // namespace gibsey::retrieval
