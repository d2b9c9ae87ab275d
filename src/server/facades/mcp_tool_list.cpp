#include "server/facades/mcp_tools.hpp"

namespace gibsey::server {
namespace {

Json text(const char* description) {
  return {{"type", "string"}, {"description", description}};
}

Json whole(const char* description) {
  return {{"type", "integer"}, {"minimum", 0}, {"description", description}};
}

Json or_null(const char* type) {
  return {{"type", Json::array({type, "null"})}};
}

Json object(Json properties, Json required) {
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

Json world_argument() {
  return text("The book's world; the first one where it is left out.");
}

Json tool(const char* name, const char* title, const char* description, Json input, Json output, bool changes) {
  return {{"name", name},
          {"title", title},
          {"description", description},
          {"inputSchema", std::move(input)},
          {"outputSchema", std::move(output)},
          {"annotations",
           {{"readOnlyHint", !changes}, {"destructiveHint", false}, {"idempotentHint", !changes}, {"openWorldHint", false}}}};
}

Json search_tool() {
  const auto quote = object({{"quote", text("Verbatim, fewer than 40 words.")},
                             {"page_id", text("The page it stands on.")},
                             {"label", text("The page as printed.")},
                             {"title", text("The page's title.")},
                             {"chapter", text("The page's chapter.")},
                             {"start", whole("Where it begins in the page's text, in code points.")},
                             {"end", whole("Where it ends, exclusive.")},
                             {"score", {{"type", "number"}}}},
                            Json::array({"quote", "page_id", "label", "title", "chapter", "start", "end", "score"}));
  return tool(
      "search_book", "Search the book",
      "Finds lines of the book that fit a question, best first. Each is verbatim and says its page.",
      object(
          {{"query", text("What to look for, in plain words.")},
           {"world", world_argument()},
           {"k", {{"type", "integer"}, {"minimum", 1}, {"maximum", 50}, {"description", "How many; 8 where it is left out."}}}},
          Json::array({"query"})),
      object({{"world", text("The world that was searched.")},
              {"above_threshold", {{"type", "boolean"}, {"description", "Whether the book speaks of the matter at all."}}},
              {"quotes", {{"type", "array"}, {"items", quote}}}},
             Json::array({"world", "above_threshold", "quotes"})),
      false);
}

Json page_tool() {
  return tool("quote_page", "Read a page", "Gives the text of a page, or the part between two places in it, word for word.",
              object({{"page_id", text("The page; 42 and 042 are the same.")},
                      {"world", world_argument()},
                      {"start", whole("The first code point; 0 where it is left out.")},
                      {"end", whole("After the last code point; the page's end where it is left out.")}},
                     Json::array({"page_id"})),
              object({{"world", text("The book's world.")},
                      {"page_id", text("The page.")},
                      {"label", text("The page as printed.")},
                      {"title", text("Its title.")},
                      {"chapter", text("Its chapter.")},
                      {"start", whole("Where the text begins.")},
                      {"end", whole("Where it ends, exclusive.")},
                      {"text", text("The page's own words.")},
                      {"version", whole("Which version of the page this is.")}},
                     Json::array({"world", "page_id", "label", "title", "chapter", "start", "end", "text", "version"})),
              false);
}

Json verify_tool() {
  return tool("verify_quote", "Verify a quotation",
              "Says whether words stand in the book, by the check that every reply passes, and where; if they do not, which "
              "passage is nearest.",
              object({{"claim", text("The words that are said to be in the book.")},
                      {"world", world_argument()},
                      {"page_id", text("The page to look at first.")}},
                     Json::array({"claim"})),
              object({{"verbatim", {{"type", "boolean"}}},
                      {"world", text("The book's world.")},
                      {"page_id", or_null("string")},
                      {"start", or_null("integer")},
                      {"end", or_null("integer")},
                      {"text", or_null("string")}},
                     Json::array({"verbatim", "world", "page_id", "start", "end", "text"})),
              false);
}

Json ask_tool() {
  const Json objects{{"type", "array"}, {"items", {{"type", "object"}}}};
  return tool("ask_character", "Ask a character",
              "Asks a character of the book, who answers in its own voice; every quotation in the reply stands on its page. "
              "Costs credits.",
              object({{"character", text("The character: arieol, or entrance-way/arieol; gibsey is the narrator.")},
                      {"text", text("The question.")},
                      {"world", text("The character's world, where its name is not enough.")}},
                     Json::array({"character", "text"})),
              object({{"turn_id", text("The turn's record.")},
                      {"conversation_id", text("The conversation that it began.")},
                      {"reply", text("What the character says.")},
                      {"sources", objects},
                      {"quotes", objects},
                      {"receipt", {{"type", Json::array({"object", "null"})}}}},
                     Json::array({"turn_id", "conversation_id", "reply", "sources", "quotes", "receipt"})),
              true);
}

}  // namespace

const Json& mcp_tools() {
  static const Json tools = Json::array({search_tool(), page_tool(), verify_tool(), ask_tool()});
  return tools;
}

}  // namespace gibsey::server
