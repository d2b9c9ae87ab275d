#include "provider/openai/openai_server.hpp"

#include "net/http_client.hpp"
#include "net/service_client.hpp"
#include "net/service_json.hpp"
#include "provider/stream_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace gibsey::provider {

namespace asio = boost::asio;
using net::member;
using net::text_member;
using nlohmann::json;
using std::chrono::milliseconds;

namespace {

/// A run of the key of this length gives it away; shorter ones are found in any text.
constexpr std::size_t kTellingRun = 8;
/// More than is told, for a key that is cut off at the end of what is told must be seen.
constexpr std::size_t kMostWords = 4096;

void drop_end(std::string& text, std::string_view end) {
  if (text.ends_with(end)) text.resize(text.size() - end.size());
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

/// "a" of "a", "7" of 7, the JSON of anything else but null.
std::string plain(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// retry-after-ms wins: OpenAI's own clients read it first.
std::optional<milliseconds> asked_pause(const net::HttpHeaders& headers) {
  const auto field = headers.find("retry-after-ms");
  double time = 0;
  if (field && std::from_chars(field->data(), field->data() + field->size(), time).ec == std::errc() && std::isfinite(time)) {
    return milliseconds(static_cast<std::int64_t>(std::clamp(time, 0.0, 86'400'000.0)));
  }
  return retry_after(headers);
}

int status_in(const Complaint& complaint) {
  int status = 0;
  std::from_chars(complaint.code.data(), complaint.code.data() + complaint.code.size(), status);
  return status >= 400 && status < 600 ? status : 0;
}

/// llama-server's router refuses a name that it does not know with 400 and no code of its own.
bool says_no_such_model(std::string_view words) {
  return (words.starts_with("model ") || words.starts_with("Model ")) && words.ends_with(" not found");
}

/// Longest part of `key` that `text` begins with.
std::size_t run_of(const std::string& key, std::string_view text) {
  std::size_t longest = 0;
  for (std::size_t at = 0; at < key.size(); ++at) {
    std::size_t length = 0;
    while (length < text.size() && at + length < key.size() && text[length] == key[at + length]) ++length;
    longest = std::max(longest, length);
  }
  return longest;
}

}  // namespace

std::optional<Complaint> complaint_in(const json& answer) {
  if (answer.is_array() && !answer.empty()) return complaint_in(answer.front());  // Gemini's way
  if (!answer.is_object()) return std::nullopt;
  const auto& error = member(answer, "error");
  if (error.is_object() && !error.empty()) {
    auto words = plain(member(error, "message"));
    if (words.empty()) words = plain(error);
    return Complaint{std::move(words), plain(member(error, "code")), plain(member(error, "type")), plain(member(error, "param"))};
  }
  if (error.is_string() && error != "") return Complaint{.words = error.get<std::string>()};
  if (answer.contains("choices")) return std::nullopt;
  if (text_member(answer, "object") == "error") {  // vLLM and Mistral
    return Complaint{plain(member(answer, "message")), plain(member(answer, "code")), plain(member(answer, "type")),
                     plain(member(answer, "param"))};
  }
  if (answer.contains("detail")) return Complaint{.words = plain(answer["detail"])};  // FastAPI
  if (answer.contains("message")) return Complaint{.words = plain(answer["message"])};
  return std::nullopt;
}

ErrorCode code_of(const Complaint& complaint, int status) {
  if (status < 400) status = status_in(complaint);
  const auto says = [&](std::string_view word) { return complaint.code == word || complaint.type == word; };
  const bool of_limits = status == 401 || status == 403 || status == 429;
  if (says("insufficient_quota") || says("invalid_api_key") || complaint.words.contains("API key not valid")) {
    return ErrorCode::forbidden;
  }
  if (says("context_length_exceeded") || says("exceed_context_size_error")) return ErrorCode::too_large;
  if (!of_limits && says_too_long(complaint.words)) return ErrorCode::too_large;
  if (says("model_not_found") || (status == 400 && says_no_such_model(complaint.words))) return ErrorCode::not_found;
  if (says("rate_limit_exceeded") || says("rate_limit_error") || says("overloaded_error")) return ErrorCode::busy;
  return refusal_code(status);
}

Result<OpenAiServer> OpenAiServer::create(UpstreamOptions options) {
  auto base = trimmed(options.base_url);
  base.resize(std::min(base.find('#'), base.size()));
  const auto question = std::min(base.find('?'), base.size());
  auto query = base.substr(question);
  base.resize(question);
  while (base.ends_with('/')) base.pop_back();
  drop_end(base, "/chat/completions");
  GIBSEY_CHECK(net::check_service_address(options.name, base));
  GIBSEY_TRY(const auto url, net::parse_http_url(base));
  if (url.target == "/") base += "/v1";
  options.api_key = trimmed(options.api_key);
  return OpenAiServer(std::move(options), std::move(base), std::move(query));
}

OpenAiServer::OpenAiServer(UpstreamOptions options, std::string base, std::string query)
    : options_(std::move(options)),
      base_(std::move(base)),
      query_(std::move(query)),
      who_(fmt::format("{} at {}", options_.name, net::shown_address(base_))) {}

asio::awaitable<Result<std::unique_ptr<UpstreamReply>>> OpenAiServer::get(std::string path, Deadline deadline) const {
  net::HttpClientRequest request{.method = "GET", .url = url(path), .headers = {{"Accept", "application/json"}}};
  if (!options_.api_key.empty()) request.headers.add("Authorization", "Bearer " + options_.api_key);
  co_return co_await UpstreamReply::send(std::move(request), options_.patience, deadline, options_.pool);
}

asio::awaitable<Result<std::unique_ptr<UpstreamReply>>> OpenAiServer::post(std::string path, std::string body, Deadline deadline,
                                                                           std::stop_token stop) const {
  net::HttpClientRequest request{.method = "POST",
                                 .url = url(path),
                                 .headers = {{"Content-Type", "application/json"}},
                                 .body = std::move(body),
                                 .stop = std::move(stop)};
  if (!options_.api_key.empty()) request.headers.add("Authorization", "Bearer " + options_.api_key);
  co_return co_await UpstreamReply::send(std::move(request), options_.patience, deadline, options_.pool);
}

Error OpenAiServer::refusal(const UpstreamReply& reply, const std::string& body) const {
  const auto status = reply.status();
  const auto complaint = complaint_in(parse_stream_json(body)).value_or(Complaint{.words = body});
  const auto code = code_of(complaint, status);
  const auto words = masked(complaint.words);
  const auto error = [&](const std::string& what) {
    const auto* colon = words.empty() ? "" : ": ";
    return Error{code, fmt::format("{} {} ({}){}{}", who_, what, status, colon, words), asked_pause(reply.headers())};
  };
  const bool of_key = status == 401 || status == 403 || complaint.code == "invalid_api_key";
  if (code == ErrorCode::forbidden && of_key && options_.api_key.empty()) return error("wants a key, and none is set");
  if (code == ErrorCode::forbidden && of_key) return error("refuses the key that it was given");
  if (code == ErrorCode::not_found) return error(fmt::format("has no model '{}'", options_.model));
  if (code == ErrorCode::too_large) return error("finds the prompt too long");
  if (code == ErrorCode::busy) return error("is busy");
  return error("failed");
}

Error OpenAiServer::told(Error error) const {
  error.message = fmt::format("{}: {}", who_, masked(error.message));
  return error;
}

/// Besides the key itself, parts of it, and what shows its beginning and end about asterisks, as OpenAI does.
std::string OpenAiServer::masked(std::string_view words) const {
  const auto& key = options_.api_key;
  words = words.substr(0, kMostWords);
  const auto telling = std::min(key.size(), kTellingRun);
  std::string out;
  for (std::size_t at = 0; at < words.size();) {
    const auto run = key.empty() ? 0 : run_of(key, words.substr(at));
    if (run > 0 && run >= telling) {
      out += "***";
      at += run;
    } else {
      out += words[at++];
    }
  }
  constexpr std::string_view kEnds = " \t\r\n\"'`,;()";
  for (auto stars = out.find("***"); stars != std::string::npos && !key.empty(); stars = out.find("***", stars + 3)) {
    const auto before = out.find_last_of(kEnds, stars);
    const auto start = before == std::string::npos ? 0 : before + 1;
    out.replace(start, std::min(out.find_first_of(kEnds, stars), out.size()) - start, "***");
    stars = start;
  }
  return told_words(out, key);
}

}  // namespace gibsey::provider
