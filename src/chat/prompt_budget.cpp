#include "chat/prompt_budget.hpp"

#include "base/utf8.hpp"
#include "chat/prompt.hpp"

#include <algorithm>

namespace gibsey::chat {
namespace {

using provider::ChatMessage;

constexpr std::size_t kQuestionInSummary = 80;  // code points of each older question
constexpr std::size_t kMostSummedUp = 12;

std::string first_code_points(const std::string& text, std::size_t count) {
  std::string_view rest = text;
  for (std::size_t taken = 0; !rest.empty(); ++taken) {
    if (taken == count) return text.substr(0, text.size() - rest.size()) + "...";
    rest.remove_prefix(utf8::decode(rest).length);
  }
  return text;
}

/// The older exchanges end before `end`.
std::string summary_of(const std::vector<PastExchange>& history, std::size_t first, std::size_t end) {
  std::string text = "Earlier in this conversation the reader asked:";
  for (auto i = first; i < end; ++i)
    text += " \"" + first_code_points(history[i].question, kQuestionInSummary) + "\"" + (i + 1 < end ? ";" : ".");
  return text;
}

}  // namespace

PromptBudget::PromptBudget(int tokens, std::function<int(const std::string&)> count) : left_(tokens), count_(std::move(count)) {
  if (!count_) count_ = [](const std::string& text) { return static_cast<int>(text.size() / 4 + 1); };
}

int PromptBudget::cost(const std::string& text) const {
  return count_(text) + kAroundMessage;
}

int PromptBudget::cost(const std::vector<ChatMessage>& messages) const {
  int sum = 0;
  for (const auto& message : messages) sum += cost(message.text);
  return sum;
}

std::size_t fit_recent(const std::vector<PastExchange>& history, std::size_t at_most, PromptBudget& budget) {
  std::size_t kept = 0;
  for (; kept < std::min(at_most, history.size()); ++kept) {
    const auto& exchange = history[history.size() - 1 - kept];
    const int cost = budget.cost(exchange.question) + budget.cost(exchange.reply);
    if (cost > budget.left()) break;
    budget.spend(cost);
  }
  return kept;
}

OlderHistory sum_up(const std::vector<PastExchange>& history, std::size_t end, PromptBudget& budget) {
  OlderHistory older{.cut = static_cast<int>(end)};
  if (end == 0) return older;
  const auto first = end > kMostSummedUp ? end - kMostSummedUp : 0;
  auto summary = summary_of(history, first, end);
  const int cost = budget.cost(summary);
  if (cost > budget.left()) return older;
  budget.spend(cost);
  return {.summary = std::move(summary), .summed_up = static_cast<int>(end - first), .cut = static_cast<int>(first)};
}

}  // namespace gibsey::chat
