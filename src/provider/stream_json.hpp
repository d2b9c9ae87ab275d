#pragma once
#include <nlohmann/json_fwd.hpp>

#include <string>

namespace gibsey::provider {

/// A document of a model server's, of a stream or whole. A value that is_discarded() for text that is not JSON, and for a
/// document nested deeper than 100: none of theirs is, and what walks or writes a document does so by recursion.
[[nodiscard]] nlohmann::json parse_stream_json(const std::string& text);

}  // namespace gibsey::provider
