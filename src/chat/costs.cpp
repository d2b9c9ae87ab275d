#include "chat/costs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace gibsey::chat {
namespace {

/// dialect.cpp makes them.
constexpr std::array kDialects{"turns", "ask", "facade", "persona", "cited", "session"};
constexpr int kMostCredits = 1'000'000;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

std::optional<int> parse_credits(std::string_view text) {
  int credits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), credits);
  const bool number = error == std::errc() && end == text.data() + text.size();
  return number && credits >= 0 && credits <= kMostCredits ? std::optional(credits) : std::nullopt;
}

std::optional<Cost> parse_cost(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto character = parse_credits(trimmed(text.substr(0, slash)));
  const auto narrator = parse_credits(trimmed(text.substr(slash + 1)));
  return character && narrator ? std::optional(Cost{*character, *narrator}) : std::nullopt;
}

Error wrong(std::string_view part, const std::string& what) {
  return {ErrorCode::invalid_argument, fmt::format("a price '{}' {}", part, what)};
}

/// The dialect of "entrance-way:ask"; nullopt where there is no name.
std::optional<std::string_view> dialect_of(std::string_view name) {
  const auto colon = name.find(':');
  if (name.empty() || colon == 0) return std::nullopt;
  return colon == name.npos ? name : name.substr(colon + 1);
}

Result<void> add_price(Costs& costs, std::string_view part) {
  const auto equals = part.find('=');
  const auto name = trimmed(part.substr(0, equals));
  const auto cost = equals == part.npos ? std::nullopt : parse_cost(part.substr(equals + 1));
  const auto dialect = dialect_of(name);
  if (!cost || !dialect) {
    return std::unexpected(
        wrong(part, fmt::format("must be DIALECT=CHARACTER/NARRATOR or WORLD:DIALECT=CHARACTER/NARRATOR, in whole "
                                "credits from 0 to {}, as in persona=2/1",
                                kMostCredits)));
  }
  if (std::ranges::find(kDialects, *dialect) == kDialects.end()) {
    return std::unexpected(
        wrong(part, fmt::format("is for a dialect that is not there; there are {}", fmt::join(kDialects, ", "))));
  }
  if (!costs.emplace(name, *cost).second) return std::unexpected(wrong(part, "is the second for the same; take one away"));
  return {};
}

}  // namespace

Result<Costs> parse_costs(const std::string& text) {
  Costs costs;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto part = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (!part.empty()) GIBSEY_CHECK(add_price(costs, part));
  }
  return costs;
}

int cost_of(const Costs& costs, const Dialect& dialect, const model::World& world, bool narrator) {
  auto price = costs.find(world.name + ":" + dialect.name);
  if (price == costs.end()) price = costs.find(dialect.name);
  if (price != costs.end()) return narrator ? price->second.narrator : price->second.character;
  if (!dialect.charged) return 0;
  return narrator ? world.narrator_cost : world.character_cost;
}

}  // namespace gibsey::chat
