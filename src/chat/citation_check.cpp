#include "chat/citation_check.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace gibsey::chat {
namespace {

bool may_be_citation(char byte) {
  return (byte >= '0' && byte <= '9') || byte == ',' || byte == ' ' || byte == '-' || byte == ';';
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<int> number_of(std::string_view text) {
  text = trimmed(text);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // A number too large for an int is a number all the same, and no source's.
  if (error == std::errc::result_out_of_range && end == text.data() + text.size()) return 0;
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(number) : std::nullopt;
}

/// What stands between commas: a number or a range of them.
struct Part {
  int first = 0;
  int last = 0;
};

std::optional<std::vector<Part>> parts_of(std::string_view inside) {
  std::vector<Part> parts;
  while (true) {
    const auto comma = inside.find_first_of(",;");
    const auto part = inside.substr(0, comma);
    const auto dash = part.find('-');
    const auto first = number_of(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number_of(part.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    parts.push_back({*first, *last});
    if (comma == std::string_view::npos) return parts;
    inside.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string CitationCheck::resolved(std::string_view bracket) {
  const auto parts = parts_of(bracket.substr(1, bracket.size() - 2));
  if (!parts) return std::string(bracket);
  std::string numbers;
  for (const auto& part : *parts) {
    const int first = std::max(part.first, 1);
    const int last = std::min(part.last, sources_);
    if (part.first < 1 || part.last > sources_ || part.last < part.first) ++false_citations_;
    for (int number = first; number <= last; ++number) {
      if (!numbers.empty()) numbers += ", ";
      numbers += std::to_string(number);
      if (std::ranges::find(cited_, number) == cited_.end()) cited_.push_back(number);
    }
  }
  return numbers.empty() ? "" : "[" + numbers + "]";
}

void CitationCheck::take(char byte, std::string& out) {
  if (held_.empty()) {
    if (byte == '[') {
      held_ = byte;
    } else if (byte == ' ') {
      space_ += byte;
    } else {
      out += space_ + byte;
      space_.clear();
    }
    return;
  }
  if (byte == ']') {
    const auto citation = resolved(held_ + ']');
    held_.clear();
    if (!citation.empty()) {
      out += space_ + citation;
      space_.clear();
    } else if (!out.empty() || !reply_.empty()) {
      space_.clear();
    }
    return;
  }
  if (may_be_citation(byte) && held_.size() < kMaxHeldBytes) {
    held_ += byte;
    return;
  }
  out += space_ + std::exchange(held_, {});
  space_.clear();
  take(byte, out);
}

std::vector<CheckedPiece> CitationCheck::let_go(std::string out) {
  if (out.empty()) return {};
  reply_ += out;
  return {model::TokenText{std::move(out)}};
}

std::vector<CheckedPiece> CitationCheck::feed(std::string_view text) {
  std::string out;
  for (const char byte : text) take(byte, out);
  return let_go(std::move(out));
}

std::vector<CheckedPiece> CitationCheck::finish() {
  std::string out;
  // "[12" at the very end is a citation that was cut off: it says nothing that holds.
  if (held_.size() > 1) {
    ++false_citations_;
  } else if (!held_.empty()) {
    out = space_ + held_;
  }
  held_.clear();
  space_.clear();
  return let_go(std::move(out));
}

}  // namespace gibsey::chat
