#include "provider/openai/chat_body.hpp"

#include "base/utf8.hpp"
#include "provider/openai/openai_server.hpp"
#include "provider/stream_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace gibsey::provider {

using nlohmann::json;

namespace {

/// OpenAI takes no more; ReplyText looks for all of them.
constexpr std::size_t kMostStops = 4;

/// What a reply can do without. max_tokens is the older name of max_completion_tokens: one of the two is known everywhere.
constexpr std::array<std::string_view, 7> kOptional{
    "max_tokens", "max_completion_tokens", "stream_options", "temperature", "top_p", "stop", "seed"};

constexpr std::array<std::string_view, 11> kRefusals{"unsupported", "not supported",  "does not support", "not permitted",
                                                     "unknown",     "unrecognized",   "not allowed",      "forbidden",
                                                     "unexpected",  "not compatible", "deprecated"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Where `text` has `name` as a word of its own.
std::size_t find_word(std::string_view text, std::string_view name) {
  const auto in_word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    if ((at == 0 || !in_word(text[at - 1])) && (end == text.size() || !in_word(text[end]))) return at;
  }
  return std::string_view::npos;
}

void add_token_bound(json& body, int tokens, const std::set<std::string>& refused) {
  if (!refused.contains("max_tokens")) {
    body["max_tokens"] = tokens;
  } else if (!refused.contains("max_completion_tokens")) {
    body["max_completion_tokens"] = tokens;
  }
}

}  // namespace

int reply_tokens(const ChatRequest& request, const UpstreamOptions& options) {
  return options.max_tokens > 0 ? std::min(request.max_tokens, options.max_tokens) : request.max_tokens;
}

bool needs_room_to_think(const ModelHabits& habits) {
  return habits.thinks || habits.refused.contains("max_tokens");
}

json chat_body(const ChatRequest& request, const UpstreamOptions& options, const ModelHabits& habits) {
  json messages = json::array();
  for (const auto& message : request.messages) {
    messages.push_back({{"role", to_string(message.role)}, {"content", utf8::sanitized(message.text)}});
  }
  json body = {{"model", options.model}, {"messages", std::move(messages)}, {"stream", true}};
  add_token_bound(body, reply_tokens(request, options) + (needs_room_to_think(habits) ? kRoomToThink : 0), habits.refused);
  const auto add = [&](const char* name, json value) {
    if (!habits.refused.contains(name)) body[name] = std::move(value);
  };
  add("stream_options", {{"include_usage", true}});
  add("temperature", options.temperature.value_or(request.sampling.temperature));
  add("top_p", request.sampling.top_p);
  if (request.sampling.seed != 0) add("seed", request.sampling.seed);
  json stops = json::array();
  for (const auto& stop : request.stop) {
    if (!stop.empty() && stops.size() < kMostStops) stops.push_back(utf8::sanitized(stop));
  }
  if (!stops.empty()) add("stop", std::move(stops));
  return body;
}

std::optional<std::string> refused_parameter(int status, const std::string& answer, const json& sent) {
  if (status != 400 && status != 422) return std::nullopt;
  const auto complaint = complaint_in(parse_stream_json(answer)).value_or(Complaint{.words = answer});
  const auto words = lower(complaint.code + " " + complaint.type + " " + complaint.words);
  if (std::ranges::none_of(kRefusals, [&](std::string_view refusal) { return words.contains(refusal); })) return std::nullopt;
  std::optional<std::string> named;
  auto first = std::string::npos;  // "Use 'max_completion_tokens' instead" comes after what is refused
  for (const auto name : kOptional) {
    if (!sent.contains(name)) continue;
    if (complaint.parameter == name) return std::string(name);
    const auto at = find_word(words, name);
    if (at >= first) continue;
    first = at;
    named = name;
  }
  return named;
}

}  // namespace gibsey::provider
