#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey {

/// What kind of outcome an operation that did not succeed had. `server/` alone turns a code into an HTTP status.
enum class ErrorCode {
  invalid_argument,  ///< the caller's input is wrong; the message says what to change
  not_found,
  conflict,  ///< the thing exists already, or changed meanwhile
  forbidden,
  too_large,
  busy,         ///< a bounded queue is full; try again later
  deadline,     ///< the time allowed has passed
  cancelled,    ///< asked to stop
  unavailable,  ///< a part that is needed cannot be reached or failed
  corrupt,      ///< stored or received bytes are not what they must be
  internal,     ///< a bug
};

[[nodiscard]] std::string_view to_string(ErrorCode code);

/// An outcome that is not success. `message` is one plain sentence that a person can act on; it never holds a secret.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  /// How long the other side asked to be left alone (Retry-After), where it did.
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};

}  // namespace gibsey
