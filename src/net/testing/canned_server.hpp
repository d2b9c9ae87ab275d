#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace gibsey::net::testing {

/// A server on 127.0.0.1 that reads each request whole and answers with the bytes it was given, piece by piece, then closes.
class CannedServer {
 public:
  struct Piece {
    std::string bytes;
    std::chrono::milliseconds before{0};
  };

  explicit CannedServer(std::vector<Piece> answer)
      : answer_(std::move(answer)), acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {
    port_ = acceptor_.local_endpoint().port();
    thread_ = std::thread([this] { serve(); });
  }
  ~CannedServer() {
    ending_ = true;
    boost::system::error_code ignored;
    boost::asio::ip::tcp::socket wake(context_);
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// The last request, head and body. Call after its answer has been read.
  [[nodiscard]] const std::string& request() const { return request_; }

 private:
  void serve() {
    for (;;) {
      boost::system::error_code error;
      boost::asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (ending_) return;
      if (!error) answer(socket);
    }
  }

  void answer(boost::asio::ip::tcp::socket& socket) {
    boost::system::error_code error;
    socket.set_option(boost::asio::ip::tcp::no_delay(true), error);
    request_.clear();
    const auto head = boost::asio::read_until(socket, boost::asio::dynamic_buffer(request_), "\r\n\r\n", error);
    const auto field = request_.find("Content-Length: ");
    const auto length = field == std::string::npos ? 0 : std::stoul(request_.substr(field + 16));
    if (request_.size() < head + length) {
      boost::asio::read(socket, boost::asio::dynamic_buffer(request_),
                        boost::asio::transfer_exactly(head + length - request_.size()), error);
    }
    for (const auto& piece : answer_) {
      const auto until = std::chrono::steady_clock::now() + piece.before;
      while (std::chrono::steady_clock::now() < until && !ending_) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      boost::asio::write(socket, boost::asio::buffer(piece.bytes), error);
      if (error) return;
    }
  }

  std::vector<Piece> answer_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::string request_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

/// A piece for each byte: nothing may rely on how a stream is cut.
inline std::vector<CannedServer::Piece> byte_by_byte(const std::string& bytes) {
  std::vector<CannedServer::Piece> pieces;
  for (const char byte : bytes) pieces.push_back({std::string(1, byte)});
  return pieces;
}

inline std::string chunked(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string size;
  for (auto left = bytes.size(); left > 0; left /= 16) size.insert(size.begin(), kDigits[left % 16]);
  return size + "\r\n" + bytes + "\r\n";
}

}  // namespace gibsey::net::testing
