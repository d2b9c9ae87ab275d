#include "feed/feed.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::feed {

bool is_topic_name(std::string_view name) {
  constexpr std::string_view kTaken = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 200 && name != "." && name != ".." &&
         name.find_first_not_of(kTaken) == std::string_view::npos;
}

Result<void> check_events(std::string_view topic, const std::vector<Event>& events) {
  if (!is_topic_name(topic)) return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no name of a topic", topic));
  for (const auto& event : events) {
    if (event.key.size() + event.value.size() > kLargestEvent)
      return fail(ErrorCode::too_large,
                  fmt::format("an event may have {} bytes, not {}", kLargestEvent, event.key.size() + event.value.size()));
  }
  return {};
}

}  // namespace gibsey::feed
