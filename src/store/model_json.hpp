#pragma once
#include "base/result.hpp"
#include "model/character.hpp"
#include "model/turn.hpp"

#include <string>
#include <vector>

/// The parts of a row that are lists or records, as the JSON text in which they are stored. A field that a text lacks, because an
/// older program wrote it, takes its default. `decode` errors: corrupt.
namespace gibsey::store {

[[nodiscard]] std::string encode(const std::vector<std::string>& strings);
[[nodiscard]] std::string encode(const std::vector<model::SampleExchange>& samples);
[[nodiscard]] std::string encode(const model::PersonalityProfile& personality);
[[nodiscard]] std::string encode(const model::Character& character);
[[nodiscard]] std::string encode(const model::Sentiment& sentiment);
[[nodiscard]] std::string encode(const std::vector<model::Phase>& phases);
[[nodiscard]] std::string encode(const std::vector<model::ModelCall>& calls);

Result<void> decode(const std::string& json, std::vector<std::string>& strings);
Result<void> decode(const std::string& json, std::vector<model::SampleExchange>& samples);
Result<void> decode(const std::string& json, model::PersonalityProfile& personality);
Result<void> decode(const std::string& json, model::Character& character);
Result<void> decode(const std::string& json, model::Sentiment& sentiment);
Result<void> decode(const std::string& json, std::vector<model::Phase>& phases);
Result<void> decode(const std::string& json, std::vector<model::ModelCall>& calls);

}  // namespace gibsey::store
