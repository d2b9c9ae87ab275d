#pragma once
#include "provider/chat_model.hpp"
#include "provider/llama/handles.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::provider {

using Tokens = std::vector<llama_token>;

/// A request as the model reads it: `prefix`, then `rest`.
struct ChatPrompt {
  Tokens prefix;           ///< the stable messages; empty when their state cannot be kept
  Tokens rest;             ///< all other messages, the head of the reply, its opening
  int opening_tokens = 0;  ///< how many at the end of `rest` are the opening
  /// The opening ends in a space that was left to the model, whose words carry their own: one is taken off its first text.
  bool skip_space = false;

  [[nodiscard]] int size() const { return static_cast<int>(prefix.size() + rest.size()); }
};

/// Renders messages by a model's own chat template and tokenises them so that nothing in a message can be taken for the
/// template's marks. Thread-safe after construction.
class ChatTemplate {
 public:
  /// Errors: invalid_argument (the model has no chat template, or one that is not known); `name` is for the sentence.
  static Result<ChatTemplate> of(const llama_model& model, const std::string& name);

  /// Errors: invalid_argument (no messages, or the template leaves one out).
  [[nodiscard]] Result<ChatPrompt> prompt(const ChatRequest& request) const;
  /// Tokens of plain text: marks in it are text.
  [[nodiscard]] Tokens tokenize(std::string_view text) const;

 private:
  ChatTemplate(const llama_vocab* vocab, std::string source);
  [[nodiscard]] std::string render(const std::vector<Role>& roles, bool begin_reply) const;

  const llama_vocab* vocab_;
  std::string source_;
  std::vector<bool> marks_;  ///< by token: part of the template's structure
};

/// Tokens of `text` without any of `forbidden` (by token): where the tokenizer gives one, its text is cut in two and read as
/// ordinary characters.
[[nodiscard]] Tokens tokenize_without(const llama_vocab* vocab, std::string_view text, const std::vector<bool>& forbidden);

/// The bytes that a token stands for; nothing for a control token.
[[nodiscard]] std::string token_bytes(const llama_vocab* vocab, llama_token token);

}  // namespace gibsey::provider
