#include "provider/anthropic/messages_request.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace gibsey::provider {

using nlohmann::json;

namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";
constexpr int kThinkingTokens = 2048;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kSpace) == std::string_view::npos;
}

void join(std::string& text, std::string_view more) {
  if (is_blank(more)) return;
  if (!text.empty()) text += "\n\n";
  text += utf8::sanitized(more);
}

/// How many of the messages stand in `system`.
std::size_t leading_system(const std::vector<ChatMessage>& messages) {
  const auto end = std::ranges::find_if_not(messages, [](const ChatMessage& message) { return message.role == Role::system; });
  return static_cast<std::size_t>(end - messages.begin());
}

json system_blocks(const ChatRequest& request, std::size_t count) {
  const auto stable = std::min(count, static_cast<std::size_t>(std::max(request.stable_messages, 0)));
  std::string kept;
  std::string changing;
  for (std::size_t i = 0; i < count; ++i) join(i < stable ? kept : changing, request.messages[i].text);
  json blocks = json::array();
  if (!kept.empty()) blocks.push_back({{"type", "text"}, {"text", std::move(kept)}, {"cache_control", {{"type", "ephemeral"}}}});
  if (!changing.empty()) blocks.push_back({{"type", "text"}, {"text", std::move(changing)}});
  return blocks;
}

json turns(const ChatRequest& request, std::size_t from) {
  std::vector<std::pair<std::string, std::string>> turns;
  const auto add = [&turns](const std::string& role, std::string_view text) {
    if (is_blank(text)) return;
    if (turns.empty() && role == "assistant") turns.emplace_back("user", "...");
    if (turns.empty() || turns.back().first != role) turns.emplace_back(role, "");
    join(turns.back().second, text);
  };
  for (std::size_t i = from; i < request.messages.size(); ++i) {
    add(request.messages[i].role == Role::assistant ? "assistant" : "user", request.messages[i].text);
  }
  add("assistant", request.opening);
  // Whitespace at the end of a last assistant message is refused.
  if (!turns.empty() && turns.back().first == "assistant") turns.back().second = sent_opening(turns.back().second);
  json messages = json::array();
  for (auto& [role, text] : turns) messages.push_back({{"role", role}, {"content", std::move(text)}});
  return messages;
}

/// A document of blocks is cited by block, never by parts of one (Anthropic's citations guide, "custom content documents").
json quotes_document(const std::vector<std::string>& quotes) {
  json blocks = json::array();
  for (const auto& quote : quotes) blocks.push_back({{"type", "text"}, {"text", utf8::sanitized(quote)}});
  return {{"type", "document"},
          {"source", {{"type", "content"}, {"content", std::move(blocks)}}},
          {"citations", {{"enabled", true}}}};
}

void put_before_question(json& messages, json document) {
  const auto last =
      std::find_if(messages.rbegin(), messages.rend(), [](const json& message) { return message["role"] == "user"; });
  if (last == messages.rend()) return;
  json question = {{"type", "text"}, {"text", std::move((*last)["content"])}};
  (*last)["content"] = json::array({std::move(document), std::move(question)});
}

json stop_sequences(const ChatRequest& request) {
  json stops = json::array();
  for (const auto& stop : request.stop) {
    if (!is_blank(stop)) stops.push_back(utf8::sanitized(stop));
  }
  return stops;
}

}  // namespace

std::string_view sent_opening(std::string_view opening) {
  const auto end = opening.find_last_not_of(kSpace);
  return end == std::string_view::npos ? std::string_view() : opening.substr(0, end + 1);
}

json messages_request(const ChatRequest& request, const UpstreamOptions& options, const MessagesForm& form) {
  const auto system = leading_system(request.messages);
  const int most = options.max_tokens > 0 ? std::min(request.max_tokens, options.max_tokens) : request.max_tokens;
  json body = {{"model", options.model},
               {"max_tokens", std::max(most, 1) + (form.room_to_think ? kThinkingTokens : 0)},
               {"messages", turns(request, system)},
               {"stream", true}};
  if (form.cite_quotes) put_before_question(body["messages"], quotes_document(*request.quotes));
  if (auto blocks = system_blocks(request, system); !blocks.empty()) body["system"] = std::move(blocks);
  if (form.temperature) {
    body["temperature"] = std::clamp(options.temperature.value_or(request.sampling.temperature), 0.0, 1.0);
  }
  if (auto stops = stop_sequences(request); !stops.empty()) body["stop_sequences"] = std::move(stops);
  if (form.forbid_thinking) body["thinking"] = {{"type", "disabled"}};
  if (form.low_effort) body["output_config"] = {{"effort", "low"}};
  return body;
}

}  // namespace gibsey::provider
