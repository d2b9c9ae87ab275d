#include "provider/ollama/chat_reader.hpp"

#include "base/log.hpp"
#include "base/utf8.hpp"
#include "net/service_json.hpp"
#include "provider/ollama/ollama_address.hpp"
#include "provider/stream_json.hpp"
#include "provider/upstream_reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace gibsey::provider {

using net::member;
using net::text_member;
using nlohmann::json;

namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

/// A reply of so many bytes tells how long this model's tokens are.
constexpr std::size_t kTelling = 200;

int small_number(const json& object, const char* name) {
  const auto number = net::number_member(object, name).value_or(0);
  return static_cast<int>(std::clamp<std::int64_t>(number, 0, std::numeric_limits<int>::max()));
}

/// A number is no text here: what a model says is shown.
std::string spoken(const json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool is_true(const json& value) {
  return value.is_boolean() && value.get<bool>();
}

}  // namespace

bool prompt_was_cut(const PromptCount& count) {
  if (count.evaluated <= 0) return false;
  if (count.context > 0 && (count.evaluated >= count.context - 1 || count.evaluated + count.made > count.context)) return true;
  const auto below = [&count](double times) { return count.estimate > count.evaluated * times + 64; };
  if (count.is_whole) return below(1.5);
  constexpr int kStep = 1024;
  const bool round = count.evaluated >= kStep && (count.evaluated + 1) % kStep <= 1;
  return (round || count.evaluated >= count.context / 4 * 3) && below(1.25);
}

ChatReader::ChatReader(std::shared_ptr<OllamaLearned> learned, ChatStreamInputs inputs)
    : learned_(std::move(learned)),
      inputs_(std::move(inputs)),
      began_inside_(learned_->begins_inside && !inputs_.goes_on),
      reasoning_(began_inside_),
      text_(inputs_.stop) {}

void ChatReader::feed(std::string_view bytes) {
  if (broken_) return;
  // A line without an end is the server's fault, not the size of the question.
  if (auto fed = lines_reader_.feed(bytes, lines_); !fed) broken_ = Error{ErrorCode::unavailable, std::move(fed).error().message};
}

void ChatReader::end() {
  body_ended_ = true;
  if (!broken_ && !lines_reader_.rest().empty()) lines_.push_back(lines_reader_.rest());
}

Result<std::optional<std::string>> ChatReader::take() {
  if (over_) return std::nullopt;
  while (next_line_ < lines_.size() && !ended_) {
    GIBSEY_TRY(auto piece, read_line(lines_[next_line_++]));
    if (!piece.empty()) return std::optional(std::move(piece));
  }
  if (ended_) return last();
  lines_.clear();
  next_line_ = 0;
  if (broken_) return std::unexpected(*broken_);
  if (body_ended_)
    return fail(ErrorCode::unavailable, fmt::format("{} closed the stream before the reply was whole", inputs_.who));
  return std::nullopt;
}

std::optional<std::string> ChatReader::cut() {
  if (!ended_) generated_.finish_reason = model::FinishReason::stopped_by_reader;
  return last();
}

Result<std::string> ChatReader::read_line(const std::string& line) {
  const auto parsed = parse_stream_json(line);
  if (!parsed.is_object()) return fail(ErrorCode::unavailable, fmt::format("{} sent a line that is no JSON", inputs_.who));
  if (parsed.contains("error")) {
    const auto words = told_words(ollama_words(line), inputs_.secret);
    return fail(says_too_long(words) ? ErrorCode::too_large : ErrorCode::unavailable,
                fmt::format("{} broke off: {}", inputs_.who, words));
  }
  const auto& message = member(parsed, "message");
  const auto thought = spoken(message, "thinking");
  const auto content = spoken(message, "content");
  if (!thought.empty() || !content.empty()) {
    ++heard_;
    ++generated_.usage.completion_tokens;  // a line is a token, until the last one brings the true count
    reply_bytes_ += thought.size() + content.size();
    thought_characters_ += static_cast<int>(utf8::length(thought));
  }
  auto text = read_content(reasoning_.add(content));
  if (!is_true(member(parsed, "done")) || ended_) return text;
  GIBSEY_TRY(const auto rest, read_end(parsed));
  return text + rest;
}

std::string ChatReader::read_content(const std::string& content) {
  said_ = said_ || content.find_first_not_of(kSpace) != std::string::npos;
  auto text = text_.add(content);
  ended_ = ended_ || text_.stopped();
  return text;
}

Result<std::string> ChatReader::read_end(const json& line) {
  const bool open = reasoning_.inside();
  auto text = read_content(reasoning_.finish());
  ended_ = true;
  read_counts(line);
  const auto reason = text_member(line, "done_reason");
  if (open && began_inside_ && !said_ && reason != "length") {
    learned_->begins_inside = false;
    return fail(ErrorCode::unavailable,
                fmt::format("{} gave a reply without the thoughts that it was thought to begin with", inputs_.who));
  }
  GIBSEY_CHECK(judge_end(reason));
  return text;
}

Result<void> ChatReader::judge_end(const std::string& reason) {
  if (reason == "load" || reason == "unload") {
    return fail(ErrorCode::unavailable, fmt::format("{} has {}ed {} and said nothing", inputs_.who, reason, inputs_.model));
  }
  if (reasoning_.leaked()) learned_->begins_inside = true;
  const bool thought = thought_characters_ > 0 || reasoning_.characters() > 0 || reasoning_.leaked();
  if (thought) learned_->thinks = true;
  if (reason != "length") return {};
  generated_.finish_reason = model::FinishReason::length;
  if (thought && !said_) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} used all the tokens of {} for thinking and said nothing", inputs_.who, inputs_.model));
  }
  return {};
}

void ChatReader::read_counts(const json& line) {
  const int evaluated = small_number(line, "prompt_eval_count");
  const bool is_whole = line.contains("prompt_eval_cached_count");
  const int made = small_number(line, "eval_count");
  generated_.prompt_was_cut = prompt_was_cut({.evaluated = evaluated,
                                              .is_whole = is_whole,
                                              .estimate = inputs_.prompt_estimate,
                                              .context = inputs_.context_tokens,
                                              .made = made});
  if (generated_.prompt_was_cut) warn_of_cut(evaluated);
  // What is left of a prompt that was cut teaches as much as that there were more tokens than the estimate had.
  const bool tells = !generated_.prompt_was_cut || evaluated > inputs_.prompt_estimate;
  learn({.bytes = inputs_.prompt_bytes, .tokens = tells ? evaluated : 0}, is_whole, {reply_bytes_, made});
  generated_.usage.prompt_tokens = evaluated;
  if (made > 0) generated_.usage.completion_tokens = made;
  counted_ = evaluated > 0 && made > 0;
}

/// A model's own words are longer to the token than a prompt (135 M parameters: 4.8 bytes against 3.5), so the prompt's count is
/// the better one. Where it may have left out what was in the server's cache it is believed unless the reply has more tokens to
/// the byte.
void ChatReader::learn(Counted prompt, bool is_whole, Counted reply) {
  const auto density = [](const Counted& text) { return static_cast<double>(text.tokens) / static_cast<double>(text.bytes + 1); };
  const bool by_prompt = prompt.tokens > 0 && (is_whole || (reply.bytes >= kTelling && density(prompt) >= density(reply)));
  const auto& told = by_prompt ? prompt : reply;
  learned_->tokens.learn(told.bytes, told.tokens);
}

void ChatReader::warn_of_cut(int evaluated) {
  if (learned_->warned_of_cut.exchange(true)) return;
  log::warn(
      "{} took {} tokens of a prompt of about {} for {}: its context is too short for prompt and reply, and what a character is "
      "may "
      "be lost first; num_ctx {} was asked for, so lower OLLAMA_CONTEXT_TOKENS or take a model with a longer context",
      inputs_.who, evaluated, inputs_.prompt_estimate, inputs_.model, inputs_.context_tokens);
}

std::optional<std::string> ChatReader::last() {
  over_ = true;
  generated_.reasoning_characters = thought_characters_ + static_cast<int>(reasoning_.characters());
  generated_.usage_estimated = !counted_;
  if (generated_.usage.prompt_tokens == 0) generated_.usage.prompt_tokens = inputs_.prompt_estimate;
  auto rest = text_.finish();
  return rest.empty() ? std::nullopt : std::optional(std::move(rest));
}

}  // namespace gibsey::provider
