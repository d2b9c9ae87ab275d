// What does the quotation lock cost?
//
// Workload: a chat model in this process (--model GGUF). Printed: the time to judge one token that opens no quotation, beside the
// time of one freely chosen token; and a token of replies that quote a line of about 40 tokens by the lock, beside one of free
// replies.

#include "provider/llama/quote_lock.hpp"
#include "provider/llama/engine.hpp"
#include "provider/llama/llama_chat.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace gibsey {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint32_t kRounds = 16;
const std::string kLine =
    "New Natalie Weissman sat side-saddle on a white mare with a chipped ear, and she said that she thought Arieol had climbed "
    "the "
    "tower to let her out.";

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double judge_microseconds() {
  provider::QuoteLock lock({kLine, kLine + " Again.", "Nobody else wanted the key."});
  const std::vector<std::string> tokens{" the", " tower", " and", ",", " it", "'s", " light", "."};
  constexpr int kTokens = 200'000;
  int passed = 0;
  const auto start = Clock::now();
  for (int i = 0; i < kTokens; ++i) {
    if (i % 120 == 0) lock = provider::QuoteLock({kLine, kLine + " Again.", "Nobody else wanted the key."});
    const auto& token = tokens[static_cast<std::size_t>(i) % tokens.size()];
    if (lock.judge(token).verdict == provider::QuoteLock::Verdict::pass) ++passed;
    lock.wrote(token);
  }
  if (passed != kTokens) fmt::print("only {} tokens passed\n", passed);
  return seconds_since(start) / kTokens * 1e6;
}

boost::asio::awaitable<int> tell(provider::ChatModel& model, provider::ChatRequest request, std::string& text) {
  auto stream = co_await model.start(std::move(request));
  while (stream) {
    auto piece = co_await (*stream)->next();
    if (!piece || !*piece) break;
    text += **piece;
  }
  co_return stream ? (*stream)->generated().usage.completion_tokens : 0;
}

struct Told {
  double seconds = 0;
  int tokens = 0;
  std::string text;
};

Told tell_once(provider::ChatModel& model, bool locked, std::uint32_t seed) {
  provider::ChatRequest request;
  request.messages = {
      {provider::Role::system, "You are Arieol, who keeps the tower."},
      {provider::Role::user, "Repeat after me: She said, \"I am the queen of the tower.\" He said, \"You are not.\""}};
  request.stable_messages = 1;
  request.opening = "She said,";
  request.max_tokens = 80;
  request.sampling.seed = seed;
  if (locked) request.quotes = {kLine};
  Told told;
  boost::asio::io_context io;
  const auto start = Clock::now();
  auto tokens = boost::asio::co_spawn(io, tell(model, std::move(request), told.text), boost::asio::use_future);
  io.run();
  told.seconds = seconds_since(start);
  told.tokens = tokens.get();
  return told;
}

void run(const std::string& file) {
  auto engine = provider::LlamaEngine::open({.chat_model_path = file});
  if (!engine) throw std::runtime_error(engine.error().message);
  provider::LlamaChat model(**engine);
  fmt::print("judging a token: {:.3f} us\n", judge_microseconds());
  Told free;
  Told locked;
  int quoting = 0;
  for (std::uint32_t seed = 1; seed <= kRounds; ++seed) {
    for (const bool with_lock : {false, true}) {
      const auto told = tell_once(model, with_lock, seed);
      if (with_lock && !told.text.contains(kLine)) continue;
      if (with_lock) ++quoting;
      auto& sum = with_lock ? locked : free;
      sum.seconds += told.seconds;
      sum.tokens += told.tokens;
    }
  }
  const auto each = [](const Told& sum) { return sum.tokens > 0 ? sum.seconds / sum.tokens * 1e3 : 0; };
  fmt::print(
      "a token of a reply, prompt included: free {:.2f} ms ({} tokens), with a locked line {:.2f} ms ({} tokens, {} replies)\n",
      each(free), free.tokens, each(locked), locked.tokens, quoting);
}

}  // namespace
}  // namespace gibsey

int main(int argc, char** argv) {
  CLI::App cli("The cost of the quotation lock");
  std::string model;
  cli.add_option("--model", model, "A chat model, GGUF")->required();
  CLI11_PARSE(cli, argc, argv);
  try {
    gibsey::run(model);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
  }
  return 0;
}
