#include "server/auth/jwt.hpp"

#include "server/auth/base64url.hpp"
#include "server/auth/digest.hpp"
#include "server/request_fields.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace gibsey::server {
namespace {

constexpr std::int64_t kLeeway = 60;             // seconds that the issuer's clock may be ahead
constexpr double kLatestDate = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::size_t kDeepest = 16;             // levels of JSON

std::unexpected<TokenRefusal> refuse(std::string_view reason) {
  return std::unexpected(TokenRefusal{false, reason});
}

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

/// Three parts, none of them empty.
std::optional<Parts> split(std::string_view token) {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == last || token.find('.', first + 1) != last) return std::nullopt;
  const Parts parts{token.substr(0, first), token.substr(first + 1, last - first - 1), token.substr(last + 1)};
  if (parts.header.empty() || parts.payload.empty() || parts.signature.empty()) return std::nullopt;
  return parts;
}

/// An object in which no object has a key twice: readers differ on which of the two counts.
std::optional<Json> parse_strictly(const std::string& text) {
  std::vector<std::set<std::string>> open;
  // The parser skips a byte order mark and takes a NUL for the end.
  bool sound = text.starts_with('{') && text.find('\0') == std::string::npos;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > static_cast<int>(kDeepest)) sound = false;
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second) sound = false;
    return true;
  };
  auto parsed = Json::parse(text, watch, false);
  if (!sound || !parsed.is_object()) return std::nullopt;
  return parsed;
}

std::optional<Json> decoded_object(std::string_view part) {
  const auto text = base64url_decoded(part);
  return text ? parse_strictly(*text) : std::nullopt;
}

/// nullptr when there is none; a null is there.
const Json* find(const Json& object, std::string_view name) {
  const auto at = object.find(name);
  return at == object.end() ? nullptr : &*at;
}

bool is_text(const Json* value, std::string_view text) {
  return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == text;
}

Checked<void> check_header(const Json& header, const JwsKey& key, std::initializer_list<std::string_view> types) {
  if (!is_text(find(header, "alg"), key.algorithm())) return refuse("algorithm is not the configured one");
  if (find(header, "crit") != nullptr) return refuse("critical extensions are not known here");
  const auto* const type = find(header, "typ");
  if (type != nullptr && !type->is_string()) return refuse("type is no text");
  const auto named = type == nullptr ? std::string() : type->get<std::string>();
  const bool known = std::ranges::any_of(types, [&](std::string_view one) { return net::equal_ignoring_case(one, named); });
  if (!known) return refuse("type is of another kind of token");
  return {};
}

/// RFC 7519 section 2, "NumericDate".
std::optional<double> numeric_date(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  const auto seconds = value.get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kLatestDate) return std::nullopt;
  return seconds;
}

Checked<void> check_not_ahead(const Json& payload, std::string_view name, std::int64_t now) {
  const auto* const value = find(payload, name);
  if (value == nullptr) return {};
  const auto seconds = numeric_date(*value);
  if (!seconds) return refuse("a time is no date");
  if (*seconds > static_cast<double>(now + kLeeway)) return refuse("not valid yet");
  return {};
}

void add_words(std::set<std::string>& words, std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find(' ');
    if (end != 0) words.emplace(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

Checked<std::set<std::string>> read_scopes(const Json& payload) {
  std::set<std::string> scopes;
  for (const char* name : {"scope", "scopes", "scp"}) {
    const auto* const value = find(payload, name);
    if (value == nullptr) continue;
    if (value->is_string()) {
      add_words(scopes, value->get_ref<const std::string&>());
      continue;
    }
    if (!value->is_array()) return refuse("scopes are neither a text nor a list");
    for (const auto& one : *value) {
      if (!one.is_string()) return refuse("a scope is no text");
      scopes.insert(one.get<std::string>());
    }
  }
  return scopes;
}

}  // namespace

Checked<Json> open_jws(std::string_view token, const JwsKey& key, std::initializer_list<std::string_view> types) {
  if (token.size() > kLongestToken) return refuse("longer than 8 KiB");
  const auto parts = split(token);
  if (!parts) return refuse("not three parts");
  const auto header = decoded_object(parts->header);
  if (!header) return refuse("header is no object");
  GIBSEY_CHECK(check_header(*header, key, types));
  const auto signature = base64url_decoded(parts->signature);
  if (!signature) return refuse("signature is not base64url");
  const auto signed_text = token.substr(0, parts->header.size() + 1 + parts->payload.size());
  if (!key.verifies(signed_text, *signature)) return refuse("signature is not the key's");
  auto payload = decoded_object(parts->payload);
  if (!payload) return refuse("payload is no object");
  return *std::move(payload);
}

std::string sign_jws(const Json& payload, std::string_view type, std::string_view secret) {
  const Json header{{"alg", "HS256"}, {"typ", type}};
  const auto text = base64url(dump(header)) + "." + base64url(dump(payload));
  return text + "." + base64url(bytes_of(hmac_sha256(secret, text)));
}

Checked<std::int64_t> check_times(const Json& payload, std::int64_t now) {
  const auto* const value = find(payload, "exp");
  if (value == nullptr) return refuse("no time of expiry");
  const auto expires = numeric_date(*value);
  if (!expires) return refuse("a time is no date");
  if (static_cast<double>(now) >= *expires) return std::unexpected(TokenRefusal{true, "expired"});
  GIBSEY_CHECK(check_not_ahead(payload, "nbf", now));
  GIBSEY_CHECK(check_not_ahead(payload, "iat", now));
  return static_cast<std::int64_t>(*expires);
}

JwtVerifier::JwtVerifier(JwsKey key, std::string audience, std::string issuer)
    : key_(std::move(key)), audience_(std::move(audience)), issuer_(std::move(issuer)) {}

Result<JwtVerifier> JwtVerifier::make(JwtSettings settings) {
  GIBSEY_TRY(auto key, JwsKey::make(settings.algorithm, std::move(settings.key)));
  return JwtVerifier(std::move(key), std::move(settings.audience), std::move(settings.issuer));
}

Checked<void> JwtVerifier::check_addressee(const Json& payload) const {
  if (!issuer_.empty() && !is_text(find(payload, "iss"), issuer_)) return refuse("issuer is another");
  if (audience_.empty()) return {};
  const auto* const audience = find(payload, "aud");
  const bool listed = audience != nullptr && audience->is_array() &&
                      std::ranges::any_of(*audience, [&](const Json& one) { return is_text(&one, audience_); });
  if (!listed && !is_text(audience, audience_)) return refuse("audience is another");
  return {};
}

Checked<JwtClaims> JwtVerifier::verify(std::string_view token, std::int64_t now) const {
  // Tokens made for another purpose (logout, security events, DPoP proofs) name it in `typ`: RFC 8725 section 3.11.
  GIBSEY_TRY(const auto payload, open_jws(token, key_, {"", "JWT", "at+jwt", "application/at+jwt"}));
  GIBSEY_TRY(const auto expires, check_times(payload, now));
  GIBSEY_CHECK(check_addressee(payload));
  const auto* const subject = find(payload, "sub");
  if (subject == nullptr || !subject->is_string()) return refuse("no subject");
  auto user_id = checked_text(subject->get<std::string>(), "sub", kUserId);
  if (!user_id) return refuse("subject is no user id");
  GIBSEY_TRY(auto scopes, read_scopes(payload));
  return JwtClaims{*std::move(user_id), std::move(scopes), expires};
}

}  // namespace gibsey::server
