#pragma once
#include "provider/chat_model.hpp"
#include "provider/upstream.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <set>
#include <string>

namespace gibsey::provider {

/// What the answers of a model have shown of it.
struct ModelHabits {
  std::set<std::string> refused;  ///< parameters that it does not take
  bool thinks = false;            ///< before it answers, out of the same bound of tokens
  bool begins_inside = false;     ///< its replies begin with reasoning whose opening tag is in the prompt
};

/// Tokens that a reply may have: the request's bound and the options'.
[[nodiscard]] int reply_tokens(const ChatRequest& request, const UpstreamOptions& options);
/// Added to these for a model that thinks: its thoughts count against max_tokens, and a reply is empty that they used up.
inline constexpr int kRoomToThink = 4096;
[[nodiscard]] bool needs_room_to_think(const ModelHabits& habits);

/// The body of POST /chat/completions: streamed, with usage, without what the model refuses.
[[nodiscard]] nlohmann::json chat_body(const ChatRequest& request, const UpstreamOptions& options, const ModelHabits& habits);

/// The parameter of `sent` that a refusal (`answer`, with its status) says the model does not take, and that can be left out;
/// nullopt where it is about something else.
[[nodiscard]] std::optional<std::string> refused_parameter(int status, const std::string& answer, const nlohmann::json& sent);

}  // namespace gibsey::provider
