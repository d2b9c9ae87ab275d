#pragma once
#include "net/http_message.hpp"
#include "server/json_response.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::server {

/// A value, or the answer (400 or 422, naming the field) that says what is wrong with what was sent.
template <typename T>
using Field = std::expected<T, net::HttpResponse>;

/// The object that a body must be: 400 for text that is not JSON, 422 for JSON that is not an object.
[[nodiscard]] Field<Json> parse_object(const std::string& body);

/// How long a text may be, in code points, and whether it may hold line breaks and tabs. Other control characters are never
/// allowed.
struct TextRule {
  std::size_t shortest = 1;
  std::size_t longest = 8000;
  bool several_lines = false;
};

/// A field that must be there.
[[nodiscard]] Field<std::string> required_text(const Json& object, std::string_view name, TextRule rule);
/// "" when the field is absent or null; `rule.shortest` does not count then.
[[nodiscard]] Field<std::string> optional_text(const Json& object, std::string_view name, TextRule rule);
[[nodiscard]] Field<std::int64_t> required_number(const Json& object, std::string_view name, std::int64_t least,
                                                  std::int64_t most);
/// nullopt when the field is absent or null.
[[nodiscard]] Field<std::optional<std::int64_t>> optional_number(const Json& object, std::string_view name, std::int64_t least,
                                                                 std::int64_t most);

/// A reader's id: 1 to 128 printable characters.
inline constexpr TextRule kUserId{1, 128, false};
/// Ids and names of worlds, characters, pages, conversations.
inline constexpr TextRule kName{0, 200, false};

/// Checks a text that came by another way (a path or a query).
[[nodiscard]] Field<std::string> checked_text(std::string text, std::string_view name, TextRule rule);
/// A decimal number out of a query; `preset` when it is absent.
[[nodiscard]] Field<std::int64_t> query_number(const std::optional<std::string>& text, std::string_view name, std::int64_t preset,
                                               std::int64_t least, std::int64_t most);

}  // namespace gibsey::server

/// GIBSEY_FIELD(auto text, required_text(...)); in a coroutine that gives an HttpResponse: declares `text`, or answers what is
/// wrong. (A function that gives a Field itself uses GIBSEY_TRY.)
#define GIBSEY_FIELD(declaration, expression) GIBSEY_FIELD_(declaration, expression, GIBSEY_CONCAT(field_, __LINE__))
#define GIBSEY_FIELD_(declaration, expression, field) \
  auto field = (expression);                          \
  if (!field) co_return std::move(field).error();     \
  declaration = *std::move(field)
