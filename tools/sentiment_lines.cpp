// Scores texts as Gibsey does, for the comparison with VADER's reference implementation (tests/vader_test.py).
//
//   sentiment_lines LEXICON_FOLDER < texts > scores
//
// Reads a JSON string a line, writes {"neg","neu","pos","compound"} a line. On standard error at the end: the number of texts and
// the seconds that scoring alone took.
#include "chat/sentiment.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: sentiment_lines LEXICON_FOLDER\n");
    return 2;
  }
  const auto sentiments = gibsey::chat::Sentiments::load(arguments[1]);
  if (!sentiments) {
    std::fprintf(stderr, "sentiment_lines: %s\n", sentiments.error().message.c_str());
    return 1;
  }
  std::ios::sync_with_stdio(false);
  std::chrono::steady_clock::duration scoring{};
  std::size_t texts = 0;
  for (std::string line; std::getline(std::cin, line); ++texts) {
    const auto text = nlohmann::json::parse(line, nullptr, false);
    if (!text.is_string()) {
      std::fprintf(stderr, "sentiment_lines: line %zu is no JSON string\n", texts + 1);
      return 1;
    }
    const auto started = std::chrono::steady_clock::now();
    const auto score = sentiments->score(text.get_ref<const std::string&>());
    scoring += std::chrono::steady_clock::now() - started;
    std::cout << nlohmann::json{{"neg", score.negative},
                                {"neu", score.neutral},
                                {"pos", score.positive},
                                {"compound", score.compound}}
              << '\n';
  }
  std::fprintf(stderr, "%zu texts, %.6f s\n", texts, std::chrono::duration<double>(scoring).count());
}
