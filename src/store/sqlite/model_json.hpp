#pragma once
#include "base/result.hpp"
#include "model/character.hpp"
#include "model/turn.hpp"

#include <string>
#include <vector>

/// The parts of a row that are lists, as the JSON text in which they are stored. `decode` errors: corrupt.
namespace gibsey::store::sqlite {

[[nodiscard]] std::string encode(const std::vector<std::string>& strings);
[[nodiscard]] std::string encode(const std::vector<model::SampleExchange>& samples);
[[nodiscard]] std::string encode(const model::Character& character);
[[nodiscard]] std::string encode(const std::vector<model::Source>& sources);
[[nodiscard]] std::string encode(const std::vector<model::Quote>& quotes);
[[nodiscard]] std::string encode(const model::Receipt& receipt);

Result<void> decode(const std::string& json, std::vector<std::string>& strings);
Result<void> decode(const std::string& json, std::vector<model::SampleExchange>& samples);
Result<void> decode(const std::string& json, model::Character& character);
Result<void> decode(const std::string& json, std::vector<model::Source>& sources);
Result<void> decode(const std::string& json, std::vector<model::Quote>& quotes);
Result<void> decode(const std::string& json, model::Receipt& receipt);

}  // namespace gibsey::store::sqlite
