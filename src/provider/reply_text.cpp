#include "provider/reply_text.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace gibsey::provider {

ReplyText::ReplyText(std::vector<std::string> stop) : stop_(std::move(stop)) {
  std::erase_if(stop_, [](const std::string& text) { return text.empty(); });
}

std::string ReplyText::add(std::string_view bytes) {
  if (stopped_) return {};
  held_ += bytes;
  auto end = std::string::npos;
  for (const auto& stop : stop_) end = std::min(end, held_.find(stop));
  if (end != std::string::npos) {
    stopped_ = true;
    held_.resize(end);
    // Half a character here can get no other half any more, whatever pieces it came in.
    auto text = utf8::sanitized(held_);
    held_.clear();
    return text;
  }
  const auto hold = std::max(utf8::incomplete_tail(held_), possible_stop());
  auto text = utf8::sanitized(std::string_view(held_).substr(0, held_.size() - hold));
  held_.erase(0, held_.size() - hold);
  return text;
}

std::string ReplyText::finish() {
  const std::string_view all = held_;
  auto text = utf8::sanitized(all.substr(0, all.size() - utf8::incomplete_tail(all)));
  held_.clear();
  return text;
}

std::size_t ReplyText::possible_stop() const {
  std::size_t longest = 0;
  for (const auto& stop : stop_) {
    for (auto length = std::min(stop.size() - 1, held_.size()); length > longest; --length) {
      if (held_.ends_with(std::string_view(stop).substr(0, length))) longest = length;
    }
  }
  return longest;
}

}  // namespace gibsey::provider
