#include "chat/recall.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

/// Past turns that are compared with a message; older ones are out of mind.
constexpr int kRecollections = 2000;
/// Cosine of all-MiniLM-L6-v2 under which two texts have nothing to do with each other (unrelated sentences: 0.0 to 0.2).
constexpr float kClose = 0.25F;
constexpr std::size_t kSnippetCodePoints = 240;

std::string shortened(const std::string& text) {
  std::string_view rest = text;
  for (std::size_t taken = 0; !rest.empty(); ++taken) {
    if (taken == kSnippetCodePoints) return text.substr(0, text.size() - rest.size()) + "...";
    rest.remove_prefix(utf8::decode(rest).length);
  }
  return text;
}

std::string snippet_of(const store::Recollection& past) {
  return fmt::format("The reader said: {} You said: {}", shortened(past.question), shortened(past.reply));
}

float cosine(const std::vector<float>& a, const std::vector<float>& b) {
  // Both are of unit length.
  return a.size() == b.size() ? std::inner_product(a.begin(), a.end(), b.begin(), 0.0F) : 0.0F;
}

class StoredRecall final : public Recall {
 public:
  StoredRecall(store::RecallStore& store, provider::Embedder* embedder) : store_(store), embedder_(embedder) {}

  asio::awaitable<Result<Recalled>> retrieve_context(RecallQuery query) override {
    Recalled recalled;
    GIBSEY_CO_TRY(auto facts, co_await store_.list_facts(query.user_id, query.character_id, query.max_facts));
    for (auto& fact : facts) recalled.facts.push_back(std::move(fact.text));
    GIBSEY_CO_TRY(recalled.snippets, co_await closest(std::move(query)));
    recalled.context = recall_text(recalled.facts, recalled.snippets);
    co_return recalled;
  }

  asio::awaitable<Result<void>> remember(const model::Turn& turn) override {
    if (embedder_ == nullptr || turn.reply.empty()) co_return Result<void>{};
    const auto id = turn.id;
    std::vector<std::string> texts{turn.question + "\n" + turn.reply};
    GIBSEY_CO_TRY(auto vectors, co_await embedder_->embed(std::move(texts)));
    co_return co_await store_.put_turn_vector(id, embedder_->model(), std::move(vectors.at(0)));
  }

 private:
  asio::awaitable<Result<std::vector<std::string>>> closest(RecallQuery query) {
    std::vector<std::string> snippets;
    if (embedder_ == nullptr || query.max_snippets <= 0) co_return snippets;
    GIBSEY_CO_TRY(const auto past,
                  co_await store_.recollections(query.user_id, query.character_id, embedder_->model(), kRecollections));
    if (past.empty()) co_return snippets;
    std::vector<std::string> texts{std::move(query.message)};
    GIBSEY_CO_TRY(const auto vectors, co_await embedder_->embed_questions(std::move(texts)));
    std::vector<std::pair<float, const store::Recollection*>> scored;
    for (const auto& one : past) {
      if (const float score = cosine(one.vector, vectors.at(0)); score >= kClose) scored.emplace_back(score, &one);
    }
    std::ranges::sort(scored, std::greater{}, [](const auto& pair) { return std::pair(pair.first, pair.second->created); });
    for (const auto& [score, one] : scored) {
      if (static_cast<int>(snippets.size()) == query.max_snippets) break;
      snippets.push_back(snippet_of(*one));
    }
    co_return snippets;
  }

  store::RecallStore& store_;
  provider::Embedder* embedder_;
};

}  // namespace

std::string recall_text(const std::vector<std::string>& facts, const std::vector<std::string>& snippets) {
  std::string text;
  if (!facts.empty()) text += "What you know of this reader:\n";
  for (const auto& fact : facts) text += "- " + fact + "\n";
  if (!snippets.empty()) text += "From earlier talks with this reader:\n";
  for (const auto& snippet : snippets) text += "- " + snippet + "\n";
  if (!text.empty()) text.pop_back();
  return text;
}

std::unique_ptr<Recall> make_recall(store::RecallStore& store, provider::Embedder* embedder) {
  return std::make_unique<StoredRecall>(store, embedder);
}

}  // namespace gibsey::chat
