#include "provider/ollama/ollama_model.hpp"

#include "base/utf8.hpp"
#include "net/http_client.hpp"
#include "net/ndjson.hpp"
#include "provider/reply_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>

namespace gibsey::provider {

using nlohmann::json;

namespace {

const char* role_name(Role role) {
  switch (role) {
    case Role::system: return "system";
    case Role::user: return "user";
    case Role::assistant: return "assistant";
  }
  return "user";
}

json body_of(const ChatRequest& request, const OllamaOptions& options) {
  json messages = json::array();
  for (const auto& message : request.messages) {
    messages.push_back({{"role", role_name(message.role)}, {"content", utf8::sanitized(message.text)}});
  }
  // num_ctx always: Ollama's own default of 4,096 cuts a prompt from the front without a word (ollama issue 3839).
  json parameters = {{"num_ctx", options.context_tokens},
                     {"num_predict", request.max_tokens},
                     {"temperature", request.sampling.temperature},
                     {"top_p", request.sampling.top_p},
                     {"min_p", request.sampling.min_p},
                     {"repeat_penalty", request.sampling.repeat_penalty}};
  if (request.sampling.seed != 0) parameters["seed"] = request.sampling.seed;
  if (!request.stop.empty()) parameters["stop"] = request.stop;
  return {{"model", options.model}, {"messages", std::move(messages)}, {"options", std::move(parameters)}, {"stream", true}};
}

/// What Ollama says where it answers no stream: {"error": "..."}.
std::string reason_in(const std::string& body) {
  const auto parsed = json::parse(body, nullptr, false);
  if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_string()) return parsed["error"].get<std::string>();
  return body.substr(0, 200);
}

class OllamaStream final : public TokenStream {
 public:
  OllamaStream(std::unique_ptr<net::HttpReply> exchange, std::vector<std::string> stop)
      : exchange_(std::move(exchange)), text_(std::move(stop)) {}

  Async<std::optional<std::string>> next() override {
    for (;;) {
      while (line_ < lines_.size() && !ended_) {
        GIBSEY_CO_TRY(auto piece, read_line(lines_[line_++]));
        if (!piece.empty()) co_return piece;
      }
      if (stop_asked_ && !ended_) generated_.finish_reason = model::FinishReason::stopped_by_reader;
      if (ended_ || stop_asked_) co_return last_piece();
      lines_.clear();
      line_ = 0;
      const auto read = co_await exchange_->read();
      if (!read) {
        if (stop_asked_) continue;  // stop() ended the read
        co_return std::unexpected(read.error());
      }
      const auto& bytes = *read;
      if (!bytes) {
        if (reader_.rest().empty())
          co_return fail(ErrorCode::unavailable, "the model server closed the stream before the reply was whole");
        lines_.push_back(reader_.rest());
        reader_ = net::NdjsonReader();
        continue;
      }
      GIBSEY_CO_CHECK(reader_.feed(*bytes, lines_));
    }
  }

  [[nodiscard]] Generated generated() const override { return generated_; }
  void stop() override {
    stop_asked_ = true;
    exchange_->cancel();
  }

 private:
  std::optional<std::string> last_piece() {
    ended_ = true;
    auto rest = text_.finish();
    return rest.empty() ? std::nullopt : std::optional(std::move(rest));
  }

  /// The text of one line; thinking is left out.
  Result<std::string> read_line(const std::string& line) {
    const auto parsed = json::parse(line, nullptr, false);
    if (!parsed.is_object()) return fail(ErrorCode::unavailable, "the model server sent a line that is no JSON");
    if (parsed.contains("error")) return fail(ErrorCode::unavailable, fmt::format("the model server says: {}", reason_in(line)));
    if (const auto done = parsed.find("done"); done != parsed.end() && *done == true) read_counts(parsed);
    const auto message = parsed.find("message");
    if (message == parsed.end() || !message->is_object()) return std::string();
    const auto content = message->find("content");
    if (content == message->end() || !content->is_string()) return std::string();
    auto text = text_.add(content->get<std::string>());
    if (!ended_) ++generated_.usage.completion_tokens;  // a line is a token, until the last one brings the true count
    if (text_.stopped()) ended_ = true;
    return text;
  }

  void read_counts(const json& line) {
    ended_ = true;
    const auto number = [&line](const char* name) {
      const auto found = line.find(name);
      return found != line.end() && found->is_number_integer() ? found->get<int>() : 0;
    };
    generated_.usage = {number("prompt_eval_count"), number("eval_count")};
    const auto reason = line.find("done_reason");
    if (reason != line.end() && *reason == "length") generated_.finish_reason = model::FinishReason::length;
  }

  std::unique_ptr<net::HttpReply> exchange_;
  net::NdjsonReader reader_;
  ReplyText text_;
  std::vector<std::string> lines_;
  std::size_t line_ = 0;
  bool ended_ = false;
  std::atomic<bool> stop_asked_ = false;
  Generated generated_;
};

}  // namespace

Result<std::unique_ptr<OllamaModel>> OllamaModel::create(OllamaOptions options) {
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  GIBSEY_CHECK(net::parse_http_url(options.base_url));
  return std::unique_ptr<OllamaModel>(new OllamaModel(std::move(options)));
}

Async<std::unique_ptr<TokenStream>> OllamaModel::start(ChatRequest request) {
  if (request.messages.empty()) co_return fail(ErrorCode::invalid_argument, "there is no message to answer");
  net::HttpClientRequest call{.method = "POST",
                              .url = options_.base_url + "/api/chat",
                              .headers = {{"Content-Type", "application/json"}},
                              .body = body_of(request, options_).dump()};
  GIBSEY_CO_TRY(auto exchange, co_await net::send_http(std::move(call),
                                                       {.connect = options_.connect_timeout,
                                                        .first_byte = options_.first_byte_timeout,
                                                        .idle = options_.idle_timeout},
                                                       request.deadline));
  if (exchange->status() != 200) {
    GIBSEY_CO_TRY(const auto body, co_await exchange->read_all(64 * 1024));
    const auto code = exchange->status() == 503 ? ErrorCode::busy : ErrorCode::unavailable;
    co_return fail(code, fmt::format("Ollama at {} answered {}: {}", options_.base_url, exchange->status(), reason_in(body)));
  }
  co_return std::make_unique<OllamaStream>(std::move(exchange), std::move(request.stop));
}

int OllamaModel::count_tokens(const std::string& text) const {
  return static_cast<int>((text.size() + 3) / 4);
}

}  // namespace gibsey::provider
