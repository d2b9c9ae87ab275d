#include "server/auth/redact.hpp"

#include "net/http_message.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace gibsey::server {
namespace {

constexpr std::string_view kHidden = "***";

/// A parameter whose name holds one of these, without regard to case, '-' and '_', has a secret as its value.
constexpr std::array<std::string_view, 9> kSecretNames = {"token",      "apikey",    "secret", "password", "passwd",
                                                          "credential", "signature", "jwt",    "cookie"};
/// Names that are secrets only as a whole.
constexpr std::array<std::string_view, 6> kWholeNames = {"key", "sig", "pwd", "code", "auth", "authorization"};

/// Lower-case letters and digits alone.
std::string squeezed(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      letters.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return letters;
}

bool names_secret(std::string_view name) {
  const auto letters = squeezed(name);
  return std::ranges::any_of(kSecretNames, [&](std::string_view secret) { return letters.find(secret) != std::string::npos; }) ||
         std::ranges::find(kWholeNames, letters) != kWholeNames.end();
}

/// The beginnings of an API key, of a JWT's header ({" in base64url), and of what a parser elsewhere could take for a parameter.
bool looks_secret(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kBeginnings = {"gbs_", "eyJ", "token="};
  return std::ranges::any_of(kBeginnings, [text](std::string_view begin) { return text.find(begin) != std::string_view::npos; });
}

/// What cannot be decoded is taken for a secret.
bool hides_secret(std::string_view part) {
  const auto decoded = net::percent_decoded(part, true);
  return !decoded || looks_secret(*decoded);
}

std::string loggable_path(std::string_view path) {
  std::string out;
  while (true) {
    const auto end = path.find('/');
    const auto segment = path.substr(0, end);
    out += hides_secret(segment) ? kHidden : segment;
    if (end == std::string_view::npos) return out;
    out.push_back('/');
    path.remove_prefix(end + 1);
  }
}

std::string loggable_parameter(std::string_view part) {
  const auto equals = part.find('=');
  const auto name = part.substr(0, equals);
  const auto decoded = net::percent_decoded(name, true);
  if (!decoded || looks_secret(*decoded)) return std::string(kHidden);
  if (equals == std::string_view::npos) return std::string(part);
  const bool secret = names_secret(*decoded) || hides_secret(part.substr(equals + 1));
  return std::string(name) + "=" + std::string(secret ? kHidden : part.substr(equals + 1));
}

}  // namespace

std::string loggable_target(std::string_view target) {
  const auto mark = target.find('?');
  std::string out = loggable_path(target.substr(0, mark));
  if (mark == std::string_view::npos) return out;
  out.push_back('?');
  auto query = target.substr(mark + 1);
  while (true) {
    const auto end = query.find('&');
    out += loggable_parameter(query.substr(0, end));
    if (end == std::string_view::npos) return out;
    out.push_back('&');
    query.remove_prefix(end + 1);
  }
}

}  // namespace gibsey::server
