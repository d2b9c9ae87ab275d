#pragma once
#include "base/result.hpp"
#include "chat/dialect.hpp"
#include "model/world.hpp"

#include <map>
#include <string>

namespace gibsey::chat {

/// Credits of a question to a character, and to the narrator.
struct Cost {
  int character = 0;
  int narrator = 0;

  bool operator==(const Cost&) const = default;
};

/// The operator's prices by dialect ("persona"), or by a world's dialect ("entrance-way:ask").
using Costs = std::map<std::string, Cost>;

/// "persona=2/1,entrance-way:ask=7/2": character/narrator, whole numbers from 0 to 1,000,000. Errors: invalid_argument, quoting
/// the part that is wrong: its form, a dialect that is not there, one that is priced twice.
[[nodiscard]] Result<Costs> parse_costs(const std::string& text);

/// What a question in `world` costs: the operator's price for the world's dialect, else for the dialect, else the world's own
/// (Dialect::charged; 5 and 1 where its world.toml says nothing), else nothing.
[[nodiscard]] int cost_of(const Costs& costs, const Dialect& dialect, const model::World& world, bool narrator);

}  // namespace gibsey::chat
