#include "store/redis/history_window.hpp"

#include "store/redis/message_list.hpp"

#include <utility>

namespace gibsey::store::redis {

namespace {

using Kind = net::RedisReply::Kind;

/// Stores ARGV[2] if the value is still ARGV[1], and answers 1; else answers the value. WATCH would not do: the connection is
/// shared.
constexpr const char* kReplaceIfSame = R"(local kept = redis.call('GET', KEYS[1]) or ''
if kept ~= ARGV[1] then return kept end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1)";

std::string key_of(const std::string& conversation_id) {
  return "chrysopedia:chat:" + conversation_id;
}

std::unexpected<Error> refusal(const net::RedisReply& reply) {
  if (reply.kind != Kind::error) return fail(ErrorCode::corrupt, "Redis answered with something else than a text");
  const bool other_type = reply.text.find("WRONGTYPE") != std::string::npos;
  return fail(other_type ? ErrorCode::corrupt : ErrorCode::unavailable, "Redis refuses: " + reply.text);
}

std::string with_pair(const std::string& kept, const std::string& question, const std::string& reply) {
  auto messages = decode_messages(kept).value_or(std::vector<WindowMessage>());
  messages.push_back({"user", question});
  messages.push_back({"assistant", reply});
  if (messages.size() > HistoryWindow::kMostMessages) {
    messages.erase(messages.begin(), messages.end() - static_cast<std::ptrdiff_t>(HistoryWindow::kMostMessages));
  }
  return encode_messages(messages);
}

class RedisHistoryWindow final : public HistoryWindow {
 public:
  RedisHistoryWindow(std::shared_ptr<net::RedisClient> redis, std::chrono::milliseconds limit)
      : redis_(std::move(redis)), limit_(limit) {}

  Async<std::vector<WindowMessage>> load(std::string conversation_id) override {
    GIBSEY_CO_TRY(const auto text, co_await text_of(conversation_id, Deadline::after(limit_)));
    co_return decode_messages(text);
  }

  Async<void> append(std::string conversation_id, std::string question, std::string reply) override {
    const auto deadline = Deadline::after(limit_);
    const auto life = std::to_string(kIdle.count());
    GIBSEY_CO_TRY(auto kept, co_await text_of(conversation_id, deadline));
    // Of those that append at once one succeeds in each round, so this ends.
    for (;;) {
      net::RedisCommand command{"EVAL", kReplaceIfSame, "1", key_of(conversation_id), kept, with_pair(kept, question, reply),
                                life};
      GIBSEY_CO_TRY(auto answer, co_await redis_->call(std::move(command), deadline));
      if (answer.kind == Kind::integer) co_return Result<void>{};
      if (answer.kind != Kind::bulk) co_return refusal(answer);
      kept = std::move(answer.text);
    }
  }

  Async<void> forget(std::string conversation_id) override {
    GIBSEY_CO_TRY(const auto answer, co_await redis_->call({"DEL", key_of(conversation_id)}, Deadline::after(limit_)));
    if (answer.kind != Kind::integer) co_return refusal(answer);
    co_return Result<void>{};
  }

 private:
  Async<std::string> text_of(std::string conversation_id, Deadline deadline) {
    GIBSEY_CO_TRY(auto answer, co_await redis_->call({"GET", key_of(conversation_id)}, deadline));
    if (answer.kind != Kind::bulk && answer.kind != Kind::nil) co_return refusal(answer);
    co_return std::move(answer.text);
  }

  std::shared_ptr<net::RedisClient> redis_;
  std::chrono::milliseconds limit_;
};

}  // namespace

std::unique_ptr<HistoryWindow> make_history_window(std::shared_ptr<net::RedisClient> redis, std::chrono::milliseconds limit) {
  return std::make_unique<RedisHistoryWindow>(std::move(redis), limit);
}

}  // namespace gibsey::store::redis
