#include "provider/anthropic/messages_reader.hpp"

#include "base/utf8.hpp"
#include "net/service_json.hpp"
#include "provider/stream_json.hpp"
#include "provider/upstream_reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace gibsey::provider {

using net::member;
using net::number_member;
using net::text_member;
using nlohmann::json;

namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

/// Of the document, however it is counted: characters, pages, blocks.
constexpr std::array<std::pair<const char*, const char*>, 3> kPlaces{
    {{"start_char_index", "end_char_index"}, {"start_page_number", "end_page_number"}, {"start_block_index", "end_block_index"}}};

int small_number(const json& object, const char* name) {
  const auto number = number_member(object, name).value_or(0);
  return static_cast<int>(std::clamp<std::int64_t>(number, 0, std::numeric_limits<int>::max()));
}

/// A number is no text here: what a model says is shown.
std::string spoken(const json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

ErrorCode code_of(const std::string& type, const std::string& words) {
  if (type == "overloaded_error" || type == "rate_limit_error") return ErrorCode::busy;
  if (type == "authentication_error" || type == "permission_error" || type == "billing_error") return ErrorCode::forbidden;
  if (type == "not_found_error") return ErrorCode::not_found;
  if (type == "request_too_large" || says_too_long(words)) return ErrorCode::too_large;
  return ErrorCode::unavailable;
}

}  // namespace

MessagesReader::MessagesReader(std::shared_ptr<ClaudeLearned> learned, MessagesStreamInputs inputs)
    : learned_(std::move(learned)), inputs_(std::move(inputs)), text_(inputs_.stop), trim_start_(inputs_.trim_start) {}

void MessagesReader::feed(std::string_view bytes) {
  if (broken_) return;
  // A line without an end is the server's fault, not the size of the question.
  if (auto fed = events_reader_.feed(bytes, events_); !fed)
    broken_ = Error{ErrorCode::unavailable, std::move(fed).error().message};
}

Result<std::optional<std::string>> MessagesReader::take() {
  if (over_) return std::nullopt;
  while (next_event_ < events_.size() && !ended_) {
    GIBSEY_TRY(auto piece, read_event(events_[next_event_++]));
    if (!piece.empty()) return std::optional(std::move(piece));
  }
  if (ended_) return last();
  events_.clear();
  next_event_ = 0;
  if (broken_) return std::unexpected(*broken_);
  if (body_ended_)
    return fail(ErrorCode::unavailable, fmt::format("{} closed the stream before the reply was whole", inputs_.who));
  return std::nullopt;
}

std::optional<std::string> MessagesReader::cut() {
  if (!ended_) generated_.finish_reason = model::FinishReason::stopped_by_reader;
  return last();
}

Result<std::string> MessagesReader::read_event(const net::SseEvent& event) {
  const auto parsed = parse_stream_json(event.data);
  if (!parsed.is_object()) return fail(ErrorCode::unavailable, fmt::format("{} sent an event that is no JSON", inputs_.who));
  const auto type = text_member(parsed, "type");
  if (type == "content_block_delta") return read_delta(member(parsed, "delta"));
  if (type == "content_block_start") return text_of(spoken(member(parsed, "content_block"), "text"));
  if (type == "message_start") {
    read_usage(member(member(parsed, "message"), "usage"));
  } else if (type == "message_delta") {
    if (auto reason = text_member(member(parsed, "delta"), "stop_reason"); !reason.empty()) stop_reason_ = std::move(reason);
    read_usage(member(parsed, "usage"));
    counted_ = number_member(member(parsed, "usage"), "output_tokens").has_value();
  } else if (type == "message_stop") {
    return end_message();
  } else if (type == "error") {
    return std::unexpected(error_of(member(parsed, "error")));
  }
  return std::string();  // ping, content_block_stop, and what is newer than this program
}

std::string MessagesReader::read_delta(const json& delta) {
  const auto type = text_member(delta, "type");
  if (type == "text_delta") return text_of(spoken(delta, "text"));
  if (type == "thinking_delta") {
    const auto thought = spoken(delta, "thinking");
    generated_.reasoning_characters += static_cast<int>(utf8::length(thought));
    reply_bytes_ += thought.size();
  }
  if (type == "thinking_delta" || type == "signature_delta") {
    learned_->thinks = true;
    ++heard_;
  }
  if (type == "citations_delta") read_citation(member(delta, "citation"));
  return {};
}

std::string MessagesReader::text_of(std::string text) {
  if (text.empty()) return text;
  ++heard_;
  reply_bytes_ += text.size();
  if (trim_start_) text.erase(0, std::min(text.find_first_not_of(kSpace), text.size()));
  trim_start_ = trim_start_ && text.empty();
  said_ = said_ || !text.empty();
  auto piece = text_.add(with_numbers(std::move(text)));
  ended_ = ended_ || text_.stopped();
  return piece;
}

Result<std::string> MessagesReader::end_message() {
  if (stop_reason_ == "refusal") {
    return fail(ErrorCode::unavailable, fmt::format("{} declined to answer this (refusal)", inputs_.who));
  }
  const bool cut =
      stop_reason_ == "max_tokens" || stop_reason_ == "model_context_window_exceeded" || stop_reason_ == "pause_turn";
  if (cut) generated_.finish_reason = model::FinishReason::length;
  if (cut && !said_ && learned_->thinks) {
    return fail(ErrorCode::unavailable, fmt::format("{} used all its tokens for thinking and said nothing", inputs_.who));
  }
  ended_ = true;
  return std::string();
}

void MessagesReader::read_usage(const json& usage) {
  const int input = small_number(usage, "input_tokens") + small_number(usage, "cache_creation_input_tokens") +
                    small_number(usage, "cache_read_input_tokens");
  if (input > 0) generated_.usage.prompt_tokens = input;
  if (const int output = small_number(usage, "output_tokens"); output > 0) generated_.usage.completion_tokens = output;
}

/// Blocks count from 0, quotes from 1. Each is named once.
void MessagesReader::name_quotes(const Citation& citation) {
  if (citation.document_index != 0) return;
  named_.resize(static_cast<std::size_t>(inputs_.cited_quotes), false);
  for (int i = citation.start; i < std::min(citation.end, inputs_.cited_quotes); ++i) {
    const auto quote = static_cast<std::size_t>(i);
    if (named_[quote]) continue;
    named_[quote] = true;
    numbers_ += fmt::format(" [[q{}]]", i + 1);
  }
}

/// Puts the numbers that wait in front of `text`, but behind the marks that end the sentence they belong to.
std::string MessagesReader::with_numbers(std::string text) {
  if (numbers_.empty()) return text;
  const auto at = text.find_first_not_of(".,;:!?)\"'");
  if (at == std::string::npos) return text;
  text.insert(at, std::exchange(numbers_, {}) + (kSpace.contains(text[at]) ? "" : " "));
  return text;
}

void MessagesReader::read_citation(const json& citation) {
  Citation found{.cited_text = text_member(citation, "cited_text"), .document_index = small_number(citation, "document_index")};
  for (const auto& [start, end] : kPlaces) {
    if (!number_member(citation, start)) continue;
    found.start = small_number(citation, start);
    found.end = small_number(citation, end);
    break;
  }
  if (citation.is_object() && citation.contains("start_block_index")) name_quotes(found);
  if (!found.cited_text.empty()) generated_.citations.push_back(std::move(found));
}

Error MessagesReader::error_of(const json& error) const {
  const auto type = text_member(error, "type");
  const auto words = told_words(text_member(error, "message"), inputs_.secret);
  return {code_of(type, words), fmt::format("{} broke off: {} ({})", inputs_.who, words, told_words(type, inputs_.secret))};
}

std::optional<std::string> MessagesReader::last() {
  over_ = true;
  auto& usage = generated_.usage;
  if (usage.prompt_tokens > 0) learned_->tokens.learn(inputs_.prompt_bytes, usage.prompt_tokens);
  if (!counted_ || usage.prompt_tokens == 0) {
    generated_.usage_estimated = true;
    const auto estimate = [this](std::size_t bytes) {
      return static_cast<int>(static_cast<double>(bytes) / learned_->tokens.bytes_per_token() + 0.999);
    };
    if (usage.prompt_tokens == 0) usage.prompt_tokens = estimate(inputs_.prompt_bytes);
    if (!counted_) usage.completion_tokens = estimate(reply_bytes_);
  }
  // Of a reply that its reader stopped, nothing more is shown.
  auto rest = ended_ && !text_.stopped() ? text_.add(std::exchange(numbers_, {})) : std::string();
  rest += text_.finish();
  return rest.empty() ? std::nullopt : std::optional(std::move(rest));
}

}  // namespace gibsey::provider
