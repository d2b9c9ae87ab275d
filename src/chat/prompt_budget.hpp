#pragma once
#include "provider/chat_model.hpp"

#include <functional>
#include <string>
#include <vector>

namespace gibsey::chat {

struct PastExchange;

/// Counts what messages cost against a number of tokens.
class PromptBudget {
 public:
  /// What a chat template puts around a message: role and two marks (ChatML takes 4, Llama 3 takes 5).
  static constexpr int kAroundMessage = 6;

  PromptBudget(int tokens, std::function<int(const std::string&)> count);

  [[nodiscard]] int cost(const std::string& text) const;
  [[nodiscard]] int cost(const std::vector<provider::ChatMessage>& messages) const;
  [[nodiscard]] int left() const { return left_; }
  void spend(int tokens) { left_ -= tokens; }

 private:
  int left_;
  std::function<int(const std::string&)> count_;
};

/// How many of the newest exchanges fit whole, at most `at_most`; they are spent.
[[nodiscard]] std::size_t fit_recent(const std::vector<PastExchange>& history, std::size_t at_most, PromptBudget& budget);

/// The older exchanges, those before `end`, in one line of the questions that were asked.
struct OlderHistory {
  std::string summary;  ///< "" where nothing fits
  int summed_up = 0;
  int cut = 0;
};
[[nodiscard]] OlderHistory sum_up(const std::vector<PastExchange>& history, std::size_t end, PromptBudget& budget);

}  // namespace gibsey::chat
