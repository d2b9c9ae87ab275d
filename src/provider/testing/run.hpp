#pragma once
#include "provider/chat_model.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace gibsey::provider::testing {

/// Runs a coroutine to its end on an io_context of its own.
template <typename T>
T run(boost::asio::awaitable<T> coroutine) {
  boost::asio::io_context io;
  std::optional<T> out;
  std::exception_ptr thrown;
  boost::asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr error, T value) {
    thrown = error;
    out.emplace(std::move(value));
  });
  io.run();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*out);
}

/// A whole reply.
struct Told {
  std::string text;
  Generated generated;
  std::optional<Error> error;
};

inline boost::asio::awaitable<Told> read_all(TokenStream& stream) {
  Told told;
  for (;;) {
    auto piece = co_await stream.next();
    if (!piece) {
      told.error = piece.error();
      co_return told;
    }
    if (!*piece) break;
    told.text += **piece;
  }
  told.generated = stream.generated();
  co_return told;
}

inline boost::asio::awaitable<Told> tell(ChatModel& model, ChatRequest request) {
  auto stream = co_await model.start(std::move(request));
  if (!stream) co_return Told{{}, {}, stream.error()};
  co_return co_await read_all(**stream);
}

inline std::filesystem::path model_path(const std::string& name) {
  const char* chosen = std::getenv("GIBSEY_CACHE");
  return std::filesystem::path(chosen != nullptr ? chosen : GIBSEY_CACHE) / "models" / name;
}

inline std::filesystem::path chat_model_path() {
  return model_path("smollm2-135m-instruct-q4_1.gguf");
}
inline std::filesystem::path embedding_model_path() {
  return model_path("all-minilm-l6-v2-q8_0.gguf");
}

}  // namespace gibsey::provider::testing
