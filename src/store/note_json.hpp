#pragma once
#include "base/result.hpp"
#include "model/note.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// The parts of a note's and a run's row that are lists or records, as model_json.hpp has them. `decode` errors: corrupt.
namespace gibsey::store {

[[nodiscard]] std::string encode(const std::vector<model::NoteSentence>& sentences);
[[nodiscard]] std::string encode(const std::vector<model::NoteMember>& members);
[[nodiscard]] std::string encode(const std::vector<model::PlannedNote>& plan);
[[nodiscard]] std::string encode(const model::RunCounts& counts);
[[nodiscard]] std::string encode(const std::map<std::string, std::int64_t>& numbers);

Result<void> decode(const std::string& json, std::vector<model::NoteSentence>& sentences);
Result<void> decode(const std::string& json, std::vector<model::NoteMember>& members);
Result<void> decode(const std::string& json, std::vector<model::PlannedNote>& plan);
Result<void> decode(const std::string& json, model::RunCounts& counts);
Result<void> decode(const std::string& json, std::map<std::string, std::int64_t>& numbers);

}  // namespace gibsey::store
