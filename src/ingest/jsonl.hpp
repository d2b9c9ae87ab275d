#pragma once
#include "base/result.hpp"
#include "model/page.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::ingest {

/// Pages of JSONL, one a line: `{id?,title?,chapter?,label?,text}`. Given ids are kept (a number too); a page without one gets
/// its place, padded to three digits. Blank lines are skipped. invalid_argument names `where` and the line.
[[nodiscard]] Result<std::vector<model::PageContent>> read_jsonl(std::string_view text, const std::string& where,
                                                                 const std::string& world);

}  // namespace gibsey::ingest
