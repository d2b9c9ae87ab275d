#include "server/facades/model_routes.hpp"

#include "server/facades/anthropic_messages.hpp"
#include "server/facades/facade_models.hpp"
#include "server/facades/openai_words.hpp"
#include "server/problem.hpp"

namespace gibsey::server {
namespace {

bool speaks_anthropic(const net::HttpRequest& request) {
  return request.headers.find("anthropic-version").has_value();
}

Json openai_model(const CharacterModel& model) {
  return {{"id", model.id},
          {"object", "model"},
          {"created", model.character.created / 1000},
          {"owned_by", model.world.name},
          {"gibsey",
           {{"world", model.world.name},
            {"world_title", model.world.title},
            {"character_id", model.character.id},
            {"display_name", model.character.display_name}}}};
}

Json anthropic_model(const CharacterModel& model) {
  return {{"type", "model"},
          {"id", model.id},
          {"display_name", model.character.display_name},
          {"created_at", iso8601(model.character.created)},
          {"lifecycle", "active"}};
}

Json embedding_model(const std::string& id) {
  return {{"id", id}, {"object", "model"}, {"created", 0}, {"owned_by", "gibsey"}};
}

Json anthropic_list(const std::vector<CharacterModel>& models) {
  auto list = Json::array();
  for (const auto& model : models) list.push_back(anthropic_model(model));
  return {{"data", list},
          {"has_more", false},
          {"first_id", models.empty() ? Json(nullptr) : Json(models.front().id)},
          {"last_id", models.empty() ? Json(nullptr) : Json(models.back().id)}};
}

}  // namespace

net::HttpResponse models_refusal(const net::HttpRequest& request, net::HttpResponse refusal) {
  return speaks_anthropic(request) ? anthropic_refusal(request, std::move(refusal)) : openai_refusal(request, std::move(refusal));
}

boost::asio::awaitable<net::HttpResponse> list_all_models(const Services& services, RouteRequest& request) {
  const auto models = co_await list_models(services);
  if (!models) co_return models_refusal(request.http, problem(models.error()));
  if (speaks_anthropic(request.http)) co_return json_response(200, anthropic_list(*models));
  auto list = Json::array();
  for (const auto& model : *models) list.push_back(openai_model(model));
  co_return json_response(200, {{"object", "list"}, {"data", list}});
}

boost::asio::awaitable<net::HttpResponse> get_model(const Services& services, RouteRequest& request) {
  const auto& name = request.parameters.at(0);
  const bool anthropic = speaks_anthropic(request.http);
  if (!anthropic && services.embedder != nullptr && name == services.embedder->model())
    co_return json_response(200, embedding_model(name));
  const auto model = co_await find_model(services, name);
  if (!model && model.error().code == ErrorCode::not_found)
    co_return models_refusal(request.http, problem(404, model.error().message, "model"));
  if (!model) co_return models_refusal(request.http, problem(model.error()));
  co_return json_response(200, anthropic ? anthropic_model(*model) : openai_model(*model));
}

}  // namespace gibsey::server
