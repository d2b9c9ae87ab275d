#pragma once
#include "model/page.hpp"

#include <string>

namespace gibsey::ingest {

/// SHA-256, in hexadecimal, of what makes a page a new version: title, text, source and voice. Its place, label and chapter are
/// not in it: they may follow without a new version.
[[nodiscard]] std::string content_hash(const model::Page& page);

}  // namespace gibsey::ingest
