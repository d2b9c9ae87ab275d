#include "ingest/formats/child_process.hpp"

#include "base/deadline.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

extern char** environ;

namespace gibsey::ingest {
namespace {

constexpr std::size_t kMostComplaints = 4096;
constexpr std::size_t kPiece = 65'536;

/// Both ends of a pipe, closed with it.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] bool is_open() const { return ends_[0] >= 0; }
  [[nodiscard]] int reading() const { return ends_[0]; }
  [[nodiscard]] int writing() const { return ends_[1]; }
  void close_writing() { close_end(1); }
  void close_reading() { close_end(0); }

 private:
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) close(ends_[end]);
    ends_[end] = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

/// A process that has been started; ended and waited for with it.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) wait(true);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void limit_memory(std::uint64_t bytes) const {
    const rlimit memory{bytes, bytes};
    prlimit(pid_, RLIMIT_AS, &memory, nullptr);
  }
  /// False when it runs on past `deadline`.
  bool ends_by(const Deadline& deadline) const {
    for (;;) {
      siginfo_t state{};
      if (waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT) == 0 && state.si_pid == pid_) return true;
      if (deadline.passed()) return false;
      poll(nullptr, 0, 1);
    }
  }
  /// Its exit status.
  int wait(bool end) {
    // Its own group: what it may have started goes too.
    if (end) kill(-pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
};

class SpawnSetup {
 public:
  SpawnSetup(const Pipe& output, const Pipe& complaints) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files_, output.writing(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files_, complaints.writing(), STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  /// 0, or what errno would say.
  int spawn(pid_t& pid, const std::vector<std::string>& arguments) {
    std::vector<char*> words;
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    return posix_spawnp(&pid, words.front(), &files_, &attributes_, words.data(), environ);
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

/// Reads what is there; closes the pipe at its end.
void read_some(Pipe& pipe, std::string& text) {
  std::array<char, kPiece> piece;
  const auto count = read(pipe.reading(), piece.data(), piece.size());
  if (count > 0) {
    text.append(piece.data(), static_cast<std::size_t>(count));
  } else if (count == 0 || errno != EINTR) {
    pipe.close_reading();
  }
}

/// Why it must end, when it must.
std::optional<ErrorCode> read_all(Pipe& output, Pipe& complaints, ProcessOutput& result, std::size_t most,
                                  const Deadline& deadline) {
  while (output.is_open() || complaints.is_open()) {
    if (deadline.passed()) return ErrorCode::deadline;
    std::array<pollfd, 2> waiting{{{output.reading(), POLLIN, 0}, {complaints.reading(), POLLIN, 0}}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline.left()).count() + 1;
    if (poll(waiting.data(), waiting.size(), static_cast<int>(left)) <= 0) continue;
    if (waiting[0].revents != 0) read_some(output, result.output);
    if (waiting[1].revents != 0) read_some(complaints, result.complaints);
    if (result.output.size() > most) return ErrorCode::too_large;
    result.complaints.resize(std::min(result.complaints.size(), kMostComplaints));
  }
  return {};
}

}  // namespace

Result<ProcessOutput> run_process(const std::vector<std::string>& arguments, const ProcessLimits& limits) {
  const std::string& name = arguments.front();
  Pipe output;
  Pipe complaints;
  if (!output.is_open() || !complaints.is_open()) return fail(ErrorCode::unavailable, "no pipe could be made");
  pid_t pid = -1;
  const int problem = SpawnSetup(output, complaints).spawn(pid, arguments);
  if (problem == ENOENT) return fail(ErrorCode::not_found, fmt::format("{} is not installed", name));
  if (problem != 0) return fail(ErrorCode::unavailable, fmt::format("{} cannot be started: {}", name, std::strerror(problem)));
  Child child(pid);
  child.limit_memory(limits.memory);
  output.close_writing();
  complaints.close_writing();
  ProcessOutput result;
  const Deadline deadline = Deadline::after(limits.time);
  auto ended = read_all(output, complaints, result, limits.output, deadline);
  if (!ended && !child.ends_by(deadline)) ended = ErrorCode::deadline;
  result.status = child.wait(ended.has_value());
  if (ended == ErrorCode::deadline) {
    const auto seconds = std::chrono::duration<double>(limits.time).count();
    return fail(ErrorCode::deadline, fmt::format("{} took more than {:g} s and was ended", name, seconds));
  }
  if (ended) {
    return fail(ErrorCode::too_large, fmt::format("{} wrote more than {} MiB and was ended", name, limits.output >> 20));
  }
  return result;
}

}  // namespace gibsey::ingest
