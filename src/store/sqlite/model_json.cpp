#include "store/sqlite/model_json.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

// The library looks these up beside the types.
namespace gibsey::model {

using Json = nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SampleExchange, user, reply)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Character, world, id, aliases, display_name, color_hex, tone, blurb, greeting,
                                                system_prompt, samples, lead_ins, unknown)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Receipt, held, charged, released, balance, rule)

static void to_json(Json& json, const Source& source) {
  json = {{"n", source.n},         {"page_id", source.page_id}, {"label", source.label}, {"title", source.title},
          {"chapter", source.chapter}, {"quote", source.quote}, {"start", source.start}, {"end", source.end},
          // JSON has no infinity or NaN.
          {"score", std::isfinite(source.score) ? source.score : 0.0}};
}

static void from_json(const Json& json, Source& source) {
  source = {.n = json.value("n", 0),
            .page_id = json.value("page_id", ""),
            .label = json.value("label", ""),
            .title = json.value("title", ""),
            .chapter = json.value("chapter", ""),
            .quote = json.value("quote", ""),
            .start = json.value("start", 0),
            .end = json.value("end", 0),
            .score = json.value("score", 0.0)};
}

static void to_json(Json& json, const Quote& quote) {
  json = {{"n", quote.n},         {"page_id", quote.page_id}, {"label", quote.label},
          {"title", quote.title}, {"start", quote.start},     {"end", quote.end},
          {"text", quote.text},   {"origin", to_string(quote.origin)}, {"verified", quote.verified},
          {"reply_start", quote.reply_start}, {"reply_end", quote.reply_end}};
}

static void from_json(const Json& json, Quote& quote) {
  quote = {.n = json.value("n", 0),
           .page_id = json.value("page_id", ""),
           .label = json.value("label", ""),
           .title = json.value("title", ""),
           .start = json.value("start", 0),
           .end = json.value("end", 0),
           .text = json.value("text", ""),
           .origin = parse_quote_origin(json.value("origin", "model")).value_or(QuoteOrigin::model),
           .verified = json.value("verified", true),
           .reply_start = json.value("reply_start", 0),
           .reply_end = json.value("reply_end", 0)};
}

}  // namespace gibsey::model

namespace gibsey::store::sqlite {
namespace {

using Json = nlohmann::json;

std::string dump(const Json& json) {
  // Text that is not UTF-8 is mended rather than refused: a turn must be stored whatever a model wrote.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename T>
Result<void> decode_into(const std::string& text, T& value) {
  try {
    Json::parse(text).get_to(value);
    return {};
  } catch (const Json::exception& exception) {
    return fail(ErrorCode::corrupt, std::string("a stored row cannot be read (") + exception.what() +
                                        "); put a backup of the file in its place");
  }
}

}  // namespace

std::string encode(const std::vector<std::string>& strings) { return dump(strings); }
std::string encode(const std::vector<model::SampleExchange>& samples) { return dump(samples); }
std::string encode(const model::Character& character) { return dump(character); }
std::string encode(const std::vector<model::Source>& sources) { return dump(sources); }
std::string encode(const std::vector<model::Quote>& quotes) { return dump(quotes); }
std::string encode(const model::Receipt& receipt) { return dump(receipt); }

Result<void> decode(const std::string& json, std::vector<std::string>& strings) { return decode_into(json, strings); }
Result<void> decode(const std::string& json, std::vector<model::SampleExchange>& samples) { return decode_into(json, samples); }
Result<void> decode(const std::string& json, model::Character& character) { return decode_into(json, character); }
Result<void> decode(const std::string& json, std::vector<model::Source>& sources) { return decode_into(json, sources); }
Result<void> decode(const std::string& json, std::vector<model::Quote>& quotes) { return decode_into(json, quotes); }
Result<void> decode(const std::string& json, model::Receipt& receipt) { return decode_into(json, receipt); }

}  // namespace gibsey::store::sqlite
