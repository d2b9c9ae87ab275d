#pragma once
#include "model/turn.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gibsey::chat {

/// Events of a turn in their order, in little memory: nearly all are tokens of a few letters, and a TurnEvent takes 176 bytes.
/// The texts of tokens lie behind each other, at 8 bytes a token besides.
class EventList {
 public:
  void push_back(model::TurnEvent event);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// A copy of the event at `i` < size().
  [[nodiscard]] model::TurnEvent at(std::size_t i) const;

 private:
  /// A token's place in texts_, or, with length kOther, an event's in others_.
  struct Entry {
    std::uint32_t first = 0;
    std::uint32_t length = 0;
  };
  static constexpr std::uint32_t kOther = UINT32_MAX;

  std::vector<Entry> entries_;
  std::string texts_;
  std::vector<model::TurnEvent> others_;
};

}  // namespace gibsey::chat
