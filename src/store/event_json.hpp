#pragma once
#include "base/result.hpp"
#include "model/turn.hpp"

#include <string>
#include <vector>

/// What a reader sees of a turn, as the JSON text in which it is stored: the lists of the turn's row and its log of events.
/// `decode` errors: corrupt.
namespace gibsey::store {

[[nodiscard]] std::string encode(const std::vector<model::Source>& sources);
[[nodiscard]] std::string encode(const std::vector<model::Quote>& quotes);
[[nodiscard]] std::string encode(const model::Receipt& receipt);
/// An array. A token is its bare text, because a log holds hundreds of them; every other event is an object with its `type`
/// (turn, sources, context, quote, replace, usage, ledger, done, error) and its fields. Malformed UTF-8 is mended. A
/// field that a text lacks, because an older program wrote it, takes its default.
[[nodiscard]] std::string encode(const std::vector<model::TurnEvent>& events);

Result<void> decode(const std::string& json, std::vector<model::Source>& sources);
Result<void> decode(const std::string& json, std::vector<model::Quote>& quotes);
Result<void> decode(const std::string& json, model::Receipt& receipt);
Result<void> decode(const std::string& json, std::vector<model::TurnEvent>& events);

}  // namespace gibsey::store
