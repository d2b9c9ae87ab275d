#pragma once
#include "base/result.hpp"
#include "chat/dialect.hpp"
#include "chat/prompt_template.hpp"
#include "chat/turn_service.hpp"
#include "model/character.hpp"
#include "model/turn.hpp"
#include "model/world.hpp"
#include "provider/chat_model.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::chat {

struct PromptInputs {
  const model::World& world;
  const model::Character& character;
  const std::vector<model::Source>& sources;
  const std::vector<PastExchange>& history;  ///< oldest first
  std::string question;
  bool has_book = true;           ///< false: a persona without one
  std::string missing_of_book;    ///< the part of it that could not be looked at, in words; "" none
  bool book_away = false;         ///< there is one, and it cannot be looked up now
  bool in_book = true;            ///< whether retrieval found anything about the question
  bool opening = false;           ///< the reply is to begin with a quotation
  bool small_model = false;       ///< takes less history
  bool quotes_by_number = false;  ///< the model names the lines it quotes, [[q1]], instead of writing them out
  std::size_t variant = 0;        ///< any number; chooses among the character's lead-ins
  PromptKind kind = PromptKind::book;
  int sibling = 0;                 ///< of an answer given once more: the opening quotes another of the best lines
  std::string remembered;          ///< what is known of this reader; "" nothing
  std::vector<std::string> notes;  ///< what the book wrote at night about the character's pages
  std::string client_system;       ///< a client's own system message; "" none
  std::string manner;              ///< the personality block of the cited chat; "" none
  int budget = 6000;               ///< tokens that the messages may take (contracts section 5)
  std::function<int(const std::string&)> count_tokens;  ///< the model's; empty: a quarter of the bytes
};

/// What a reply begins with when the book cannot be looked up.
inline constexpr std::string_view kBookAway = "I cannot reach the book just now, so I will quote nothing from it.";

struct Prompt {
  std::vector<provider::ChatMessage> messages;
  int stable_messages = 0;  ///< the persona's, the same for every reader: what a prefix cache keeps
  /// What the reply begins with, a quotation with its page or the line that says the book does not tell; empty without
  /// PromptInputs::opening.
  std::string opening;
  std::optional<model::Source> quote;  ///< the source that the opening quotes
  /// The lines that the reply may quote, where the model can be held to them; nullopt where nothing is checked.
  std::optional<std::vector<std::string>> quotable;
  bool opening_is_whole = false;      ///< the opening says all that there is: that the book does not tell
  std::string lead_in;                ///< the character's first words after the opening, " What I know is"
  std::vector<std::string> included;  ///< what went into the prompt, and what was left out: for the reader's trace
  std::vector<std::string> cut;
};

/// Composes the messages by `kind`. What does not fit the budget goes by this order of priorities: persona > question > quotes >
/// recent history > notes > what is remembered > older history. Older history is summed up (the questions that were asked) before
/// it is cut. Errors: invalid_argument (template), too_large (persona and question alone do not fit).
///
/// Of the book's: the messages in the order that keeps a prefix cache useful: mandate, persona, notes, samples, history, then
/// quotes and question. The template makes the last message; a tiny model (about 100 M parameters) takes every instruction for
/// something to talk about, so its template is the bare question, and what it must quote is put into the reply's opening. Pure.
[[nodiscard]] Result<Prompt> compose_prompt(const PromptInputs& inputs, const PromptTemplate& prompt_template);

/// The template of a world that has none of its own (templates/prompt.j2, templates/prompt.small.j2).
[[nodiscard]] std::string_view default_prompt_template(bool small_model);

}  // namespace gibsey::chat
