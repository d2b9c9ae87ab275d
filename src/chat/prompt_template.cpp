#include "chat/prompt_template.hpp"

#include <fmt/format.h>
#include <jinja/lexer.h>
#include <jinja/parser.h>
#include <jinja/runtime.h>

#include <exception>

namespace gibsey::chat {
namespace {

jinja::value text_value(std::string_view text) {
  auto value = jinja::mk_val<jinja::value_string>(std::string(text));
  value->mark_input();
  return value;
}

jinja::value character_value(const model::Character& character) {
  auto value = jinja::mk_val<jinja::value_object>();
  value->insert("char_id", text_value(character.id));
  value->insert("display_name", text_value(character.display_name));
  value->insert("tone", text_value(character.tone));
  value->insert("color_hex", text_value(character.color_hex));
  return value;
}

jinja::value world_value(const model::World& world) {
  auto value = jinja::mk_val<jinja::value_object>();
  value->insert("name", text_value(world.name));
  value->insert("title", text_value(world.title));
  value->insert("author", text_value(world.author));
  return value;
}

jinja::value source_value(const model::Source& source) {
  auto value = jinja::mk_val<jinja::value_object>();
  value->insert("n", jinja::mk_val<jinja::value_int>(source.n));
  value->insert("quote", text_value(source.quote));
  value->insert("page_id", text_value(source.page_id));
  value->insert("label", text_value(source.label));
  value->insert("title", text_value(source.title));
  value->insert("chapter", text_value(source.chapter));
  return value;
}

}  // namespace

struct PromptTemplate::Program {
  std::string source;
  jinja::program ast;
};

Result<PromptTemplate> PromptTemplate::parse(const std::string& source) {
  try {
    jinja::lexer lexer;
    auto ast = jinja::parse_from_tokens(lexer.tokenize(source));
    return PromptTemplate(std::make_shared<const Program>(Program{source, std::move(ast)}));
  } catch (const std::exception& problem) {
    return fail(ErrorCode::invalid_argument, fmt::format("the prompt template cannot be read: {}", problem.what()));
  }
}

Result<std::string> PromptTemplate::render(const PromptVariables& variables) const {
  try {
    jinja::context context(program_->source);
    auto passages = jinja::mk_val<jinja::value_array>();
    for (const auto& source : variables.sources) passages->push_back(source_value(source));
    context.set_val("char", character_value(variables.character));
    context.set_val("world", world_value(variables.world));
    context.set_val("passages", passages);
    context.set_val("in_book", jinja::mk_val<jinja::value_bool>(variables.in_book));
    context.set_val("by_number", jinja::mk_val<jinja::value_bool>(variables.by_number));
    context.set_val("user_text", text_value(variables.user_text));
    jinja::runtime runtime(context);
    const auto output = runtime.execute(program_->ast);
    return jinja::runtime::gather_string_parts(output)->as_string().str();
  } catch (const std::exception& problem) {
    return fail(ErrorCode::invalid_argument, fmt::format("the prompt template cannot be filled in: {}", problem.what()));
  }
}

}  // namespace gibsey::chat
