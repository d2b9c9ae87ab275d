#pragma once
#include "net/testing/canned_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gibsey::provider::testing {

/// A server on 127.0.0.1 that reads each request whole and answers it with what `answer` makes of it, then closes.
class AnsweringServer {
 public:
  using Answer = std::function<std::string(const std::string& request)>;

  explicit AnsweringServer(Answer answer)
      : answer_(std::move(answer)), acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this] { serve(); });
  }
  ~AnsweringServer() {
    ending_ = true;
    boost::system::error_code ignored;
    boost::asio::ip::tcp::socket wake(context_);
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  AnsweringServer(const AnsweringServer&) = delete;
  AnsweringServer& operator=(const AnsweringServer&) = delete;

  [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  /// Head and body of each request. Call after the answers have been read.
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }

 private:
  void serve() {
    for (;;) {
      boost::system::error_code error;
      boost::asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (ending_) return;
      if (error) continue;
      requests_.push_back(read_request(socket));
      boost::asio::write(socket, boost::asio::buffer(answer_(requests_.back())), error);
    }
  }

  static std::string read_request(boost::asio::ip::tcp::socket& socket) {
    boost::system::error_code error;
    std::string request;
    const auto head = boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "\r\n\r\n", error);
    const auto field = request.find("Content-Length: ");
    const auto length = field == std::string::npos ? 0 : std::stoul(request.substr(field + 16));
    if (request.size() < head + length) {
      boost::asio::read(socket, boost::asio::dynamic_buffer(request),
                        boost::asio::transfer_exactly(head + length - request.size()), error);
    }
    return request;
  }

  Answer answer_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<std::string> requests_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

/// What follows the head.
[[nodiscard]] inline std::string body_in(const std::string& message) {
  return message.substr(message.find("\r\n\r\n") + 4);
}

/// A whole answer. `status`: "200 OK".
[[nodiscard]] inline std::string answer(const std::string& status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace gibsey::provider::testing
