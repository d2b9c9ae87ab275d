#include "chat/event_list.hpp"

#include <utility>
#include <variant>

namespace gibsey::chat {

void EventList::push_back(model::TurnEvent event) {
  const auto* token = std::get_if<model::TokenText>(&event);
  if (token == nullptr || texts_.size() + token->text.size() >= kOther) {
    entries_.push_back({static_cast<std::uint32_t>(others_.size()), kOther});
    others_.push_back(std::move(event));
    return;
  }
  entries_.push_back({static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(token->text.size())});
  texts_.append(token->text);
}

model::TurnEvent EventList::at(std::size_t i) const {
  const auto [first, length] = entries_[i];
  if (length == kOther) return others_[first];
  return model::TokenText{texts_.substr(first, length)};
}

}  // namespace gibsey::chat
