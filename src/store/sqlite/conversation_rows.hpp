#pragma once
#include "model/turn.hpp"
#include "store/sqlite/connection.hpp"

#include <optional>
#include <string>
#include <vector>

/// The statements of TurnStore on conversations and idempotency claims; each function does what the method of that name
/// promises, inside the caller's transaction.
namespace gibsey::store::sqlite {

/// Counts a turn that has just been stored.
Result<void> note_begin(Connection& db, const model::Turn& turn);
/// The turn of that number was stored anew at `updated`.
Result<void> note_finish(Connection& db, std::int64_t turn, UnixMillis updated);

Result<std::optional<model::Conversation>> find_conversation(Connection& db, const std::string& conversation_id);
Result<std::vector<model::Conversation>> list_conversations(Connection& db, const std::string& user_id, const std::string& after,
                                                            int limit);
Result<void> remove_conversation(Connection& db, const std::string& conversation_id);

Result<model::IdempotencyClaim> claim(Connection& db, const model::IdempotencyClaim& claim, UnixMillis not_before);
Result<void> drop_claim(Connection& db, const std::string& turn_id);

}  // namespace gibsey::store::sqlite
