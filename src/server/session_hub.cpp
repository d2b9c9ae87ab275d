#include "server/session_hub.hpp"

#include "server/json_response.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>

namespace gibsey::server {

std::string session_timestamp() {
  const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto micros = now.time_since_epoch().count() % 1'000'000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), micros);
}

std::string stream_message(const std::string& response_id, const std::string& token, bool complete) {
  return dump(
      {{"type", "ai_response_stream"},
       {"data",
        {{"response_id", response_id}, {"token", token}, {"is_complete", complete}, {"timestamp", session_timestamp()}}}});
}

bool SessionHub::may_join(const std::string& session_id, const std::string& owner) const {
  const std::lock_guard lock(mutex_);
  const auto session = sessions_.find(session_id);
  return session == sessions_.end() || session->second.owner == owner;
}

void SessionHub::join(const std::string& session_id, const std::string& owner, const Socket& socket, const std::string& welcome) {
  const std::lock_guard lock(mutex_);
  auto [at, is_new] = sessions_.try_emplace(session_id);
  auto& session = at->second;
  if (is_new) session = {.owner = owner, .connected = unix_millis_now()};
  session.active = unix_millis_now();
  (void)socket->send(welcome);
  // Under the lock: the next piece goes to this socket too, and none twice.
  for (const auto& [id, reply] : session.running) {
    if (!reply.text.empty()) (void)socket->send(stream_message(id, reply.text, false));
  }
  session.sockets.push_back(socket);
}

void SessionHub::leave(const std::string& session_id, const Socket& socket) {
  const std::lock_guard lock(mutex_);
  const auto session = sessions_.find(session_id);
  if (session == sessions_.end()) return;
  std::erase(session->second.sockets, socket);
  forget_if_empty(session_id);
}

void SessionHub::forget_if_empty(const std::string& session_id) {
  const auto session = sessions_.find(session_id);
  if (session != sessions_.end() && session->second.sockets.empty() && session->second.running.empty()) sessions_.erase(session);
}

void SessionHub::send(Session& session, const std::string& message) {
  session.active = unix_millis_now();
  // A socket that does not take what it is sent is cut by itself; its own reader notices.
  for (const auto& socket : session.sockets) (void)socket->send(message);
}

void SessionHub::broadcast(const std::string& session_id, const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (const auto session = sessions_.find(session_id); session != sessions_.end()) send(session->second, message);
}

void SessionHub::broadcast_all(const std::string& message) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, session] : sessions_) send(session, message);
}

bool SessionHub::begin_reply(const std::string& session_id, const std::shared_ptr<chat::RunningTurn>& turn) {
  const std::lock_guard lock(mutex_);
  auto& session = sessions_[session_id];
  if (session.running.size() >= kMostRunning) return false;
  session.running[turn->turn_id()] = {.turn = turn};
  return true;
}

void SessionHub::reply_piece(const std::string& session_id, const std::string& response_id, const std::string& text) {
  const std::lock_guard lock(mutex_);
  const auto session = sessions_.find(session_id);
  if (session == sessions_.end()) return;
  if (const auto reply = session->second.running.find(response_id); reply != session->second.running.end())
    reply->second.text += text;
  send(session->second, stream_message(response_id, text, false));
}

void SessionHub::reply_restarts(const std::string& session_id, const std::string& response_id) {
  const std::lock_guard lock(mutex_);
  const auto session = sessions_.find(session_id);
  if (session == sessions_.end()) return;
  if (const auto reply = session->second.running.find(response_id); reply != session->second.running.end())
    reply->second.text.clear();
}

void SessionHub::end_reply(const std::string& session_id, const std::string& response_id) {
  const std::lock_guard lock(mutex_);
  const auto session = sessions_.find(session_id);
  if (session == sessions_.end()) return;
  session->second.running.erase(response_id);
  send(session->second, stream_message(response_id, "", true));
  forget_if_empty(session_id);
}

bool SessionHub::stop_reply(const std::string& session_id, const std::string& response_id) {
  std::shared_ptr<chat::RunningTurn> turn;
  {
    const std::lock_guard lock(mutex_);
    const auto session = sessions_.find(session_id);
    if (session == sessions_.end()) return false;
    const auto reply = session->second.running.find(response_id);
    if (reply == session->second.running.end()) return false;
    turn = reply->second.turn;
  }
  turn->stop();
  return true;
}

void SessionHub::set_page(const std::string& session_id, std::int64_t page_index) {
  const std::lock_guard lock(mutex_);
  if (const auto session = sessions_.find(session_id); session != sessions_.end()) session->second.page_index = page_index;
}

std::vector<SessionSummary> SessionHub::list(const std::optional<std::string>& owner) const {
  const std::lock_guard lock(mutex_);
  std::vector<SessionSummary> summaries;
  for (const auto& [id, session] : sessions_) {
    if (owner && session.owner != *owner) continue;
    summaries.push_back({.id = id,
                         .owner = session.owner,
                         .sockets = static_cast<int>(session.sockets.size()),
                         .running = static_cast<int>(session.running.size()),
                         .page_index = session.page_index,
                         .connected = session.connected,
                         .active = session.active});
  }
  return summaries;
}

int SessionHub::sockets() const {
  const std::lock_guard lock(mutex_);
  int count = 0;
  for (const auto& [id, session] : sessions_) count += static_cast<int>(session.sockets.size());
  return count;
}

}  // namespace gibsey::server
