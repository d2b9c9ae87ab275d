#include "store/turn_check.hpp"

#include <fmt/format.h>

namespace gibsey::store {

Error turn_exists(const std::string& id) {
  return {ErrorCode::conflict, fmt::format("the turn {} exists already; begin a new one with an id of its own", id)};
}

Error no_running_turn(const std::string& id) {
  return {ErrorCode::not_found, fmt::format("no turn {} is running, so that nothing can be added to its log", id)};
}

Error unknown_turn(const std::string& id) {
  return {ErrorCode::not_found, fmt::format("there is no turn {} to finish", id)};
}

Error unknown_conversation(const std::string& id) {
  return {ErrorCode::not_found, fmt::format("there is no conversation {}", id)};
}

Error conversation_is_running(const std::string& id) {
  return {ErrorCode::conflict, fmt::format("a reply of the conversation {} is being written; stop it or wait for its end", id)};
}

Error fact_exists(const std::string& id) {
  return {ErrorCode::conflict, fmt::format("the fact {} exists already; give a new one an id of its own", id)};
}

Error empty_vector(const std::string& turn_id) {
  return {ErrorCode::invalid_argument, fmt::format("the vector of the turn {} has no values", turn_id)};
}

Result<void> check_event_number(const std::string& turn_id, std::int64_t first_seq, std::int64_t last) {
  if (first_seq > last) return {};
  return fail(ErrorCode::conflict, fmt::format("the log of the turn {} has come to event {}; one numbered {} cannot follow",
                                               turn_id, last, first_seq));
}

void follow_reply(std::string& reply, const model::TurnEvent& event) {
  if (const auto* token = std::get_if<model::TokenText>(&event)) reply += token->text;
  if (std::holds_alternative<model::TextReplaced>(event)) reply.clear();
}

}  // namespace gibsey::store
