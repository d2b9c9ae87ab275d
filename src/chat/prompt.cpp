#include "chat/prompt.hpp"

#include "chat/prompt_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gibsey::chat {
namespace {

using provider::ChatMessage;
using provider::Role;

/// A tiny model loses the persona when the history grows; two exchanges keep a follow-up understandable.
constexpr std::size_t kSmallModelHistory = 2;
constexpr std::size_t kHistory = 10;
/// Numbered sources that a tiny model is shown of those found; with more its reply leaves the question.
constexpr std::size_t kSmallModelSources = 3;
/// Of the layer of notes, whatever the budget: it is the same for all of a character's turns.
constexpr int kNotesTokens = 320;
constexpr std::string_view kNotesHead =
    "Notes on the book, made at night and no part of it. They help you to remember what stands where; never quote them:";
/// Of the best lines, the ones that an answer given once more may open with.
constexpr std::size_t kOpeningQuotes = 3;

std::string joined(std::string text, const std::string& more) {
  if (!text.empty() && !more.empty()) text += "\n\n";
  return text + more;
}

/// Seed 002's rules; the block of sources follows.
constexpr std::string_view kCitedRules =
    "## Rules\n"
    "- Use ONLY the numbered sources below. Do not invent facts.\n"
    "- Cite every factual claim inline with [N] immediately after the claim "
    "(e.g. \"Parallel compression adds sustain [2] while preserving transients [1].\").\n"
    "- When sources disagree, present both perspectives with their citations.\n"
    "- If the sources lack enough information, say so honestly.\n\n"
    "## Response format\n"
    "- Aim for 2-4 short paragraphs. Expand only when the question warrants detail.\n"
    "- Use bullet lists for steps, signal chains, or parameter lists.\n"
    "- **Bold** key terms on first mention.\n"
    "- Use the field's own terms naturally; do not over-explain common ones unless the user asks.\n\n"
    "Sources:\n";

/// `[N] title by creator — section` with the summary under it, as seed 002's `_build_context_block` has it.
std::string context_block(const std::vector<model::Source>& sources) {
  if (sources.empty()) return "(No sources available)";
  std::string block;
  for (const auto& source : sources) {
    if (!block.empty()) block += "\n";
    block += fmt::format("[{}] {}", source.n, source.title.empty() ? "Untitled" : source.title);
    if (!source.voice.empty()) block += " by " + source.voice;
    if (!source.chapter.empty()) block += " \u2014 " + source.chapter;
    block += "\n";
    if (!source.summary.empty()) block += "  " + source.summary + "\n";
  }
  return block;
}

/// The operator's word, and after it a client's own.
std::string mandate_of(const PromptInputs& inputs) {
  return joined(inputs.world.mandate, inputs.client_system);
}

/// What a kind of prompt must hold: it comes first, whatever the budget.
struct Core {
  std::vector<ChatMessage> head;  ///< system and samples
  ChatMessage question;
};

std::vector<ChatMessage> sample_messages(const model::Character& character) {
  std::vector<ChatMessage> messages;
  for (const auto& sample : character.samples) {
    messages.push_back({Role::user, sample.user});
    messages.push_back({Role::assistant, sample.reply});
  }
  return messages;
}

Result<Core> core_of(const PromptInputs& inputs, const std::vector<model::Source>& sources,
                     const PromptTemplate& prompt_template) {
  Core core;
  if (inputs.kind == PromptKind::cited) {
    const auto title = inputs.world.title.empty() ? inputs.world.name : inputs.world.title;
    auto system = joined(mandate_of(inputs),
                         fmt::format("You are {}, an expert assistant. {}{}", title, kCitedRules, context_block(sources)));
    core.head.push_back({Role::system, joined(std::move(system), inputs.manner)});
    core.question = {Role::user, inputs.question};
    return core;
  }
  core.head.push_back({Role::system, joined(mandate_of(inputs), inputs.character.system_prompt)});
  std::ranges::move(sample_messages(inputs.character), std::back_inserter(core.head));
  if (inputs.kind == PromptKind::persona) {
    core.question = {Role::user, inputs.question};
    return core;
  }
  GIBSEY_TRY(auto text, prompt_template.render({.world = inputs.world,
                                                .character = inputs.character,
                                                .sources = sources,
                                                .in_book = inputs.in_book,
                                                .by_number = inputs.quotes_by_number,
                                                .user_text = inputs.question}));
  core.question = {Role::user, std::move(text)};
  return core;
}

/// Persona and question, with as many of the best quotes as fit; `sources` is left with those.
Result<Core> fit_core(const PromptInputs& inputs, std::vector<model::Source>& sources, const PromptTemplate& prompt_template,
                      PromptBudget& budget) {
  if (inputs.kind == PromptKind::cited && inputs.small_model && sources.size() > kSmallModelSources)
    sources.resize(kSmallModelSources);
  while (true) {
    GIBSEY_TRY(auto core, core_of(inputs, sources, prompt_template));
    const int cost = budget.cost(core.head) + budget.cost(core.question.text);
    if (cost <= budget.left()) {
      budget.spend(cost);
      return core;
    }
    if (sources.empty()) {
      return fail(
          ErrorCode::too_large,
          fmt::format("The question does not fit the model: with the character it takes {} tokens of {}. Ask it in fewer words.",
                      cost, std::max(budget.left(), 0)));
    }
    sources.pop_back();
  }
}

const std::string* chosen(const std::vector<std::string>& lines, std::size_t variant) {
  return lines.empty() ? nullptr : &lines[variant % lines.size()];
}

/// "Quoted line." (p. 12) and the character's own first words, or the line in which it says that the book does not tell.
void give_opening(Prompt& prompt, const PromptInputs& inputs) {
  const auto& character = inputs.character;
  const auto* lead_in = chosen(character.lead_ins, inputs.variant);
  if (!inputs.has_book) {
    if (lead_in != nullptr) prompt.lead_in = *lead_in;
    return;
  }
  if (inputs.book_away) {
    prompt.opening = kBookAway;
    prompt.opening_is_whole = true;
    return;
  }
  if (!inputs.in_book || inputs.sources.empty()) {
    if (const auto* line = chosen(character.unknown, inputs.variant)) prompt.opening = *line;
    prompt.opening_is_whole = !prompt.opening.empty();
    return;
  }
  const auto among = std::min(inputs.sources.size(), kOpeningQuotes);
  const auto& source = inputs.sources[static_cast<std::size_t>(inputs.sibling) % among];
  if (inputs.kind == PromptKind::cited) {
    prompt.opening = fmt::format("{} [{}]", source.quote, source.n);
    return;
  }
  prompt.quote = source;
  prompt.opening = fmt::format("\"{}\" (p. {})", prompt.quote->quote, prompt.quote->label);
  if (lead_in != nullptr) prompt.lead_in = " " + *lead_in;
}

void tell_sources(Prompt& prompt, const PromptInputs& inputs, std::size_t kept) {
  prompt.included.push_back(fmt::format("{} quotes", kept));
  if (kept < inputs.sources.size()) prompt.cut.push_back(fmt::format("{} quotes", inputs.sources.size() - kept));
  if (!inputs.missing_of_book.empty()) prompt.cut.push_back(inputs.missing_of_book);
}

void add_remembered(Prompt& prompt, const PromptInputs& inputs, PromptBudget& budget) {
  if (inputs.remembered.empty()) return;
  const int cost = budget.cost(inputs.remembered);
  if (cost > budget.left()) {
    prompt.cut.emplace_back("what is remembered of the reader");
    return;
  }
  budget.spend(cost);
  prompt.messages.front().text = joined(std::move(prompt.messages.front().text), inputs.remembered);
  // The first message is this reader's alone now: nothing can be kept for others.
  prompt.stable_messages = 0;
  prompt.included.emplace_back("what is remembered of the reader");
}

/// The same for every reader of the character, so it stays in the part that a prefix cache keeps; as many notes as the layer's
/// own budget has room for. A tiny model would talk about them instead of the question.
void add_notes(Prompt& prompt, const PromptInputs& inputs, PromptBudget& budget) {
  if (inputs.notes.empty() || inputs.small_model || inputs.kind != PromptKind::book) return;
  std::string layer(kNotesHead);
  std::size_t count = 0;
  for (; count < inputs.notes.size(); ++count) {
    const auto with_next = layer + "\n- " + inputs.notes[count];
    if (budget.cost(with_next) > kNotesTokens) break;
    layer = with_next;
  }
  const int cost = budget.cost(layer);
  if (count == 0 || cost > budget.left()) {
    prompt.cut.push_back(fmt::format("{} notes", inputs.notes.size()));
    return;
  }
  budget.spend(cost);
  prompt.messages.front().text = joined(std::move(prompt.messages.front().text), layer);
  prompt.included.push_back(fmt::format("{} notes", count));
  if (count < inputs.notes.size()) prompt.cut.push_back(fmt::format("{} notes", inputs.notes.size() - count));
}

/// The newest exchanges as they were.
void add_recent(Prompt& prompt, const PromptInputs& inputs, std::size_t count) {
  const auto& history = inputs.history;
  for (auto i = history.size() - count; i < history.size(); ++i) {
    prompt.messages.push_back({Role::user, history[i].question});
    prompt.messages.push_back({Role::assistant, history[i].reply});
  }
  if (count > 0) prompt.included.push_back(fmt::format("{} earlier exchanges", count));
}

/// What was asked before those, in front of the question: the prefix that an engine keeps stays as it was.
void add_older(Prompt& prompt, ChatMessage& question, const PromptInputs& inputs, std::size_t recent, PromptBudget& budget) {
  const auto end = inputs.history.size() - recent;
  // A tiny model would talk about the summary instead of the question.
  const auto older = inputs.small_model ? OlderHistory{.cut = static_cast<int>(end)} : sum_up(inputs.history, end, budget);
  if (!older.summary.empty()) question.text = older.summary + "\n\n" + question.text;
  if (older.summed_up > 0) prompt.included.push_back(fmt::format("{} older exchanges, summed up", older.summed_up));
  if (older.cut > 0) prompt.cut.push_back(fmt::format("{} older exchanges", older.cut));
}

/// A tiny model's quotation is its opening, and it opens no others.
std::vector<std::string> quotable_lines(const PromptInputs& inputs, const std::vector<model::Source>& sources) {
  std::vector<std::string> lines;
  if (!inputs.in_book || inputs.small_model) return lines;
  for (const auto& source : sources) lines.push_back(source.quote);
  return lines;
}

}  // namespace

std::string_view default_prompt_template(bool small_model) {
  // Tried on 135 M parameters: any instruction beside the question is talked about or copied.
  if (small_model) return "{{ user_text }}";
  // Seed 000 section 5, and a line that tells the model how quotations are checked.
  return "{{ char.display_name }} responds within the cosmology of *{{ world.title }}*.\n"
         "Tone guidelines: {{ char.tone or \"reflective, mystical\" }}\n"
         "{% if in_book and passages %}Context quotes:\n"
         "{% for p in passages %}- {% if by_number %}[[q{{ p.n }}]] {% endif %}\"{{ p.quote }}\" (p.{{ p.label }})\n"
         "{% endfor %}{% if by_number %}Quote at least one of them: where it shall stand, write its number alone, as "
         "[[q{{ passages[0].n }}]], and its words and page are put there. Put nothing inside quotation marks yourself.\n"
         "{% else %}Quote at least one of them word for word, inside double quotation marks, followed by its page; put "
         "nothing else inside quotation marks.\n"
         "{% endif %}{% else %}The book does not speak of this. Say so in your own voice, invent nothing, and quote nothing.\n"
         "{% endif %}---\n"
         "User asks: \"{{ user_text }}\"\n"
         "Reply in <= 120 tokens, weave symbols subtly.\n";
}

Result<Prompt> compose_prompt(const PromptInputs& inputs, const PromptTemplate& prompt_template) {
  PromptBudget budget(inputs.budget, inputs.count_tokens);
  auto sources = inputs.sources;
  GIBSEY_TRY(auto core, fit_core(inputs, sources, prompt_template, budget));
  Prompt prompt;
  prompt.messages = std::move(core.head);
  // The cited chat's first message holds this question's sources.
  const bool shared = inputs.kind != PromptKind::cited && inputs.client_system.empty();
  prompt.stable_messages = shared ? static_cast<int>(prompt.messages.size()) : 0;
  if (inputs.kind == PromptKind::cited) {
    prompt.included.emplace_back(inputs.manner.empty() ? "the rules" : "the rules and the creator's manner");
  } else {
    prompt.included.push_back(fmt::format("persona with {} sample exchanges", inputs.character.samples.size()));
  }
  if (inputs.kind != PromptKind::persona) tell_sources(prompt, inputs, sources.size());
  const auto recent = fit_recent(inputs.history, inputs.small_model ? kSmallModelHistory : kHistory, budget);
  add_notes(prompt, inputs, budget);
  add_remembered(prompt, inputs, budget);
  add_recent(prompt, inputs, recent);
  add_older(prompt, core.question, inputs, recent, budget);
  prompt.messages.push_back(std::move(core.question));
  if (inputs.opening) give_opening(prompt, inputs);
  if (inputs.kind != PromptKind::cited && inputs.has_book && !inputs.book_away) prompt.quotable = quotable_lines(inputs, sources);
  return prompt;
}

}  // namespace gibsey::chat
