#pragma once
#include "base/error.hpp"

#include <expected>
#include <utility>

namespace gibsey {

template <typename T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::not_found, "no page 12")`.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace gibsey

#define GIBSEY_CONCAT_(a, b) a##b
#define GIBSEY_CONCAT(a, b) GIBSEY_CONCAT_(a, b)

/// GIBSEY_TRY(auto page, load(id)); declares `page` from the value, or returns the error from the enclosing function.
#define GIBSEY_TRY(declaration, expression) GIBSEY_TRY_(declaration, expression, GIBSEY_CONCAT(result_, __LINE__), return)
/// The same inside a coroutine: GIBSEY_CO_TRY(auto page, co_await pages.load(id)).
#define GIBSEY_CO_TRY(declaration, expression) GIBSEY_TRY_(declaration, expression, GIBSEY_CONCAT(result_, __LINE__), co_return)
#define GIBSEY_TRY_(declaration, expression, result, give_back)      \
  auto result = (expression);                                        \
  if (!result) give_back std::unexpected(std::move(result).error()); \
  declaration = *std::move(result)

/// For a Result<void>: returns its error, if it is one.
#define GIBSEY_CHECK(expression) \
  if (auto checked = (expression); !checked) return std::unexpected(std::move(checked).error())
#define GIBSEY_CO_CHECK(expression) \
  if (auto checked = (expression); !checked) co_return std::unexpected(std::move(checked).error())
