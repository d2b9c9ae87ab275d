#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace gibsey::net::testing {

/// An answer as a client takes it apart; the body is unchunked.
struct RawResponse {
  int status = 0;
  std::string head;
  std::string body;
  bool whole = false;  ///< the body ended as its framing says

  [[nodiscard]] std::optional<std::string> header(std::string_view name) const {
    const auto at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return std::nullopt;
    const auto start = at + name.size() + 4;
    return head.substr(start, head.find("\r\n", start) - start);
  }
};

/// A blocking socket to 127.0.0.1 that sends just the bytes it is told to.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int one = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (receive_buffer > 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* raw = &address;
    if (connect(socket_, static_cast<const sockaddr*>(raw), sizeof address) != 0) throw std::runtime_error("cannot connect");
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end_sending() { shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  /// What arrives next; empty at the end of the stream (ended() then) or after `time`.
  std::string receive(std::chrono::milliseconds time = std::chrono::seconds(5)) {
    pollfd waiting{socket_, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(time.count())) <= 0) return {};
    std::string bytes(16 * 1024, '\0');
    const auto read = recv(socket_, bytes.data(), bytes.size(), 0);
    ended_ = read <= 0;
    bytes.resize(read > 0 ? static_cast<std::size_t>(read) : 0);
    return bytes;
  }
  std::string receive_until(std::string_view text, std::chrono::milliseconds time = std::chrono::seconds(5)) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (received_.find(text) == std::string::npos && !ended_ && std::chrono::steady_clock::now() < end)
      received_ += receive(time);
    return received_;
  }
  std::string receive_all(std::chrono::milliseconds time = std::chrono::seconds(5)) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!ended_ && std::chrono::steady_clock::now() < end) received_ += receive(time);
    return std::exchange(received_, {});
  }
  [[nodiscard]] bool ended() const { return ended_; }

  /// The next answer of a connection that is kept open. `head_only` for HEAD.
  RawResponse response(bool head_only = false, std::chrono::milliseconds time = std::chrono::seconds(5)) {
    RawResponse answer;
    receive_until("\r\n\r\n", time);
    const auto end = received_.find("\r\n\r\n");
    if (end == std::string::npos) return answer;
    answer.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    answer.status = std::stoi(answer.head.substr(9, 3));
    if (head_only || answer.status == 204 || answer.status == 304) {
      answer.whole = true;
    } else if (answer.header("Transfer-Encoding")) {
      read_chunks(answer);
    } else {
      const auto length = answer.header("Content-Length");
      const auto wanted = length ? std::stoul(*length) : 0;
      while (received_.size() < wanted && !ended_) received_ += receive();
      answer.body = received_.substr(0, wanted);
      answer.whole = length && answer.body.size() == wanted;
      received_.erase(0, answer.body.size());
    }
    return answer;
  }

 private:
  void read_chunks(RawResponse& answer) {
    while (true) {
      const auto line = received_.find("\r\n");
      const auto size = line == std::string::npos ? 0 : std::stoul(received_.substr(0, line), nullptr, 16);
      if (line == std::string::npos || received_.size() < line + 4 + size) {
        if (ended_) return;
        received_ += receive();
        continue;
      }
      answer.body += received_.substr(line + 2, size);
      received_.erase(0, line + 4 + size);
      if (size == 0) {
        answer.whole = true;
        return;
      }
    }
  }

  int socket_;
  bool ended_ = false;
  std::string received_;
};

/// A request of its own connection, as curl makes it.
inline RawResponse fetch(std::uint16_t port, const std::string& method, const std::string& target, const std::string& body = {},
                         const std::string& fields = {}) {
  RawClient client(port);
  auto request = method + " " + target + " HTTP/1.1\r\nHost: localhost:" + std::to_string(port) + "\r\n" + fields;
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  client.send(request + "\r\n" + body);
  return client.response(method == "HEAD");
}

}  // namespace gibsey::net::testing
