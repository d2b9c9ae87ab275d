#include "provider/scripted/scripted_model.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace gibsey::provider {
namespace {

using nlohmann::json;

ErrorCode error_code_named(const std::string& name) {
  for (const auto code :
       {ErrorCode::unavailable, ErrorCode::deadline, ErrorCode::busy, ErrorCode::too_large, ErrorCode::cancelled}) {
    if (name == to_string(code)) return code;
  }
  return ErrorCode::unavailable;
}

ScriptedReply read_reply(const json& value) {
  ScriptedReply reply;
  if (value.contains("tokens"))
    reply = ScriptedModel::steady(value.at("tokens").get<int>(), value.value("tokens_per_second", 0.0));
  reply.match = value.value("match", std::string());
  reply.first_token = std::chrono::milliseconds(value.value("first_token_ms", 0));
  for (const auto& chunk : value.value("chunks", json::array())) {
    if (chunk.is_string()) {
      reply.chunks.push_back({chunk.get<std::string>()});
    } else {
      reply.chunks.push_back({chunk.at("text").get<std::string>(), std::chrono::milliseconds(chunk.value("delay_ms", 0))});
    }
  }
  if (value.contains("error")) {
    const auto& error = value.at("error");
    reply.failure = ScriptedFailure{error.value("after_chunks", 0), error_code_named(error.value("code", std::string())),
                                    error.value("message", std::string("the script says so"))};
  }
  if (value.value("finish", std::string("stop")) == "length") reply.finish = model::FinishReason::length;
  return reply;
}

ScriptedOptions read_options(const json& script) {
  ScriptedOptions options;
  options.name = script.value("name", options.name);
  options.supports_opening = script.value("supports_opening", options.supports_opening);
  options.is_small = script.value("is_small", options.is_small);
  options.context_tokens = script.value("context_tokens", options.context_tokens);
  options.max_running = script.value("max_running", options.max_running);
  options.max_queue = script.value("max_queue", options.max_queue);
  for (const auto& reply : script.at("replies")) options.replies.push_back(read_reply(reply));
  return options;
}

}  // namespace

Result<std::unique_ptr<ScriptedModel>> ScriptedModel::load(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) return fail(ErrorCode::not_found, fmt::format("the script {} cannot be read", file.string()));
  try {
    auto options = read_options(json::parse(stream));
    if (options.replies.empty()) return fail(ErrorCode::corrupt, fmt::format("{}: \"replies\" holds no reply", file.string()));
    return std::make_unique<ScriptedModel>(std::move(options));
  } catch (const json::exception& problem) {
    return fail(ErrorCode::corrupt, fmt::format("{}: {}", file.string(), problem.what()));
  }
}

}  // namespace gibsey::provider
