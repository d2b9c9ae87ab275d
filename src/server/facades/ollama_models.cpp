#include "server/facades/ollama_models.hpp"

#include "server/auth/digest.hpp"
#include "server/facades/facade_models.hpp"
#include "server/facades/facade_question.hpp"
#include "server/facades/ollama_chat.hpp"
#include "server/problem.hpp"

namespace gibsey::server {
namespace {

/// A model that is there for good.
constexpr const char* kNeverExpires = "9999-12-31T23:59:59.000Z";

Json details() {
  return {{"parent_model", ""},   {"format", "gibsey"},      {"family", "gibsey"}, {"families", Json::array({"gibsey"})},
          {"parameter_size", ""}, {"quantization_level", ""}};
}

Json entry(const CharacterModel& model) {
  return {{"name", model.id},
          {"model", model.id},
          {"modified_at", iso8601(model.character.updated)},
          {"size", 0},
          {"digest", to_hex(sha256(model.world.name + "/" + model.character.id))},
          {"details", details()}};
}

boost::asio::awaitable<net::HttpResponse> list(const Services& services, const RouteRequest& request, bool running) {
  const auto models = co_await list_models(services);
  if (!models) co_return ollama_refusal(request.http, problem(models.error()));
  auto entries = Json::array();
  for (const auto& model : *models) {
    auto one = entry(model);
    if (running) {
      one.erase("modified_at");
      one["expires_at"] = kNeverExpires;
      one["size_vram"] = 0;
      one["context_length"] = services.models.preferred().context_tokens();
    }
    entries.push_back(std::move(one));
  }
  co_return json_response(200, {{"models", entries}});
}

Json shown(const Services& services, const CharacterModel& model) {
  return {{"modelfile", ""},
          {"parameters", ""},
          {"template", ""},
          {"system", model.character.system_prompt},
          {"details", details()},
          {"model_info",
           {{"general.architecture", "gibsey"},
            {"general.basename", model.character.display_name},
            {"gibsey.context_length", services.models.preferred().context_tokens()}}},
          {"capabilities", Json::array({"completion"})},
          {"modified_at", iso8601(model.character.updated)}};
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> ollama_tags(const Services& services, RouteRequest& request) {
  co_return co_await list(services, request, false);
}

boost::asio::awaitable<net::HttpResponse> ollama_ps(const Services& services, RouteRequest& request) {
  co_return co_await list(services, request, true);
}

boost::asio::awaitable<net::HttpResponse> ollama_show(const Services& services, RouteRequest& request) {
  const auto object = parse_object(request.http.body);
  if (!object) co_return ollama_refusal(request.http, object.error());
  // Older clients say `name`.
  const auto* field = find_field(*object, "model") == nullptr && find_field(*object, "name") != nullptr ? "name" : "model";
  const auto name = required_text(*object, field, kModelName);
  if (!name) co_return ollama_refusal(request.http, name.error());
  const auto model = co_await find_model(services, *name);
  if (!model) co_return ollama_refusal(request.http, problem(model.error()));
  co_return json_response(200, shown(services, *model));
}

boost::asio::awaitable<net::HttpResponse> ollama_version(const Services& services, RouteRequest&) {
  co_return json_response(200, {{"version", services.health().version}});
}

}  // namespace gibsey::server
