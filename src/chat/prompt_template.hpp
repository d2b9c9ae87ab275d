#pragma once
#include "base/result.hpp"
#include "model/character.hpp"
#include "model/turn.hpp"
#include "model/world.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::chat {

/// What `templates/prompt.j2` sees: char{char_id,display_name,tone,color_hex}, world{name,title,author},
/// passages[]{n,quote,page_id,label,title,chapter}, in_book (false: nothing was found for the question), by_number
/// (the model names the lines that it quotes, [[q1]]), user_text.
struct PromptVariables {
  const model::World& world;
  const model::Character& character;
  const std::vector<model::Source>& sources;
  bool in_book = true;
  bool by_number = false;
  std::string_view user_text;
};

/// A parsed Jinja template. Values are inserted as they are and never read as template text, so neither a reader nor a page
/// can open a tag. Immutable; safe to share between threads.
class PromptTemplate {
 public:
  /// invalid_argument with the position of the mistake.
  [[nodiscard]] static Result<PromptTemplate> parse(const std::string& source);
  /// invalid_argument when the template uses something that is not there.
  [[nodiscard]] Result<std::string> render(const PromptVariables& variables) const;

 private:
  struct Program;
  explicit PromptTemplate(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace gibsey::chat
