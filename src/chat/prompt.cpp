#include "chat/prompt.hpp"

#include <fmt/format.h>

namespace gibsey::chat {
namespace {

using provider::ChatMessage;
using provider::Role;

/// A tiny model loses the persona when the history grows; two exchanges keep a follow-up understandable.
constexpr std::size_t kSmallModelHistory = 2;

std::string system_text(const PromptInputs& inputs) {
  std::string text;
  if (!inputs.world.mandate.empty()) text += inputs.world.mandate + "\n\n";
  text += inputs.character.system_prompt;
  return text;
}

void append_samples(Prompt& prompt, const model::Character& character) {
  for (const auto& sample : character.samples) {
    prompt.messages.push_back({Role::user, sample.user});
    prompt.messages.push_back({Role::assistant, sample.reply});
  }
}

void append_history(Prompt& prompt, const PromptInputs& inputs) {
  const auto& history = inputs.history;
  const auto first = inputs.small_model && history.size() > kSmallModelHistory ? history.size() - kSmallModelHistory : 0;
  for (auto i = first; i < history.size(); ++i) {
    prompt.messages.push_back({Role::user, history[i].question});
    prompt.messages.push_back({Role::assistant, history[i].reply});
  }
  if (history.size() > first) prompt.included.push_back(fmt::format("{} earlier exchanges", history.size() - first));
  if (first > 0) prompt.cut.push_back(fmt::format("{} older exchanges", first));
}

const std::string* chosen(const std::vector<std::string>& lines, std::size_t variant) {
  return lines.empty() ? nullptr : &lines[variant % lines.size()];
}

/// "Quoted line." (p. 12) and the character's own first words, or the line in which it says that the book does not tell.
void give_opening(Prompt& prompt, const PromptInputs& inputs) {
  const auto& character = inputs.character;
  if (!inputs.in_book || inputs.sources.empty()) {
    if (const auto* line = chosen(character.unknown, inputs.variant)) prompt.opening = *line;
    return;
  }
  prompt.quote = inputs.sources.front();
  prompt.opening = fmt::format("\"{}\" (p. {})", prompt.quote->quote, prompt.quote->label);
  if (const auto* lead_in = chosen(character.lead_ins, inputs.variant)) prompt.lead_in = " " + *lead_in;
}

}  // namespace

std::string_view default_prompt_template(bool small_model) {
  // Tried on 135 M parameters: any instruction beside the question is talked about or copied.
  if (small_model) return "{{ user_text }}";
  // Seed 000 section 5, and a line that tells the model how quotations are checked.
  return "{{ char.display_name }} responds within the cosmology of *{{ world.title }}*.\n"
         "Tone guidelines: {{ char.tone or \"reflective, mystical\" }}\n"
         "{% if in_book and passages %}Context quotes:\n"
         "{% for p in passages %}- \"{{ p.quote }}\" (p.{{ p.label }})\n"
         "{% endfor %}Quote at least one of them word for word, inside double quotation marks, followed by its page; put "
         "nothing else inside quotation marks.\n"
         "{% else %}The book does not speak of this. Say so in your own voice, invent nothing, and quote nothing.\n"
         "{% endif %}---\n"
         "User asks: \"{{ user_text }}\"\n"
         "Reply in <= 120 tokens, weave symbols subtly.\n";
}

Result<Prompt> compose_prompt(const PromptInputs& inputs, const PromptTemplate& prompt_template) {
  Prompt prompt;
  prompt.messages.push_back({Role::system, system_text(inputs)});
  append_samples(prompt, inputs.character);
  prompt.included.push_back(fmt::format("persona with {} sample exchanges", inputs.character.samples.size()));
  prompt.stable_messages = static_cast<int>(prompt.messages.size());
  append_history(prompt, inputs);
  GIBSEY_TRY(auto text, prompt_template.render({.world = inputs.world,
                                                .character = inputs.character,
                                                .sources = inputs.sources,
                                                .in_book = inputs.in_book,
                                                .user_text = inputs.question}));
  prompt.messages.push_back({Role::user, std::move(text)});
  prompt.included.push_back(fmt::format("{} quotes", inputs.sources.size()));
  if (inputs.opening) give_opening(prompt, inputs);
  return prompt;
}

}  // namespace gibsey::chat
