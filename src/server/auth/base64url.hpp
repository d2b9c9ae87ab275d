#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::server {

/// RFC 4648 section 5 without padding, as RFC 7515 has it.
[[nodiscard]] std::string base64url(std::string_view bytes);

/// The bytes of a text that base64url() could have written. nullopt for any other spelling: a foreign character, padding, white
/// space, an impossible length, or left-over bits that are not zero. So two different tokens never hold the same bytes.
[[nodiscard]] std::optional<std::string> base64url_decoded(std::string_view text);

}  // namespace gibsey::server
