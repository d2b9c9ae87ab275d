// The conversations and claims of CassandraTurnStore.
#include "store/cassandra/turn_store.hpp"
#include "store/turn_check.hpp"

#include <algorithm>

namespace gibsey::store {

using namespace cassandra;

namespace {

constexpr int kClaimAttempts = 30;

}  // namespace

Async<std::vector<CassandraTurnStore::Member>> CassandraTurnStore::read_members(std::string conversation_id) {
  std::vector<Member> members;
  const auto keep = [&members](Row row) {
    auto& member = members.emplace_back();
    row >> member.number >> member.turn_id >> member.user_id >> member.world >> member.character_id >> member.question >>
        member.created >> member.updated;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(
      co_await session_.each(cql("SELECT number, turn_id, user_id, world, character_id, question, created, updated FROM "
                                 "turns_by_conversation WHERE conversation_id = ?",
                                 conversation_id),
                             keep));
  co_return members;
}

Async<void> CassandraTurnStore::note_member(Member member, std::string conversation_id) {
  GIBSEY_CO_CHECK(
      co_await session_.write(cql("INSERT INTO turns_by_conversation (conversation_id, number, turn_id, user_id, world, "
                                  "character_id, question, created, updated) "
                                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                  conversation_id, member.number, member.turn_id, member.user_id, member.world,
                                  member.character_id, member.question, member.created, member.updated)));
  const auto held = co_await locks_.take("conversation " + conversation_id);
  GIBSEY_CO_TRY(const auto conversation, co_await find_conversation(conversation_id));
  if (!conversation || conversation->user_id != member.user_id) co_return Result<void>();
  co_return co_await session_.write(cql("INSERT INTO conversations (user_id, id, updated) VALUES (?, ?, ?)",
                                        conversation->user_id, conversation_id, conversation->updated));
}

Async<void> CassandraTurnStore::note_updated(TurnRow row, UnixMillis updated) {
  const auto& turn = row.turn;
  const auto held = co_await locks_.take("conversation " + turn.conversation_id);
  GIBSEY_CO_TRY(const auto members, co_await read_members(turn.conversation_id));
  const auto member = std::ranges::find(members, turn.id, &Member::turn_id);
  if (member == members.end() || member->updated >= updated) co_return Result<void>();
  GIBSEY_CO_CHECK(co_await session_.write(
      cql("UPDATE turns_by_conversation SET updated = ? WHERE conversation_id = ? AND number = ? AND turn_id = ?", updated,
          turn.conversation_id, member->number, turn.id)));
  GIBSEY_CO_TRY(const auto conversation, co_await find_conversation(turn.conversation_id));
  if (!conversation || conversation->user_id != turn.user_id) co_return Result<void>();
  co_return co_await session_.write(cql("INSERT INTO conversations (user_id, id, updated) VALUES (?, ?, ?)",
                                        conversation->user_id, turn.conversation_id, conversation->updated));
}

/// Made of its turns each time: nothing has to be kept in step.
Async<std::optional<model::Conversation>> CassandraTurnStore::find_conversation(std::string conversation_id) {
  GIBSEY_CO_TRY(const auto members, co_await read_members(conversation_id));
  if (members.empty()) co_return std::nullopt;
  const auto& first = members.front();
  model::Conversation conversation{
      .id = conversation_id, .user_id = first.user_id, .first_question = first.question, .created = first.created};
  for (const auto& member : members) {
    if (member.user_id != first.user_id) continue;
    conversation.world = member.world;
    conversation.character_id = member.character_id;
    conversation.last_turn_id = member.turn_id;
    conversation.updated = std::max(conversation.updated, member.updated);
    ++conversation.turns;
  }
  co_return conversation;
}

Async<std::vector<model::Conversation>> CassandraTurnStore::list_conversations(std::string user_id, std::string after,
                                                                               int limit) {
  struct Listed {
    UnixMillis updated = 0;
    std::string id;
    auto operator<=>(const Listed&) const = default;
  };
  std::vector<Listed> listed;
  const auto keep = [&listed](Row row) {
    auto& one = listed.emplace_back();
    row >> one.id >> one.updated;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session_.each(cql("SELECT id, updated FROM conversations WHERE user_id = ?", user_id), keep));
  std::ranges::sort(listed, std::greater{});
  auto next = listed.begin();
  if (!after.empty()) {
    next = std::ranges::find(listed, after, &Listed::id);
    if (next == listed.end()) co_return std::unexpected(unknown_conversation(after));
    ++next;
  }
  std::vector<model::Conversation> conversations;
  for (; next != listed.end() && static_cast<int>(conversations.size()) < limit; ++next) {
    GIBSEY_CO_TRY(auto conversation, co_await find_conversation(next->id));
    if (conversation) conversations.push_back(*std::move(conversation));
  }
  co_return conversations;
}

Async<std::vector<model::Turn>> CassandraTurnStore::list_turns(std::string conversation_id) {
  GIBSEY_CO_TRY(const auto members, co_await read_members(conversation_id));
  std::vector<model::Turn> turns;
  for (const auto& member : members) {
    GIBSEY_CO_TRY(auto turn, co_await find(member.turn_id));
    if (turn) turns.push_back(*std::move(turn));
  }
  co_return turns;
}

Async<void> CassandraTurnStore::remove_conversation(std::string conversation_id) {
  GIBSEY_CO_TRY(const auto members, co_await read_members(conversation_id));
  if (members.empty()) co_return std::unexpected(unknown_conversation(conversation_id));
  for (const auto& member : members) {
    GIBSEY_CO_TRY(const auto row, co_await read_turn(member.turn_id));
    if (row && row->turn.status == model::TurnStatus::running) {
      co_return std::unexpected(conversation_is_running(conversation_id));
    }
  }
  for (const auto& member : members) GIBSEY_CO_CHECK(co_await remove_turn(member));
  GIBSEY_CO_CHECK(co_await session_.write(
      cql("DELETE FROM conversations WHERE user_id = ? AND id = ?", members.front().user_id, conversation_id)));
  // Last: cut off before, the removal can be done again.
  co_return co_await session_.write(cql("DELETE FROM turns_by_conversation WHERE conversation_id = ?", conversation_id));
}

Async<void> CassandraTurnStore::remove_turn(Member member) {
  std::vector<Statement> batch;
  batch.push_back(cql("DELETE FROM turns WHERE id = ?", member.turn_id));
  batch.push_back(cql("DELETE FROM turn_vectors WHERE user_id = ? AND character_id = ? AND number = ?", member.user_id,
                      member.character_id, member.number));
  co_return co_await session_.write_all(std::move(batch));
}

Async<std::optional<model::IdempotencyClaim>> CassandraTurnStore::find_claim(model::IdempotencyClaim of) {
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT user_id, route, key, body_hash, turn_id, made FROM claims WHERE "
                                           "user_id = ? AND route = ? AND key = ?",
                                           of.user_id, of.route, of.key),
                                       Reading::serial));
  if (rows.empty()) co_return std::nullopt;
  model::IdempotencyClaim claim;
  rows[0] >> claim.user_id >> claim.route >> claim.key >> claim.body_hash >> claim.turn_id >> claim.made;
  co_return claim;
}

Async<model::IdempotencyClaim> CassandraTurnStore::claim(model::IdempotencyClaim claim, UnixMillis not_before) {
  const auto held = co_await locks_.take("claim " + claim.user_id + '\n' + claim.route + '\n' + claim.key);
  // Before the claim, so that drop_claim finds every one that was made.
  GIBSEY_CO_CHECK(co_await session_.write(cql("INSERT INTO claims_by_turn (turn_id, user_id, route, key) VALUES (?, ?, ?, ?)",
                                              claim.turn_id, claim.user_id, claim.route, claim.key)));
  for (int attempt = 0; attempt < kClaimAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto made, co_await session_.apply(
                                       {cql("INSERT INTO claims (user_id, route, key, body_hash, turn_id, made) "
                                            "VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS",
                                            claim.user_id, claim.route, claim.key, claim.body_hash, claim.turn_id, claim.made)}));
    if (made == Applied::yes) co_return claim;
    GIBSEY_CO_TRY(auto standing, co_await find_claim(claim));
    if (!standing) continue;
    if (standing->made >= not_before || standing->turn_id == claim.turn_id) co_return *std::move(standing);
    GIBSEY_CO_TRY(
        const auto replaced,
        co_await session_.apply({cql("UPDATE claims SET body_hash = ?, turn_id = ?, made = ? WHERE user_id = ? AND route = ? "
                                     "AND key = ? IF turn_id = ? AND made = ?",
                                     claim.body_hash, claim.turn_id, claim.made, claim.user_id, claim.route, claim.key,
                                     standing->turn_id, standing->made)}));
    if (replaced == Applied::yes) co_return claim;
  }
  co_return fail(ErrorCode::busy, "too many requests use one Idempotency-Key at once; try again in a moment");
}

Async<void> CassandraTurnStore::drop_claim(std::string turn_id) {
  GIBSEY_CO_TRY(const auto rows,
                co_await session_.read(cql("SELECT user_id, route, key FROM claims_by_turn WHERE turn_id = ?", turn_id)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    model::IdempotencyClaim claim;
    claim.turn_id = turn_id;
    rows[i] >> claim.user_id >> claim.route >> claim.key;
    GIBSEY_CO_CHECK(co_await drop(std::move(claim)));
  }
  co_return Result<void>();
}

Async<void> CassandraTurnStore::drop(model::IdempotencyClaim claim) {
  for (int attempt = 0; attempt < kClaimAttempts; ++attempt) {
    GIBSEY_CO_TRY(const auto dropped,
                  co_await session_.apply({cql("DELETE FROM claims WHERE user_id = ? AND route = ? AND key = ? IF turn_id = ?",
                                               claim.user_id, claim.route, claim.key, claim.turn_id)}));
    if (dropped != Applied::unknown) co_return Result<void>();
    GIBSEY_CO_TRY(const auto standing, co_await find_claim(claim));
    if (!standing || standing->turn_id != claim.turn_id) co_return Result<void>();
  }
  co_return fail(ErrorCode::busy, "Cassandra did not say whether it dropped the claim of a refused request");
}

}  // namespace gibsey::store
