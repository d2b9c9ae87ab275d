#include "app/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace gibsey::app {
namespace {

/// 24-bit foreground colour; empty when `hex` is none.
std::string foreground(const std::string& hex) {
  unsigned value = 0;
  if (hex.size() != 7 || hex[0] != '#') return "";
  const auto [end, error] = std::from_chars(hex.data() + 1, hex.data() + hex.size(), value, 16);
  if (error != std::errc() || end != hex.data() + hex.size()) return "";
  return fmt::format("\x1b[38;2;{};{};{}m", value >> 16U, (value >> 8U) & 255U, value & 255U);
}

}  // namespace

TurnPrinter::TurnPrinter(std::FILE* out, std::string name, const std::string& color_hex) : out_(out), name_(std::move(name)) {
  const char* no_color = std::getenv("NO_COLOR");
  if (isatty(fileno(out)) == 1 && (no_color == nullptr || *no_color == '\0')) {
    color_ = foreground(color_hex);
    reset_ = "\x1b[0m";
  }
}

std::string TurnPrinter::dim(const std::string& text) const {
  return reset_.empty() ? text : "\x1b[2m" + text + reset_;
}

void TurnPrinter::text(const std::string& text) {
  if (!began_) {
    began_ = true;
    fmt::print(out_, "{}{}:{} {}", color_.empty() ? "" : color_ + "\x1b[1m", name_, reset_, color_);
  }
  fmt::print(out_, "{}", text);
  std::fflush(out_);
}

void TurnPrinter::end_reply() {
  if (began_ && !ended_) fmt::print(out_, "{}\n\n", reset_);
  ended_ = true;
}

void TurnPrinter::show_sources() const {
  for (const auto& quote : quotes_) {
    const bool of_page = quote.title.empty();
    fmt::print(out_, "  {}\n",
               dim(fmt::format("p. {}{}  {}", quote.label, of_page ? "" : ", " + quote.title,
                               quote.origin == model::QuoteOrigin::epigraph ? "(epigraph)" : "(quoted)")));
  }
  std::string others;
  for (const auto& source : sources_) {
    const bool quoted = std::ranges::any_of(quotes_, [&](const auto& quote) { return quote.page_id == source.page_id; });
    const auto label = "p. " + source.label;
    if (!quoted && others.find(label + ",") == std::string::npos) others += label + ", ";
  }
  if (others.size() > 2) fmt::print(out_, "  {}\n", dim("also found: " + others.substr(0, others.size() - 2)));
}

void TurnPrinter::show(const model::TurnEvent& event) {
  if (const auto* token = std::get_if<model::TokenText>(&event)) text(token->text);
  if (const auto* found = std::get_if<model::SourcesFound>(&event)) sources_ = found->sources;
  if (const auto* closed = std::get_if<model::QuoteClosed>(&event)) quotes_.push_back(closed->quote);
  if (const auto* settled = std::get_if<model::LedgerSettled>(&event)) {
    end_reply();
    show_sources();
    const auto& receipt = settled->receipt;
    fmt::print(out_, "  {}\n",
               dim(receipt.charged > 0 ? fmt::format("{} credits, {} left", receipt.charged, receipt.balance)
                                       : fmt::format("nothing charged ({}), {} left", receipt.rule, receipt.balance)));
  }
  if (const auto* wrong = std::get_if<model::TurnFailed>(&event)) {
    end_reply();
    failed_ = true;
    fmt::print(stderr, "gibsey: {}\n", wrong->message);
  }
}

}  // namespace gibsey::app
