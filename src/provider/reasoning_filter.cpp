#include "provider/reasoning_filter.hpp"

#include <algorithm>
#include <array>

namespace gibsey::provider {
namespace {

struct Tag {
  std::string_view open;
  std::string_view close;
};

constexpr std::array<Tag, 3> kTags{{{"<think>", "</think>"}, {"<thinking>", "</thinking>"}, {"<reasoning>", "</reasoning>"}}};

constexpr std::string_view kSpace = " \t\r\n\v\f";

enum class Match { none, begun, whole };

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

Match match(std::string_view text, std::string_view tag) {
  const auto length = std::min(text.size(), tag.size());
  for (std::size_t i = 0; i < length; ++i) {
    if (lower(text[i]) != tag[i]) return Match::none;
  }
  return length == tag.size() ? Match::whole : Match::begun;
}

/// Bytes that begin a character: right however the text is cut.
std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

ReasoningFilter::ReasoningFilter(bool begins_inside) : closing_(begins_inside ? kTags[0].close : "") {}

std::string ReasoningFilter::add(std::string_view text) {
  held_ += text;
  std::string shown;
  std::size_t at = 0;
  while (at < held_.size()) {
    const auto next = inside() ? read_reasoning(at) : read_reply(at, shown);
    if (next == at) break;
    at = next;
  }
  held_.erase(0, at);
  return shown;
}

std::string ReasoningFilter::finish() {
  std::string shown;
  if (inside()) {
    characters_ += characters_in(held_);
  } else {
    show(held_, shown);
  }
  held_.clear();
  return shown;
}

std::size_t ReasoningFilter::read_reply(std::size_t at, std::string& shown) {
  if (held_[at] == '<') return read_tag(at, shown);
  const auto end = std::min(held_.find('<', at), held_.size());
  show(std::string_view(held_).substr(at, end - at), shown);
  return end;
}

std::size_t ReasoningFilter::read_tag(std::size_t at, std::string& shown) {
  const auto text = std::string_view(held_).substr(at);
  bool begun = false;
  for (const auto& tag : kTags) {
    const auto open = may_open_ ? match(text, tag.open) : Match::none;
    const auto close = match(text, tag.close);
    if (open == Match::whole) {
      closing_ = tag.close;
      return at + tag.open.size();
    }
    if (close == Match::whole) {
      leaked_ = leaked_ || has_shown_;
      may_open_ = drop_space_ = true;
      return at + tag.close.size();
    }
    begun = begun || open == Match::begun || close == Match::begun;
  }
  if (begun) return at;
  show("<", shown);
  return at + 1;
}

std::size_t ReasoningFilter::read_reasoning(std::size_t at) {
  const auto text = std::string_view(held_).substr(at);
  const auto end = std::min(text.find('<'), text.size());
  characters_ += characters_in(text.substr(0, end));
  if (end == text.size()) return held_.size();
  switch (match(text.substr(end), closing_)) {
    case Match::begun:
      held_.erase(at, end);  // counted; the half tag waits
      return at;
    case Match::whole: {
      const auto length = closing_.size();
      closing_.clear();
      may_open_ = drop_space_ = true;
      return at + end + length;
    }
    case Match::none: break;
  }
  ++characters_;
  return at + end + 1;
}

void ReasoningFilter::show(std::string_view text, std::string& shown) {
  if (drop_space_) text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  if (text.empty()) return;
  drop_space_ = false;
  has_shown_ = has_shown_ || text.find_first_not_of(kSpace) != std::string_view::npos;
  may_open_ = kSpace.find(text.back()) != std::string_view::npos;
  shown += text;
}

}  // namespace gibsey::provider
