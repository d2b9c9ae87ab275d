#include "server/routes.hpp"

#include "server/ask.hpp"
#include "server/auth/session_routes.hpp"
#include "server/auth/session_tokens.hpp"
#include "server/characters.hpp"
#include "server/cited_chat.hpp"
#include "server/conversation_feed.hpp"
#include "server/credits.hpp"
#include "server/facades/anthropic_messages.hpp"
#include "server/facades/embeddings.hpp"
#include "server/facades/facade_reply.hpp"
#include "server/facades/mcp.hpp"
#include "server/facades/model_routes.hpp"
#include "server/facades/ollama_chat.hpp"
#include "server/facades/ollama_models.hpp"
#include "server/facades/openai_chat.hpp"
#include "server/facades/openai_responses.hpp"
#include "server/facades/openai_words.hpp"
#include "server/freshness.hpp"
#include "server/health.hpp"
#include "server/memory.hpp"
#include "server/nightly.hpp"
#include "server/notes.hpp"
#include "server/openapi.hpp"
#include "server/page_edits.hpp"
#include "server/page_feed.hpp"
#include "server/pages.hpp"
#include "server/persona_ws.hpp"
#include "server/problem.hpp"
#include "server/providers.hpp"
#include "server/quotes.hpp"
#include "server/retrieve.hpp"
#include "server/router.hpp"
#include "server/session_ws.hpp"
#include "server/shards.hpp"
#include "server/stargate/stargate.hpp"
#include "server/test_page.hpp"
#include "server/turns.hpp"

#include <algorithm>
#include <iterator>

namespace gibsey::server {
namespace {

boost::asio::awaitable<net::HttpResponse> static_file(const Services& services, RouteRequest& request) {
  std::string path(request.http.path());
  if (!request.parameters.empty()) path = "/assets/" + request.parameters[0];
  auto response = services.page.find(path, request.http);
  if (response.status == 404) co_return problem(404, "There is nothing at this address.");
  co_return response;
}

boost::asio::awaitable<net::HttpResponse> api_table(const Services& services, RouteRequest&) {
  co_return openapi_table(services.openapi);
}
boost::asio::awaitable<net::HttpResponse> api_page(const Services&, RouteRequest&) {
  co_return openapi_page();
}

boost::asio::awaitable<net::HttpResponse> open_session(const Services& services, RouteRequest& request) {
  co_return create_session(services.auth, request.principal, request.http.body);
}

boost::asio::awaitable<net::HttpResponse> show_session(const Services&, RouteRequest& request) {
  co_return get_session(request.principal);
}

boost::asio::awaitable<net::HttpResponse> leave_session(const Services& services, RouteRequest&) {
  co_return delete_session(services.auth);
}

boost::asio::awaitable<net::HttpResponse> socket_token(const Services& services, RouteRequest& request) {
  co_return create_socket_token(services.auth, request.principal, request.http.body);
}

std::string turn_link(const RouteRequest& request) {
  return turn_resource(request.parameters.at(0));
}
std::string session_link(const RouteRequest& request) {
  return session_resource(request.parameters.at(0));
}
std::string chat_link(const RouteRequest&) {
  return std::string(kChatSocket);
}

/// The dialects, the characters and the page.
std::vector<Route> chat_routes() {
  using enum Access;
  return {
      {"POST", "/ask", ask},
      {"POST", "/v1/turns", create_turn},
      {"GET", "/v1/turns/{id}", get_turn},
      {"GET", "/v1/turns/{id}/events", follow_turn, reader, turn_link},
      {"POST", "/v1/turns/{id}/stop", stop_turn},
      {"POST", "/v1/turns/{id}/regenerate", regenerate_turn},
      {"GET", "/v1/conversations", list_conversations},
      {"GET", "/v1/conversations/{id}", get_conversation},
      {"DELETE", "/v1/conversations/{id}", delete_conversation},
      {"POST", "/v1/session", open_session},
      {"GET", "/v1/session", show_session},
      {"DELETE", "/v1/session", leave_session, open},
      {"POST", "/v1/session/token", socket_token},
      {"GET", "/characters", list_characters},
      {"POST", "/characters", create_character},
      {"GET", "/characters/user/{user_id}", list_made_characters},
      {"GET", "/characters/{char_id}", get_character},
      {"PUT", "/characters/{char_id}", put_character},
      {"DELETE", "/characters/{char_id}", delete_character},
      {"GET", "/ws/chat", persona_socket, reader, chat_link},
      {"POST", "/api/sentiment", score_sentiment},
      {"GET", "/v1/feed/conversation_turns", follow_conversations, admin},
      {"POST", "/api/v1/chat", cited_chat},
      {"GET", "/v1/usage", list_usage, admin},
      {"GET", "/v1/providers", list_providers},
      {"GET", "/ws/{session_id}", session_socket, reader, session_link},
      {"GET", "/v1/sessions", list_sessions},
      {"POST", "/v1/cluster-events", send_cluster_event, admin},
      {"GET", "/test", test_page, open},
      {"GET", "/test-llm-debug", test_model, admin},
      {"GET", "/", static_file, open},
      {"GET", "/favicon.ico", static_file, open},
      {"GET", "/favicon.svg", static_file, open},
      {"GET", "/assets/{rest...}", static_file, open},
  };
}

/// Routes whose clients send whole talks and want refusals in their own words.
void add_facade(std::vector<Route>& routes, Reword reword, std::vector<Route> facade) {
  for (auto& route : facade) {
    route.body_limit = kFacadeBodyLimit;
    route.reword = reword;
    routes.push_back(std::move(route));
  }
}

/// The APIs of the clients that people have.
std::vector<Route> facade_routes() {
  std::vector<Route> routes;
  add_facade(routes, openai_refusal,
             {
                 {"POST", "/v1/chat/completions", openai_chat},
                 {"POST", "/v1/responses", openai_responses},
                 {"POST", "/v1/embeddings", openai_embeddings},
             });
  add_facade(routes, models_refusal,
             {
                 {"GET", "/v1/models", list_all_models},
                 {"GET", "/v1/models/{rest...}", get_model},
             });
  add_facade(routes, anthropic_refusal,
             {
                 {"POST", "/v1/messages", anthropic_messages},
                 {"POST", "/v1/messages/count_tokens", anthropic_count_tokens},
             });
  add_facade(routes, ollama_refusal,
             {
                 {"POST", "/api/chat", ollama_chat},
                 {"POST", "/api/generate", ollama_generate},
                 {"POST", "/api/embed", ollama_embed},
                 {"POST", "/api/embeddings", ollama_embeddings},
                 {"POST", "/api/show", ollama_show},
                 {"GET", "/api/tags", ollama_tags},
                 {"GET", "/api/ps", ollama_ps},
                 {"GET", "/api/version", ollama_version},
             });
  add_facade(routes, mcp_refusal, {{"POST", "/mcp", mcp}});
  return routes;
}

/// The book and what personas remember (seed 004's memory_rag, seed 001's memory_subsystem).
std::vector<Route> memory_routes() {
  using enum Access;
  std::vector<Route> routes = {
      {"GET", "/pages", list_pages},
      {"POST", "/pages", create_page, admin},
      {"GET", "/pages/{id}", get_page},
      {"PUT", "/pages/{id}", put_page, admin},
      {"DELETE", "/pages/{id}", delete_page, admin},
      {"POST", "/refresh", refresh},
      {"GET", "/v1/feed/pages", follow_pages, admin},
      {"GET", "/retrieve", retrieve},
      {"POST", "/retrieve-context", retrieve_context},
      {"POST", "/v1/quotes/verify", verify_quote},
      {"POST", "/memory/facts", add_fact},
      {"GET", "/memory/facts/{user_id}/{character_id}", list_facts},
      {"GET", "/v1/notes", list_notes},
      {"GET", "/v1/notes/{id}", get_note},
      {"GET", "/v1/notes/{id}/versions/{number}", get_note_version},
      {"GET", "/v1/notes/{id}/diff", diff_note},
      {"POST", "/v1/notes/{id}/revert", revert_note, admin},
      {"POST", "/v1/shards/{call}", ask_shards, admin},
  };
  for (auto& route : routes) {
    if (route.pattern.starts_with("/pages")) route.body_limit = kPageBodyLimit;
    if (route.pattern.starts_with("/v1/shards")) route.body_limit = kShardsBodyLimit;
  }
  return routes;
}

/// The store as a Stargate shows it, for whoever reads it that way.
std::vector<Route> stargate_routes() {
  using enum Access;
  std::vector<Route> routes = {
      {"POST", "/v1/auth", stargate::create_token, open},
      {"POST", "/v1/auth/token/generate", stargate::generate_token, open},
      {"GET", "/v2/keyspaces/{keyspace}/{table}", stargate::search_rows, open},
      {"POST", "/v2/keyspaces/{keyspace}/{table}", stargate::add_row, open},
      {"GET", "/v2/keyspaces/{keyspace}/{table}/rows", stargate::list_rows, open},
      {"GET", "/v2/keyspaces/{keyspace}/{table}/{rest...}", stargate::get_rows, open},
      {"PUT", "/v2/keyspaces/{keyspace}/{table}/{rest...}", stargate::put_row, open},
      {"PATCH", "/v2/keyspaces/{keyspace}/{table}/{rest...}", stargate::put_row, open},
      {"DELETE", "/v2/keyspaces/{keyspace}/{table}/{rest...}", stargate::delete_row, open},
  };
  for (auto& route : routes) {
    route.body_limit = kPageBodyLimit;
    route.reword = stargate::refusal;
  }
  return routes;
}

/// Seed 000's ledger.
std::vector<Route> ledger_routes() {
  using enum Access;
  return {
      {"POST", "/debit", debit},
      {"POST", "/credit", add_credit, admin},
      {"GET", "/ledger/{user_id}", get_ledger},
  };
}

/// Seed 004's nightly DAG.
std::vector<Route> scheduler_routes() {
  using enum Access;
  return {
      {"POST", "/v1/jobs/nightly/run", start_nightly_run, admin},
      {"GET", "/v1/jobs/nightly/runs", list_nightly_runs, admin},
      {"GET", "/v1/jobs/nightly/runs/{run_id}", get_nightly_run, admin},
  };
}

/// Of every process.
std::vector<Route> common_routes() {
  using enum Access;
  return {
      {"GET", "/openapi.json", api_table, open},
      {"GET", "/docs", api_page, open},
      {"GET", "/health", health, open},
      {"GET", "/live", live, open},
      {"GET", "/ready", ready, open},
      {"GET", "/metrics", metrics_text, open},
  };
}

}  // namespace

std::unique_ptr<net::HttpHandler> make_http_handler(Services services, net::OriginRules rules, Roles roles) {
  auto routes = common_routes();
  if (roles.chat) {
    std::ranges::move(chat_routes(), std::back_inserter(routes));
    std::ranges::move(facade_routes(), std::back_inserter(routes));
  }
  if (roles.memory) std::ranges::move(memory_routes(), std::back_inserter(routes));
  if (roles.chat || roles.memory) std::ranges::move(stargate_routes(), std::back_inserter(routes));
  if (roles.ledger) std::ranges::move(ledger_routes(), std::back_inserter(routes));
  if (roles.scheduler) std::ranges::move(scheduler_routes(), std::back_inserter(routes));
  return std::make_unique<Router>(std::move(services), std::move(rules), std::move(routes));
}

}  // namespace gibsey::server
