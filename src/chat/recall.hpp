#pragma once
#include "base/result.hpp"
#include "model/turn.hpp"
#include "provider/embedder.hpp"
#include "store/recall_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace gibsey::chat {

/// What is asked of a persona's memory (seed 001, `POST /retrieve-context`).
struct RecallQuery {
  std::string user_id;
  std::string character_id;
  std::string message;
  int max_facts = 10;
  int max_snippets = 5;
};

struct Recalled {
  std::string context;  ///< the two lists as a text for a prompt; "" when both are empty
  std::vector<std::string> facts;
  std::vector<std::string> snippets;  ///< of past talks that are close to the message, closest first
};

/// A persona's long-term memory of its readers. Safe to call from any executor.
class Recall {
 public:
  virtual ~Recall() = default;
  /// Errors: unavailable, deadline.
  virtual boost::asio::awaitable<Result<Recalled>> retrieve_context(RecallQuery query) = 0;
  /// Keeps a turn that has ended, so that it is found again. Errors: unavailable.
  virtual boost::asio::awaitable<Result<void>> remember(const model::Turn& turn) = 0;
};

/// Facts and past turns of this store, found by their embeddings; without an embedder the newest turns. All must outlive it.
[[nodiscard]] std::unique_ptr<Recall> make_recall(store::RecallStore& store, provider::Embedder* embedder);

/// The text that goes into a prompt.
[[nodiscard]] std::string recall_text(const std::vector<std::string>& facts, const std::vector<std::string>& snippets);

}  // namespace gibsey::chat
