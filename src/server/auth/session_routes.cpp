#include "server/auth/session_routes.hpp"

#include "server/json_response.hpp"
#include "server/problem.hpp"

namespace gibsey::server {
namespace {

/// A body may be left out.
Field<Json> fields_of(const std::string& body) {
  return body.empty() ? Field<Json>(Json::object()) : parse_object(body);
}

Field<std::string> acting_user(const Principal& principal, const Json& fields) {
  GIBSEY_TRY(const auto wanted, optional_text(fields, "user_id", kUserId));
  return authorize_user(principal, wanted);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

net::HttpResponse answer(int status, const Json& body) {
  auto response = json_response(status, body);
  response.headers.add("Cache-Control", "no-store");
  return response;
}

net::HttpResponse describe(bool on, const std::string& user_id, bool admin, std::optional<std::int64_t> expires) {
  return answer(200, {{"auth", on ? "on" : "off"},
                      {"user_id", text_or_null(user_id)},
                      {"admin", admin},
                      {"expires", expires ? Json(iso8601(*expires * 1000)) : Json()}});
}

}  // namespace

net::HttpResponse create_session(const Authenticator& authenticator, const Principal& principal, const std::string& body) {
  const auto fields = fields_of(body);
  if (!fields) return fields.error();
  const auto user_id = acting_user(principal, *fields);
  if (!user_id) return user_id.error();
  if (!authenticator.on()) return describe(false, *user_id, false, std::nullopt);
  const auto opened = authenticator.open_session(principal, *user_id);
  auto response = describe(true, *user_id, opened.session.scopes.contains(kAdminScope), opened.session.expires);
  response.headers.add("Set-Cookie", opened.set_cookie);
  return response;
}

net::HttpResponse get_session(const Principal& principal) {
  return describe(!principal.open, principal.user_id, principal.admin, principal.expires);
}

net::HttpResponse delete_session(const Authenticator& authenticator) {
  return {204, {{"Set-Cookie", authenticator.forget_session()}, {"Cache-Control", "no-store"}}, {}};
}

net::HttpResponse create_socket_token(const Authenticator& authenticator, const Principal& principal, const std::string& body) {
  const auto fields = fields_of(body);
  if (!fields) return fields.error();
  const auto session_id = optional_text(*fields, "session_id", kName);
  if (!session_id) return session_id.error();
  const auto user_id = acting_user(principal, *fields);
  if (!user_id) return user_id.error();
  const auto resource = session_id->empty() ? std::string(kChatSocket) : session_resource(*session_id);
  return answer(201, {{"token", authenticator.link_token(*user_id, resource)},
                      {"resource", resource},
                      {"expires_in", authenticator.link_lifetime().count()}});
}

}  // namespace gibsey::server
