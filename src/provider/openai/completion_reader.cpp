#include "provider/openai/completion_reader.hpp"

#include "base/utf8.hpp"
#include "net/service_json.hpp"
#include "provider/openai/openai_server.hpp"
#include "provider/stream_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace gibsey::provider {

using net::member;
using net::text_member;
using nlohmann::json;

namespace {

constexpr std::size_t kMostDocument = 4 * 1024 * 1024;
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kSpace) == std::string_view::npos;
}

/// What of text[begin, end), all of it blank, is whole lines.
void erase_blank_lines(std::string& text, std::size_t begin, std::size_t end) {
  const auto last = std::string_view(text).substr(0, end).find_last_of("\r\n");
  if (last != std::string_view::npos && last >= begin) text.erase(begin, last + 1 - begin);
}

int count_in(const json& usage, const char* name) {
  return static_cast<int>(std::clamp<std::int64_t>(net::number_member(usage, name).value_or(0), 0, 1'000'000'000));
}

}  // namespace

CompletionReader::CompletionReader(std::vector<std::string> stop, bool begins_inside)
    : filter_(begins_inside), text_(std::move(stop)) {}

void CompletionReader::feed(std::string_view bytes) {
  std::string first;
  if (form_ == Form::unknown) {
    start_ += bytes;
    drop_blank_lines();
    const std::string_view mark = std::string_view(start_).substr(0, kByteOrderMark.size());
    if (kByteOrderMark.starts_with(mark) && mark.size() < kByteOrderMark.size()) return;
    const auto at = start_.find_first_not_of(kSpace, start_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    if (at == std::string::npos) return;
    choose_form(start_[at]);
    first = form_ == Form::document ? start_.substr(at) : std::move(start_);
    bytes = first;
  }
  if (broken_) return;
  if (form_ == Form::events) {
    if (auto fed = events_reader_.feed(bytes, events_); !fed) broken_ = Error{ErrorCode::unavailable, fed.error().message};
  } else if (document_.size() + bytes.size() > kMostDocument) {
    broken_ = Error{ErrorCode::unavailable, fmt::format("its answer is larger than {} bytes", kMostDocument)};
  } else {
    document_ += bytes;
  }
}

/// A server may send empty lines for as long as it thinks (DeepSeek does): none is kept, whatever the cut.
void CompletionReader::drop_blank_lines() {
  const auto blank = start_.find_first_not_of(kSpace);
  erase_blank_lines(start_, 0, std::min(blank, start_.size()));
  if (!start_.starts_with(kByteOrderMark)) return;
  const auto first = start_.find_first_not_of(kSpace, kByteOrderMark.size());
  erase_blank_lines(start_, kByteOrderMark.size(), std::min(first, start_.size()));
}

void CompletionReader::choose_form(char first) {
  form_ = first == '{' || first == '[' ? Form::document : Form::events;
  if (first == '<') broken_ = Error{ErrorCode::unavailable, "it answered with a web page; see whether its address is right"};
}

void CompletionReader::end() {
  // Many servers leave out the blank line after their last event.
  if (form_ == Form::events && !broken_) feed("\n\n");
  body_ended_ = true;
}

Result<std::optional<std::string>> CompletionReader::take() {
  if (over_) return std::nullopt;
  while (next_event_ < events_.size() && !done_ && !text_.stopped()) {
    GIBSEY_TRY(auto piece, read_event(events_[next_event_++]));
    if (filter_.leaked()) {
      return fail(ErrorCode::unavailable, "it thought aloud without a mark at the beginning; that is known now: ask again");
    }
    if (!piece.empty()) return std::optional(std::move(piece));
  }
  events_.clear();
  next_event_ = 0;
  if (done_ || text_.stopped()) return last();
  if (broken_) return std::unexpected(*broken_);
  if (!body_ended_) return std::nullopt;
  if (form_ == Form::document && finish_reason_.empty()) {
    GIBSEY_TRY(auto piece, read_completion(document_, false));
    if (finish_reason_.empty() && heard() > 0) finish_reason_ = "stop";
    if (!piece.empty()) return std::optional(std::move(piece));
  }
  if (finish_reason_.empty()) return fail(ErrorCode::unavailable, "it closed the stream before the reply was whole");
  return last();
}

std::string CompletionReader::cut() {
  over_ = true;
  return text_.finish();
}

Result<std::optional<std::string>> CompletionReader::last() {
  over_ = true;
  std::string piece;
  if (!text_.stopped()) {
    piece = text_.add(filter_.add(joiner_.finish()) + filter_.finish());
    piece += text_.finish();
    said_ = said_ || !is_blank(piece);
  }
  GIBSEY_CHECK(judge());
  if (piece.empty()) return std::nullopt;
  return std::optional(std::move(piece));
}

/// Whether what came is a reply.
Result<void> CompletionReader::judge() const {
  if (finish_reason_ == "content_filter") return fail(ErrorCode::unavailable, "its content filter refused the reply");
  if (said_ || text_.stopped()) return {};
  if (reasoning_characters() > 0) {
    return fail(ErrorCode::unavailable, finish_reason_ == "length" ? "it used all its tokens for reasoning and said nothing"
                                                                   : "it sent nothing but reasoning");
  }
  if (finish_reason_ == "tool_calls" || finish_reason_ == "function_call") {
    return fail(ErrorCode::unavailable, "it called a tool where it was asked to talk");
  }
  if (finish_reason_.empty()) return fail(ErrorCode::unavailable, "it ended the stream without a word");
  return {};
}

Result<std::string> CompletionReader::read_event(const net::SseEvent& event) {
  const auto document = trimmed(event.data);
  if (document.empty()) return std::string();
  if (document == "[DONE]") {
    done_ = true;
    return std::string();
  }
  return read_completion(event.data, event.type == "error");
}

Result<std::string> CompletionReader::read_completion(const std::string& document, bool is_error) {
  auto parsed = parse_stream_json(document);
  if (parsed.is_discarded()) {
    parsed = parse_stream_json(carry_lone_surrogates(document));
    carried_ = carried_ || !parsed.is_discarded();
  }
  const auto complaint = complaint_in(parsed);
  if (complaint) return fail(code_of(*complaint, 200), "it says: " + complaint->words);
  if (is_error) return fail(ErrorCode::unavailable, "it says: " + document);
  if (!parsed.is_object()) return fail(ErrorCode::unavailable, "it sent something that is no JSON object");
  read_usage(member(parsed, "usage"));
  const auto& choices = member(parsed, "choices");
  std::string shown;
  if (!choices.is_array()) return shown;
  for (const auto& choice : choices) {
    if (net::number_member(choice, "index").value_or(0) == 0) shown += read_choice(choice);
  }
  if (finish_reason_ == "error") return fail(ErrorCode::unavailable, "it ended the reply with an error");
  return shown;
}

std::string CompletionReader::read_choice(const json& choice) {
  const auto& delta = member(choice, "delta");
  const auto& message = delta.is_object() ? delta : member(choice, "message");
  // Both names, where a server sends both, hold the same.
  auto reasoning = text_member(message, "reasoning_content");
  if (reasoning.empty()) reasoning = text_member(message, "reasoning");
  read_reasoning(reasoning);
  auto shown = read_content(member(message, "content"));
  // Some servers send "" with every piece.
  if (auto reason = text_member(choice, "finish_reason"); !reason.empty()) finish_reason_ = std::move(reason);
  return shown;
}

/// A text, or a list of typed parts (Mistral's reasoning models).
std::string CompletionReader::read_content(const json& content) {
  if (content.is_string()) return show(content.get_ref<const std::string&>());
  std::string shown;
  if (!content.is_array()) return shown;
  for (const auto& part : content) {
    if (text_member(part, "type") == "text") shown += show(text_member(part, "text"));
    for (const auto& thought : member(part, "thinking")) read_reasoning(text_member(thought, "text"));
  }
  return shown;
}

void CompletionReader::read_reasoning(const std::string& text) {
  reasoning_bytes_ += text.size();
  reasoning_characters_ += utf8::length(text);
}

void CompletionReader::read_usage(const json& usage) {
  const model::TokenUsage told{count_in(usage, "prompt_tokens"), count_in(usage, "completion_tokens")};
  if (told.prompt_tokens > 0 || told.completion_tokens > 0) usage_ = told;
}

std::string CompletionReader::show(std::string_view text) {
  text_bytes_ += text.size();
  auto shown = text_.add(filter_.add(carried_ ? joiner_.add(text) : std::string(text)));
  said_ = said_ || !is_blank(shown);
  return shown;
}

model::FinishReason CompletionReader::finish_reason() const {
  return !text_.stopped() && (finish_reason_ == "length" || finish_reason_ == "max_tokens") ? model::FinishReason::length
                                                                                            : model::FinishReason::stop;
}

}  // namespace gibsey::provider
