#include "provider/llama/model_report.hpp"

#include "provider/llama/chat_context.hpp"
#include "provider/llama/chat_prompt.hpp"
#include "provider/llama/engine.hpp"
#include "provider/llama/model_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>

namespace gibsey::provider {
namespace {

/// A head that keeps llama.cpp busy for longer is not an honest one.
constexpr unsigned kMostSeconds = 120;
constexpr std::size_t kMostMessage = 4096;

/// What the child tells, as it lies in memory; the message of an error follows.
struct Verdict {
  bool taken = false;
  ErrorCode code = ErrorCode::internal;
  MemoryNeed need;
  GpuMemory gpus;
};

Result<Verdict> ask_llama(const std::filesystem::path& file, int cells) {
  GIBSEY_TRY(const auto vocabulary, load_vocabulary(file));
  GIBSEY_CHECK(ChatTemplate::of(*vocabulary, file.string()));
  GIBSEY_TRY(const auto measured, measure_need(file, chat_context_params(cells, EngineOptions{}.max_sequences), 0));
  return Verdict{.taken = true, .code = {}, .need = measured.host, .gpus = gpu_memory()};
}

using Question = std::function<Result<Verdict>()>;

/// In the child: nothing of the parent's is unwound, flushed or written to.
[[noreturn]] void tell(int pipe, const Question& question) {
  setenv("GGML_NO_BACKTRACE", "1", 1);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  alarm(kMostSeconds);
  const auto answer = question();
  Verdict verdict;
  std::string message;
  if (answer) {
    verdict = *answer;
  } else {
    verdict.code = answer.error().code;
    message = answer.error().message.substr(0, kMostMessage);
  }
  std::string bytes(sizeof verdict, '\0');
  std::memcpy(bytes.data(), &verdict, sizeof verdict);
  bytes += message;
  // Smaller than a pipe's buffer: written whole.
  _exit(write(pipe, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) ? 0 : 1);
}

std::string read_all(int pipe) {
  std::string bytes;
  std::array<char, 1024> piece{};
  for (;;) {
    const auto count = read(pipe, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return bytes;
    bytes.append(piece.data(), static_cast<std::size_t>(count));
  }
}

/// Errors: those of the question; corrupt, with half a sentence, where the child did not live to tell.
Result<Verdict> ask_in_child(const Question& question) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(ErrorCode::unavailable, "the model cannot be examined: no pipe can be made");
  const pid_t child = fork();
  if (child == 0) tell(ends[1], question);
  close(ends[1]);
  const auto told = child > 0 ? read_all(ends[0]) : std::string();
  close(ends[0]);
  if (child < 0) return fail(ErrorCode::unavailable, "the model cannot be examined: no process can be started");
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (told.size() < sizeof(Verdict)) {
    const bool endless = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    return fail(ErrorCode::corrupt, endless ? "llama.cpp does not come to an end with it" : "llama.cpp breaks down over it");
  }
  Verdict verdict;
  std::memcpy(&verdict, told.data(), sizeof verdict);
  if (!verdict.taken) return fail(verdict.code, told.substr(sizeof verdict));
  return verdict;
}

}  // namespace

Result<ModelReport> examine_model(const std::filesystem::path& file) {
  GIBSEY_TRY(auto facts, read_gguf(file));
  GIBSEY_CHECK(check_talks(facts, file));
  const auto size = chat_size(facts.parameters, facts.context_tokens);
  const auto verdict = ask_in_child([&] { return ask_llama(file, size.cells); });
  if (!verdict) {
    const auto& error = verdict.error();
    const bool named = error.message.contains(file.string());
    return fail(error.code, named ? error.message
                                  : fmt::format("the model {} is damaged: {}; download it again", file.string(), error.message));
  }
  return ModelReport{
      .facts = std::move(facts), .need = verdict->need, .context_tokens = size.context_tokens, .gpus = verdict->gpus};
}

GpuMemory find_gpu_memory() {
  const auto verdict =
      ask_in_child([]() -> Result<Verdict> { return Verdict{.taken = true, .code = {}, .need = {}, .gpus = gpu_memory()}; });
  return verdict ? verdict->gpus : GpuMemory{};
}

}  // namespace gibsey::provider
