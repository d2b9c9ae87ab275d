#include "app/auth_config.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace gibsey::app {
namespace {

Result<bool> yes_or_no(const char* name, const std::string& text) {
  if (text.empty() || text == "no" || text == "false" || text == "0" || text == "off") return false;
  if (text == "yes" || text == "true" || text == "1" || text == "on") return true;
  return fail(ErrorCode::invalid_argument, fmt::format("{} must be yes or no", name));
}

/// A key's text, or what stands in the file of that name.
Result<std::string> key_text(const std::string& setting) {
  std::error_code ignored;
  if (setting.size() > 1000 || !std::filesystem::is_regular_file(setting, ignored)) return setting;
  std::ifstream file(setting, std::ios::binary);
  if (!file) return fail(ErrorCode::invalid_argument, fmt::format("GIBSEY_JWT_KEY: the file {} cannot be read", setting));
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    const auto first = part.find_first_not_of(" \t\n");
    if (first != std::string::npos) parts.push_back(part.substr(first, part.find_last_not_of(" \t\n") - first + 1));
  }
  return parts;
}

Result<std::vector<server::ApiKeySettings>> read_api_keys(const std::string& setting) {
  std::vector<server::ApiKeySettings> keys;
  for (const auto& part : split(setting, ',')) {
    const auto at = part.find('@');
    if (at == std::string::npos) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("GIBSEY_API_KEYS: entry {} has no user; write KEY@USER", keys.size() + 1));
    }
    const auto user = part.substr(at + 1);
    const auto colon = user.rfind(':');
    server::ApiKeySettings key{.key = part.substr(0, at), .user_id = user.substr(0, colon)};
    if (colon != std::string::npos) {
      for (auto& scope : split(user.substr(colon + 1), '+')) key.scopes.insert(std::move(scope));
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace

Result<server::AuthSettings> read_auth_settings(const Lookup& find) {
  server::AuthSettings settings;
  GIBSEY_TRY(const bool on, yes_or_no("GIBSEY_AUTH", find("GIBSEY_AUTH")));
  settings.mode = on ? server::AuthMode::on : server::AuthMode::off;
  if (const auto algorithm = find("GIBSEY_JWT_ALGORITHM"); !algorithm.empty()) {
    GIBSEY_TRY(auto key, key_text(find("GIBSEY_JWT_KEY")));
    settings.jwt = {.algorithm = algorithm,
                    .key = std::move(key),
                    .audience = find("GIBSEY_JWT_AUDIENCE"),
                    .issuer = find("GIBSEY_JWT_ISSUER")};
  }
  GIBSEY_TRY(settings.api_keys, read_api_keys(find("GIBSEY_API_KEYS")));
  settings.service_token = find("GIBSEY_SERVICE_TOKEN");
  settings.cassandra_token = find("STARGATE_AUTH_TOKEN");
  settings.session_secret = find("GIBSEY_SESSION_SECRET");
  GIBSEY_TRY(settings.cookie.secure, yes_or_no("GIBSEY_COOKIE_SECURE", find("GIBSEY_COOKIE_SECURE")));
  GIBSEY_TRY(settings.cookie.cross_site, yes_or_no("GIBSEY_COOKIE_CROSS_SITE", find("GIBSEY_COOKIE_CROSS_SITE")));
  return settings;
}

}  // namespace gibsey::app
