#include "provider/llama/chat_prompt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace gibsey::provider {
namespace {

Tokens tokenize_raw(const llama_vocab* vocab, std::string_view text, bool parse_special) {
  Tokens tokens(text.size() + 8);
  const auto run = [&] {
    return llama_tokenize(vocab, text.data(), static_cast<int>(text.size()), tokens.data(), static_cast<int>(tokens.size()),
                          false, parse_special);
  };
  int count = run();
  if (count < 0) {
    tokens.resize(static_cast<std::size_t>(-count));
    count = run();
  }
  tokens.resize(static_cast<std::size_t>(std::max(0, count)));
  return tokens;
}

/// Stands for message number i while the template is rendered: then what is template and what is message is known exactly.
std::string placeholder(std::size_t i) {
  return fmt::format("\x02{}\x03", i);
}

void append(Tokens& tokens, const Tokens& more) {
  tokens.insert(tokens.end(), more.begin(), more.end());
}

}  // namespace

std::string token_bytes(const llama_vocab* vocab, llama_token token) {
  std::string bytes(32, '\0');
  const auto run = [&] { return llama_token_to_piece(vocab, token, bytes.data(), static_cast<int>(bytes.size()), 0, false); };
  int length = run();
  if (length < 0) {
    bytes.resize(static_cast<std::size_t>(-length));
    length = run();
  }
  bytes.resize(static_cast<std::size_t>(std::max(0, length)));
  return bytes;
}

Tokens tokenize_without(const llama_vocab* vocab, std::string_view text, const std::vector<bool>& forbidden) {
  auto tokens = tokenize_raw(vocab, text, false);
  const auto found = std::ranges::find_if(tokens, [&](llama_token token) { return forbidden[static_cast<std::size_t>(token)]; });
  if (found == tokens.end()) return tokens;
  const std::string_view mark = llama_vocab_get_text(vocab, *found);
  auto at = text.find(mark);
  // A mark whose bytes are written otherwise in the vocabulary: cut where the tokens before it end.
  if (at == std::string_view::npos) {
    at = 0;
    for (auto it = tokens.begin(); it != found; ++it) at += token_bytes(vocab, *it).size();
  }
  if (at + 1 >= text.size()) {
    tokens.erase(found);
    return tokens;
  }
  auto first = tokenize_without(vocab, text.substr(0, at + 1), forbidden);
  append(first, tokenize_without(vocab, text.substr(at + 1), forbidden));
  return first;
}

ChatTemplate::ChatTemplate(const llama_vocab* vocab, std::string source) : vocab_(vocab), source_(std::move(source)) {
  marks_.resize(static_cast<std::size_t>(llama_vocab_n_tokens(vocab)));
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    const auto token = static_cast<llama_token>(i);
    const bool user_defined = (llama_vocab_get_attr(vocab, token) & LLAMA_TOKEN_ATTR_USER_DEFINED) != 0;
    // Some converters mark <|im_start|> as a user's own token, which the tokenizer reads even in plain text.
    const std::string_view text = llama_vocab_get_text(vocab, token);
    marks_[i] = llama_vocab_is_control(vocab, token) || (user_defined && text.size() > 2 && source_.contains(text));
  }
}

Result<ChatTemplate> ChatTemplate::of(const llama_model& model, const std::string& name) {
  const char* source = llama_model_chat_template(&model, nullptr);
  if (source == nullptr || !llama_model_has_decoder(&model)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} is not a chat model (it carries no chat template); take an instruct or chat variant", name));
  }
  ChatTemplate chat(llama_model_get_vocab(&model), source);
  if (chat.render({Role::user}, true).empty()) {
    return fail(ErrorCode::invalid_argument, fmt::format("the chat template of {} is not known here; take another model", name));
  }
  return chat;
}

std::string ChatTemplate::render(const std::vector<Role>& roles, bool begin_reply) const {
  std::vector<std::string> contents;
  std::vector<llama_chat_message> messages;
  contents.reserve(roles.size());
  for (const Role role : roles) {
    contents.push_back(placeholder(contents.size()));
    messages.push_back({to_string(role), contents.back().c_str()});
  }
  std::string out(256 + roles.size() * 64, '\0');
  for (;;) {
    const int length = llama_chat_apply_template(source_.c_str(), messages.data(), messages.size(), begin_reply, out.data(),
                                                 static_cast<int>(out.size()));
    if (length < 0) return {};
    const bool complete = static_cast<std::size_t>(length) <= out.size();
    out.resize(static_cast<std::size_t>(length));
    if (complete) return out;
  }
}

Tokens ChatTemplate::tokenize(std::string_view text) const {
  return tokenize_without(vocab_, text, marks_);
}

Result<ChatPrompt> ChatTemplate::prompt(const ChatRequest& request) const {
  if (request.messages.empty()) return fail(ErrorCode::invalid_argument, "a request to a model needs at least one message");
  std::vector<Role> roles;
  for (const auto& message : request.messages) roles.push_back(message.role);
  const auto whole = render(roles, true);
  const auto stable_count = static_cast<std::size_t>(std::clamp(request.stable_messages, 0, static_cast<int>(roles.size()) - 1));
  std::string stable;
  if (stable_count > 0)
    stable = render({roles.begin(), std::next(roles.begin(), static_cast<std::ptrdiff_t>(stable_count))}, false);
  // Some templates write a message differently when others follow; then nothing can be kept.
  const std::size_t boundary = whole.starts_with(stable) ? stable.size() : 0;

  ChatPrompt out;
  const auto target = [&](std::size_t at) -> Tokens& { return at < boundary ? out.prefix : out.rest; };
  if (llama_vocab_get_add_bos(vocab_)) target(0).push_back(llama_vocab_bos(vocab_));
  const auto structure = [&](std::size_t begin, std::size_t end) {
    const auto cut = std::clamp(boundary, begin, end);
    if (cut > begin) append(target(begin), tokenize_raw(vocab_, std::string_view(whole).substr(begin, cut - begin), true));
    if (end > cut) append(target(cut), tokenize_raw(vocab_, std::string_view(whole).substr(cut, end - cut), true));
  };
  std::size_t position = 0;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const auto mark = placeholder(i);
    const auto at = whole.find(mark, position);
    if (at == std::string::npos) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the model's chat template leaves out a {} message", to_string(roles[i])));
    }
    structure(position, at);
    append(target(at), tokenize(request.messages[i].text));
    position = at + mark.size();
  }
  structure(position, whole.size());

  std::string_view opening = request.opening;
  while (opening.ends_with(' ')) opening.remove_suffix(1);
  out.skip_space = opening.size() != request.opening.size();
  const auto opening_tokens = tokenize(opening);
  out.opening_tokens = static_cast<int>(opening_tokens.size());
  append(out.rest, opening_tokens);
  return out;
}

}  // namespace gibsey::provider
