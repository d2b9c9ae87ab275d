#pragma once
#include "store/note_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::chat {

/// What the book wrote at night about a character's pages, for that character's prompts: the same for every reader, and for a
/// minute, so that a prefix cache keeps it. Safe to use from any executor.
class NotesLayer {
 public:
  explicit NotesLayer(store::NoteStore& notes) : notes_(notes) {}

  /// The beginnings of the notes on the pages of this voice ("": on anybody's), in the book's order; empty where there are none
  /// or they cannot be read.
  boost::asio::awaitable<std::vector<std::string>> of(std::string world, std::string voice);

 private:
  using Clock = std::chrono::steady_clock;
  struct Known {
    std::vector<std::string> lines;
    Clock::time_point until;
  };

  store::NoteStore& notes_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Known> known_;
};

}  // namespace gibsey::chat
