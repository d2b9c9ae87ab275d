#pragma once
#include "base/result.hpp"
#include "store/history_window.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::store::redis {

/// A JSON list of {"role", "content"}, byte for byte as Python's json.dumps writes it: the form that seed 002 keeps. What is no
/// UTF-8 becomes U+FFFD.
[[nodiscard]] std::string encode_messages(const std::vector<WindowMessage>& messages);

/// "" is an empty list; members of a message besides the two are ignored. Errors: corrupt.
[[nodiscard]] Result<std::vector<WindowMessage>> decode_messages(std::string_view text);

}  // namespace gibsey::store::redis
