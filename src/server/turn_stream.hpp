#pragma once
#include "chat/turn_service.hpp"
#include "net/http_handler.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gibsey::server {

/// Appends what a dialect shows of an event to `out`, or nothing; `id` is "<turn_id>:<seq>".
using EncodeEvent = std::function<void(std::string& out, const model::TurnEvent& event, std::string_view id)>;

/// The fields of a 200 that begins an event stream of the turn; "" of none.
[[nodiscard]] net::HttpHeaders stream_headers(const std::string& turn_id);

/// Writes the turn's events after number `after_seq` to a stream that has begun, as they come, with a comment after each
/// `keep_alive` without one. Ends the stream after the last event. Returns early, without a word, when the client leaves or is
/// cut; the turn goes on by itself.
boost::asio::awaitable<void> stream_turn(net::HttpExchange& exchange, std::shared_ptr<chat::RunningTurn> turn,
                                         std::int64_t after_seq, std::chrono::milliseconds keep_alive, EncodeEvent encode);

}  // namespace gibsey::server
