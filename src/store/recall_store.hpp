#pragma once
#include "base/clock.hpp"
#include "store/store_fwd.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gibsey::store {

/// Something a character knows about a reader.
struct Fact {
  std::string id;
  std::string user_id;
  std::string character_id;
  std::string text;
  UnixMillis created = 0;
};

/// A past exchange with its embedding, by which it is found again.
struct Recollection {
  std::string turn_id;
  std::string question;
  std::string reply;
  UnixMillis created = 0;
  std::vector<float> vector;
};

/// A persona's long-term memory of its readers: facts, and past turns by their vectors. Durable when a call returns. Errors:
/// unavailable, corrupt, and those named. Concurrent.
class RecallStore {
 public:
  virtual ~RecallStore() = default;
  /// conflict when the id exists.
  virtual Async<void> put_fact(Fact fact) = 0;
  /// Newest first, at most `limit`.
  virtual Async<std::vector<Fact>> list_facts(std::string user_id, std::string character_id, int limit) = 0;
  /// Of a stored turn, by one embedding model; a second one replaces the first. A vector for a turn that is gone is ignored.
  virtual Async<void> put_turn_vector(std::string turn_id, std::string embedding_model, std::vector<float> vector) = 0;
  /// The ended turns of this reader with this character that have a vector of that model, newest first, at most `limit`.
  virtual Async<std::vector<Recollection>> recollections(std::string user_id, std::string character_id,
                                                         std::string embedding_model, int limit) = 0;
};

}  // namespace gibsey::store
