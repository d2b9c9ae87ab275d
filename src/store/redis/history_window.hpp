#pragma once
#include "net/redis_client.hpp"
#include "store/history_window.hpp"

#include <chrono>
#include <memory>

namespace gibsey::store::redis {

/// Under the key `chrysopedia:chat:{conversation_id}`, as seed 002 keeps it; it expires there. `limit`: for each call.
[[nodiscard]] std::unique_ptr<HistoryWindow> make_history_window(
    std::shared_ptr<net::RedisClient> redis, std::chrono::milliseconds limit = std::chrono::milliseconds(1'000));

}  // namespace gibsey::store::redis
