#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gibsey::net {

/// Header fields in the order in which they came. Names compare without regard to case.
class HttpHeaders {
 public:
  using Field = std::pair<std::string, std::string>;

  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<Field> fields) : fields_(fields) {}

  /// Appends. CR, LF and NUL in name or value become spaces, so that a value can never begin a line of its own.
  void add(std::string name, std::string value);
  /// The first field of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// Whether a comma-separated list field (Connection, Expect) holds `token`; case does not matter.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

struct HttpRequest {
  std::string method;  ///< one of the methods the parser knows, upper case
  std::string target;  ///< as sent, without scheme and authority
  std::string host;    ///< authority of an absolute target, else the Host field; may be empty in HTTP/1.0
  int minor_version = 1;
  HttpHeaders headers;
  std::string body;
  std::string peer;  ///< address of the other side, without the port

  /// The part of the target before '?', not decoded.
  [[nodiscard]] std::string_view path() const;
  /// The part after '?', not decoded.
  [[nodiscard]] std::string_view query() const;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;
};

/// `%41+b` -> "A b" when `plus_is_space`, else "A+b". nullopt for a bad escape or a result that is not UTF-8.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

/// Name and value of each part of a query string, decoded. Errors: invalid_argument for what percent_decoded refuses.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

/// The decoded segments of an absolute path: "/a/b%2Fc" -> {"a", "b/c"}; "/" -> {}; "/a/" -> {"a", ""}.
/// Errors: invalid_argument.
[[nodiscard]] Result<std::vector<std::string>> parse_path(std::string_view path);

/// "Not Found"; "Unknown" for a number without a name.
[[nodiscard]] std::string_view reason_phrase(int status);

/// Now, as Date has it: "Fri, 20 Nov 2026 12:00:00 GMT".
[[nodiscard]] std::string http_date();

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace gibsey::net
