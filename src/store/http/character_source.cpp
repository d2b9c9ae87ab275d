#include "store/http/character_source.hpp"

#include "net/service_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::store {

using net::member;
using net::text_member;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestId = 200;

/// What a row may look like: nullopt for anything that is no character.
using ReadRow = std::optional<model::Character> (*)(const json& row);

struct Dialect {
  const char* path;  ///< before the id
  bool sends_user;
  ReadRow read;
};

bool is_color(const std::string& text) {
  return text.size() == 7 && text[0] == '#' && text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
}

/// A text; numbers are none here.
std::string text(const json& row, const char* name) {
  const auto& value = member(row, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<model::Character> read_stargate_row(const json& row) {
  model::Character character;
  character.id = text_member(row, "char_id");
  character.display_name = text(row, "display_name");
  character.system_prompt = text(row, "system_prompt");
  character.tone = text(row, "tone");
  if (auto color = text(row, "color_hex"); is_color(color)) character.color_hex = std::move(color);
  if (character.display_name.empty() && character.system_prompt.empty()) return std::nullopt;
  return character;
}

std::optional<model::Character> read_managed_row(const json& row) {
  model::Character character;
  character.id = text_member(row, "character_id");
  character.display_name = text(row, "name");
  character.system_prompt = text(row, "persona_prompt");
  character.owner = text_member(row, "user_id");
  character.voice_id = text_member(row, "voice_id");
  character.appearance_seed = text_member(row, "appearance_seed");
  if (character.display_name.empty() && character.system_prompt.empty()) return std::nullopt;
  return character;
}

constexpr Dialect kStargate{"/v2/keyspaces/gibsey/characters/", false, read_stargate_row};
constexpr Dialect kCharacterManager{"/characters/", true, read_managed_row};

/// The row in an answer: data[0], or the answer itself. nullopt: it says that there is none.
std::optional<json> find_row(const json& answer) {
  const auto& data = member(answer, "data");
  if (data.is_array()) return data.empty() ? std::nullopt : std::optional(data.front());
  if (data.is_object()) return data;
  if (net::number_member(answer, "count") == 0) return std::nullopt;
  return answer;
}

class HttpCharacterSource final : public CharacterSource {
 public:
  HttpCharacterSource(std::string base, Dialect dialect, net::HttpHeaders headers, net::ServiceSettings service)
      : base_(std::move(base)), dialect_(dialect), headers_(std::move(headers)), client_(std::move(service)) {}

  Async<std::optional<model::Character>> load(std::string user_id, std::string id) override {
    // A segment of dots would climb to another path.
    if (id.empty() || id.size() > kLongestId || id == "." || id == "..") co_return std::nullopt;
    net::ServiceCall call{.url = base_ + dialect_.path + net::percent_encoded(id), .headers = headers_};
    if (dialect_.sends_user) call.headers.add("X-User-ID", user_id);
    GIBSEY_CO_TRY(const auto answer, co_await client_.call(std::move(call)));
    if (answer.status == 404) co_return std::nullopt;
    const auto where = fmt::format("{} at {}", client_.name(), client_.address());
    if (answer.status == 401 || answer.status == 403) {
      co_return fail(ErrorCode::unavailable, fmt::format("{} answered {}; check the token", where, answer.status));
    }
    if (answer.status != 200) co_return fail(ErrorCode::unavailable, fmt::format("{} answered {}", where, answer.status));
    const auto parsed = net::parse_service_json(answer.body);
    if (!parsed.is_object()) co_return fail(ErrorCode::unavailable, fmt::format("{} gave an answer that cannot be read", where));
    const auto row = find_row(parsed);
    if (!row) co_return std::nullopt;
    auto character = dialect_.read(*row);
    if (!character) co_return fail(ErrorCode::unavailable, fmt::format("{} gave a character without name and prompt", where));
    if (character->id.empty()) character->id = std::move(id);
    co_return character;
  }

  [[nodiscard]] net::ServiceState state() const override { return client_.state(); }

 private:
  const std::string base_;
  const Dialect dialect_;
  const net::HttpHeaders headers_;
  net::ServiceClient client_;
};

Result<std::unique_ptr<CharacterSource>> make_source(const char* setting, const char* name, std::string base, Dialect dialect,
                                                     net::HttpHeaders headers, net::ServiceSettings service) {
  GIBSEY_CHECK(net::check_service_address(setting, base));
  base.resize(std::min(base.size(), base.find_first_of("?#")));
  while (base.ends_with('/')) base.pop_back();
  if (service.name.empty()) service.name = name;
  service.address = net::shown_address(base);
  return std::make_unique<HttpCharacterSource>(std::move(base), dialect, std::move(headers), std::move(service));
}

}  // namespace

Result<std::unique_ptr<CharacterSource>> make_stargate_source(const std::string& base_url, const std::string& token,
                                                              net::ServiceSettings service) {
  return make_source("STARGATE_URL", "the character gateway", base_url, kStargate, {{"X-Cassandra-Token", token}},
                     std::move(service));
}

Result<std::unique_ptr<CharacterSource>> make_character_manager_source(const std::string& base_url,
                                                                       net::ServiceSettings service) {
  return make_source("CHARACTER_MANAGER_URL", "the Character Manager", base_url, kCharacterManager, {}, std::move(service));
}

}  // namespace gibsey::store
