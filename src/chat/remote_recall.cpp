#include "chat/remote_recall.hpp"

#include "net/service_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gibsey::chat {

using net::member;
using net::text_member;
using nlohmann::json;

namespace {

// What the service of seed 001 accepts.
constexpr int kMostFacts = 50;
constexpr int kMostSnippets = 20;

std::string endpoint(std::string base) {
  base.resize(std::min(base.size(), base.find_first_of("?#")));
  while (base.ends_with('/')) base.pop_back();
  return base + "/retrieve-context";
}

net::ServiceSettings named(net::ServiceSettings service, const std::string& url) {
  if (service.name.empty()) service.name = "the memory service";
  service.address = net::shown_address(url);
  return service;
}

std::string body_of(const RecallQuery& query) {
  const json body{{"message", query.message},
                  {"user_id", query.user_id},
                  {"character_id", query.character_id},
                  {"max_facts", std::clamp(query.max_facts, 1, kMostFacts)},
                  {"max_snippets", std::clamp(query.max_snippets, 1, kMostSnippets)}};
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// A text, or the first of these members that is one. The service of seed 001 gives facts as {key, value}, we as {fact}.
std::string text_of(const json& item) {
  if (item.is_string()) return item.get<std::string>();
  for (const auto* name : {"fact", "text", "content", "snippet"}) {
    if (member(item, name).is_string()) return member(item, name).get<std::string>();
  }
  const auto key = text_member(item, "key");
  const auto value = text_member(item, "value");
  return key.empty() || value.empty() ? value : key + ": " + value;
}

std::vector<std::string> texts_of(const json& list, int most) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (const auto& item : list) {
    if (static_cast<int>(texts.size()) >= most) break;
    if (auto text = text_of(item); !text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

RemoteRecall::RemoteRecall(RemoteRecallSettings settings)
    : url_(endpoint(std::move(settings.url))), client_(named(std::move(settings.service), url_)) {}

Result<std::unique_ptr<RemoteRecall>> RemoteRecall::create(RemoteRecallSettings settings) {
  GIBSEY_CHECK(net::check_service_address("MEMORY_SUBSYSTEM_URL", settings.url));
  return std::unique_ptr<RemoteRecall>(new RemoteRecall(std::move(settings)));
}

boost::asio::awaitable<Result<Recalled>> RemoteRecall::retrieve_context(RecallQuery query) {
  net::ServiceCall call{.method = "POST", .url = url_, .headers = {{"Content-Type", "application/json"}}, .body = body_of(query)};
  GIBSEY_CO_TRY(const auto answer, co_await client_.call(std::move(call)));
  const auto where = fmt::format("{} at {}", client_.name(), client_.address());
  if (answer.status != 200) co_return fail(ErrorCode::unavailable, fmt::format("{} answered {}", where, answer.status));
  const auto parsed = net::parse_service_json(answer.body);
  if (!parsed.is_object()) co_return fail(ErrorCode::unavailable, fmt::format("{} gave an answer that cannot be read", where));
  Recalled recalled;
  recalled.facts = texts_of(member(parsed, "relevant_facts"), query.max_facts);
  recalled.snippets = texts_of(member(parsed, "conversation_snippets"), query.max_snippets);
  const auto& context = member(parsed, "context");
  recalled.context = context.is_string() ? context.get<std::string>() : recall_text(recalled.facts, recalled.snippets);
  co_return recalled;
}

boost::asio::awaitable<Result<void>> RemoteRecall::remember(const model::Turn& /*turn*/) {
  co_return Result<void>{};
}

}  // namespace gibsey::chat
