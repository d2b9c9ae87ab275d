#include "server/auth/principal.hpp"

#include "server/problem.hpp"

namespace gibsey::server {
namespace {

bool acts_for_all(const Principal& principal) {
  return principal.open || (principal.authenticated && (principal.admin || principal.service));
}

}  // namespace

Field<std::string> authorize_user(const Principal& principal, const std::string& wanted) {
  if (principal.open) return wanted;
  if (wanted.empty() || wanted == principal.user_id) {
    if (principal.authenticated && !principal.user_id.empty()) return principal.user_id;
    if (principal.authenticated)
      return std::unexpected(problem(422, "A service must name the user it acts for in 'user_id'.", "user_id"));
  }
  if (acts_for_all(principal)) return wanted;
  return std::unexpected(problem(403, "The user_id is not yours: leave it out, or sign in as that user.", "user_id"));
}

bool may_access(const Principal& principal, std::string_view owner) {
  return acts_for_all(principal) || (principal.authenticated && !owner.empty() && principal.user_id == owner);
}

std::optional<net::HttpResponse> refuse_unless_admin(const Principal& principal) {
  if (acts_for_all(principal)) return std::nullopt;
  return problem(403, "This needs the scope 'admin'.");
}

}  // namespace gibsey::server
