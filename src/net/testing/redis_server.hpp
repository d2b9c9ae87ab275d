#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace gibsey::net::testing {

/// A Redis of the test's own: on a free port of 127.0.0.1 and a unix socket, in a folder of its own, keeping nothing on disk. It
/// ends with the object, and with the test program however that ends. Needs Debian's redis-server
/// (tools/setup/apt_test_packages.txt).
class RedisServer {
 public:
  explicit RedisServer(std::string password = {}) : password_(std::move(password)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "gibsey-redis-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder for Redis");
    folder_ = pattern;
    // Between the choice of a port and its use another program may take it.
    for (int attempt = 0; attempt < 5; ++attempt) {
      port_ = free_port();
      if (try_start()) return;
    }
    throw std::runtime_error("redis-server does not start (is it installed? tools/setup/setup.sh --tests): " + output());
  }
  ~RedisServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string socket_path() const { return folder_ / "redis.sock"; }

  /// As a machine that loses its power.
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  /// After kill(): anew, empty, on the same port and socket.
  void start() {
    if (!try_start()) throw std::runtime_error("redis-server does not start again: " + output());
  }
  /// Its connections stay, but it does nothing until resume().
  void pause() { ::kill(pid_, SIGSTOP); }
  void resume() { ::kill(pid_, SIGCONT); }

  /// A port on which nobody listened just now.
  static std::uint16_t free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    void* raw = &address;
    socklen_t length = sizeof address;
    const bool found = bind(probe, static_cast<const sockaddr*>(raw), length) == 0 &&
                       getsockname(probe, static_cast<sockaddr*>(raw), &length) == 0;
    ::close(probe);
    if (!found) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
  }

 private:
  bool try_start() {
    std::vector<std::string> arguments{"redis-server",
                                       "--port",
                                       std::to_string(port_),
                                       "--bind",
                                       "127.0.0.1",
                                       "--unixsocket",
                                       socket_path(),
                                       "--dir",
                                       folder_.string(),
                                       "--save",
                                       "",
                                       "--appendonly",
                                       "no",
                                       "--daemonize",
                                       "no",
                                       "--tcp-backlog",
                                       "128"};
    if (!password_.empty()) arguments.insert(arguments.end(), {"--requirepass", password_});
    std::vector<char*> raw;
    for (auto& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    const std::string log = folder_ / "output";
    std::filesystem::remove(log);  // the line of an earlier start would be taken for this one's
    const auto parent = getpid();
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("no process for Redis");
    if (pid_ == 0) run(raw, log.c_str(), parent);
    return wait_until_ready();
  }

  /// In the child: only calls that are safe after fork().
  [[noreturn]] static void run(const std::vector<char*>& arguments, const char* log, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }

  bool wait_until_ready() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end) {
      if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        return false;
      }
      if (output().find("Ready to accept connections") != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    kill();
    return false;
  }

  [[nodiscard]] std::string output() const {
    std::ifstream in(folder_ / "output");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string password_;
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace gibsey::net::testing
