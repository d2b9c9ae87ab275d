#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gibsey::provider::testing {

/// A server on 127.0.0.1 that answers each request by what is in it, one after the other, and closes; or holds the connection
/// until the other side leaves.
class ModelServer {
 public:
  struct Answer {
    std::string bytes;
    bool hold = false;
  };
  /// Called on the server's thread with head and body.
  using Answering = std::function<Answer(const std::string& request)>;

  explicit ModelServer(Answering answering)
      : answering_(std::move(answering)), acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {
    address_ = "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    thread_ = std::thread([this] { serve(); });
  }
  ~ModelServer() {
    ending_ = true;
    boost::system::error_code ignored;
    boost::asio::ip::tcp::socket wake(context_);
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  /// Waits until the other side has left a connection that was held.
  [[nodiscard]] bool was_left_within(std::chrono::milliseconds time) const {
    const auto until = std::chrono::steady_clock::now() + time;
    while (!left_ && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return left_;
  }

 private:
  void serve() {
    while (!ending_) {
      boost::system::error_code error;
      boost::asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (!ending_ && !error) answer(socket);
    }
  }

  void answer(boost::asio::ip::tcp::socket& socket) {
    boost::system::error_code error;
    std::string request;
    const auto head = boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "\r\n\r\n", error);
    const auto field = request.find("Content-Length: ");
    const auto length = field == std::string::npos ? 0 : std::stoul(request.substr(field + 16));
    if (request.size() < head + length) {
      boost::asio::read(socket, boost::asio::dynamic_buffer(request),
                        boost::asio::transfer_exactly(head + length - request.size()), error);
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const auto answer = answering_(request);
    boost::asio::write(socket, boost::asio::buffer(answer.bytes), error);
    if (answer.hold) hold(socket);
  }

  void hold(boost::asio::ip::tcp::socket& socket) {
    boost::system::error_code error;
    socket.non_blocking(true, error);
    char byte = 0;
    while (!ending_) {
      socket.read_some(boost::asio::buffer(&byte, 1), error);
      if (error && error != boost::asio::error::would_block) {
        left_ = true;
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  Answering answering_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string address_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::atomic<bool> left_ = false;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

inline std::string answer_of(int status, const std::string& body, const std::string& fields = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace gibsey::provider::testing
