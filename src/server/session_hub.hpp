#pragma once
#include "base/clock.hpp"
#include "chat/turn_service.hpp"
#include "net/websocket_session.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::server {

/// What GET /v1/sessions tells of a session.
struct SessionSummary {
  std::string id;
  std::string owner;
  int sockets = 0;
  int running = 0;  ///< replies being streamed
  std::int64_t page_index = 0;
  UnixMillis connected = 0;  ///< the first socket
  UnixMillis active = 0;     ///< the last message either way
};

/// The sessions of seed 003: sockets that share an id see the same stream. Thread-safe; nothing in it waits. A session is
/// forgotten when its last socket has left and no reply runs.
class SessionHub {
 public:
  /// Replies that one session may have running at once.
  static constexpr int kMostRunning = 4;

  using Socket = std::shared_ptr<net::WebSocketSession>;

  /// Whether a socket of `owner` may join ("" is nobody in particular): a session belongs to the reader who opened it.
  [[nodiscard]] bool may_join(const std::string& session_id, const std::string& owner) const;
  /// Adds a socket, and sends it `welcome` and the text of running replies so far.
  void join(const std::string& session_id, const std::string& owner, const Socket& socket, const std::string& welcome);
  void leave(const std::string& session_id, const Socket& socket);

  /// Sends a message to every socket of a session, or of all of them.
  void broadcast(const std::string& session_id, const std::string& message);
  void broadcast_all(const std::string& message);

  /// A reply that runs in the session; false when it has as many as it may.
  bool begin_reply(const std::string& session_id, const std::shared_ptr<chat::RunningTurn>& turn);
  /// Sends a piece of the reply to all sockets, and keeps it for those that come later.
  void reply_piece(const std::string& session_id, const std::string& response_id, const std::string& text);
  /// Everything sent of the reply so far is void.
  void reply_restarts(const std::string& session_id, const std::string& response_id);
  /// Says that the reply is whole and forgets it.
  void end_reply(const std::string& session_id, const std::string& response_id);
  /// Stops a reply; false when none of that id runs here.
  bool stop_reply(const std::string& session_id, const std::string& response_id);

  void set_page(const std::string& session_id, std::int64_t page_index);
  /// Of `owner`, or of everybody (nullopt).
  [[nodiscard]] std::vector<SessionSummary> list(const std::optional<std::string>& owner) const;
  [[nodiscard]] int sockets() const;

 private:
  struct Reply {
    std::shared_ptr<chat::RunningTurn> turn;
    std::string text;
  };
  struct Session {
    std::string owner;
    std::vector<Socket> sockets;
    std::map<std::string, Reply> running;
    std::int64_t page_index = 0;
    UnixMillis connected = 0;
    UnixMillis active = 0;
  };

  void forget_if_empty(const std::string& session_id);
  static void send(Session& session, const std::string& message);

  mutable std::mutex mutex_;
  std::map<std::string, Session> sessions_;
};

/// {type, data} with the time in data.timestamp (ISO 8601, microseconds), as every message of seed 003 has it.
[[nodiscard]] std::string stream_message(const std::string& response_id, const std::string& token, bool complete);
[[nodiscard]] std::string session_timestamp();

}  // namespace gibsey::server
