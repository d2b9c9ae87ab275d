#pragma once
#include <string>
#include <string_view>

namespace gibsey::server {

/// A request target (or a whole address) as it may be logged: the values of `token`, `api_key`, `secret` and their like in the
/// query, and whatever looks like one of our API keys or a JWT, in the query or the path, become ***. Escapes do not hide them.
[[nodiscard]] std::string loggable_target(std::string_view target);

}  // namespace gibsey::server
