#include "store/model_json.hpp"

#include "store/json_text.hpp"

// The library looks these up beside the types; they are static, so that another layer may write the same types otherwise.
namespace gibsey::model {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

static void to_json(Json& json, const SampleExchange& sample) {
  json = {{"user", sample.user}, {"reply", sample.reply}};
}

static void from_json(const Json& json, SampleExchange& sample) {
  sample = {.user = json.value("user", ""), .reply = json.value("reply", "")};
}

static void to_json(Json& json, const PersonalityProfile& p) {
  json = {{"signature_phrases", p.signature_phrases},
          {"distinctive_terms", p.distinctive_terms},
          {"sound_descriptions", p.sound_descriptions},
          {"teaching_style", p.teaching_style},
          {"energy", p.energy},
          {"formality", p.formality},
          {"descriptors", p.descriptors},
          {"explanation_approach", p.explanation_approach},
          {"uses_analogies", p.uses_analogies},
          {"audience_engagement", p.audience_engagement},
          {"sound_words", p.sound_words},
          {"self_references", p.self_references},
          {"pacing", p.pacing},
          {"summary", p.summary}};
}

static void from_json(const Json& json, PersonalityProfile& p) {
  const PersonalityProfile defaults;
  p = {.signature_phrases = json.value("signature_phrases", Strings()),
       .distinctive_terms = json.value("distinctive_terms", Strings()),
       .sound_descriptions = json.value("sound_descriptions", Strings()),
       .teaching_style = json.value("teaching_style", ""),
       .energy = json.value("energy", defaults.energy),
       .formality = json.value("formality", defaults.formality),
       .descriptors = json.value("descriptors", Strings()),
       .explanation_approach = json.value("explanation_approach", ""),
       .uses_analogies = json.value("uses_analogies", false),
       .audience_engagement = json.value("audience_engagement", ""),
       .sound_words = json.value("sound_words", Strings()),
       .self_references = json.value("self_references", ""),
       .pacing = json.value("pacing", ""),
       .summary = json.value("summary", "")};
}

static void to_json(Json& json, const Character& c) {
  json = {{"world", c.world},
          {"id", c.id},
          {"aliases", c.aliases},
          {"display_name", c.display_name},
          {"color_hex", c.color_hex},
          {"tone", c.tone},
          {"blurb", c.blurb},
          {"greeting", c.greeting},
          {"system_prompt", c.system_prompt},
          {"samples", c.samples},
          {"lead_ins", c.lead_ins},
          {"unknown", c.unknown},
          {"owner", c.owner},
          {"voice_id", c.voice_id},
          {"appearance_seed", c.appearance_seed},
          {"created", c.created},
          {"updated", c.updated}};
  if (c.personality) json["personality"] = *c.personality;
}

static void from_json(const Json& json, Character& c) {
  c = {.world = json.value("world", ""),
       .id = json.value("id", ""),
       .aliases = json.value("aliases", Strings()),
       .display_name = json.value("display_name", ""),
       .color_hex = json.value("color_hex", ""),
       .tone = json.value("tone", ""),
       .blurb = json.value("blurb", ""),
       .greeting = json.value("greeting", ""),
       .system_prompt = json.value("system_prompt", ""),
       .samples = json.value("samples", std::vector<SampleExchange>()),
       .lead_ins = json.value("lead_ins", Strings()),
       .unknown = json.value("unknown", Strings()),
       .personality = std::nullopt,
       .owner = json.value("owner", ""),
       .voice_id = json.value("voice_id", ""),
       .appearance_seed = json.value("appearance_seed", ""),
       .created = json.value("created", UnixMillis{0}),
       .updated = json.value("updated", UnixMillis{0})};
  if (const auto found = json.find("personality"); found != json.end()) found->get_to(c.personality.emplace());
}

static void to_json(Json& json, const Sentiment& sentiment) {
  using store::finite;
  json = {{"compound", finite(sentiment.compound)},
          {"positive", finite(sentiment.positive)},
          {"negative", finite(sentiment.negative)},
          {"neutral", finite(sentiment.neutral)}};
}

static void from_json(const Json& json, Sentiment& sentiment) {
  sentiment = {.compound = json.value("compound", 0.0),
               .positive = json.value("positive", 0.0),
               .negative = json.value("negative", 0.0),
               .neutral = json.value("neutral", 0.0)};
}

static void to_json(Json& json, const Phase& phase) {
  json = {{"name", phase.name}, {"ms", store::finite(phase.ms)}};
}

static void from_json(const Json& json, Phase& phase) {
  phase = {.name = json.value("name", ""), .ms = json.value("ms", 0.0)};
}

static void to_json(Json& json, const ModelCall::Message& message) {
  json = {{"role", message.role}, {"text", message.text}};
}

static void from_json(const Json& json, ModelCall::Message& message) {
  message = {.role = json.value("role", ""), .text = json.value("text", "")};
}

static void to_json(Json& json, const ModelCall& call) {
  using store::finite;
  json = {{"provider", call.provider},
          {"model", call.model},
          {"messages", call.messages},
          {"opening", call.opening},
          {"stop", call.stop},
          {"max_tokens", call.max_tokens},
          {"temperature", finite(call.temperature)},
          {"top_p", finite(call.top_p)},
          {"min_p", finite(call.min_p)},
          {"repeat_penalty", finite(call.repeat_penalty)},
          {"prompt_tokens", call.usage.prompt_tokens},
          {"completion_tokens", call.usage.completion_tokens},
          {"usage_estimated", call.usage_estimated},
          {"outcome", call.outcome},
          {"ms", finite(call.ms)}};
}

static void from_json(const Json& json, ModelCall& call) {
  call = {.provider = json.value("provider", ""),
          .model = json.value("model", ""),
          .messages = json.value("messages", std::vector<ModelCall::Message>()),
          .opening = json.value("opening", ""),
          .stop = json.value("stop", Strings()),
          .max_tokens = json.value("max_tokens", 0),
          .temperature = json.value("temperature", 0.0),
          .top_p = json.value("top_p", 0.0),
          .min_p = json.value("min_p", 0.0),
          .repeat_penalty = json.value("repeat_penalty", 0.0),
          .usage = {.prompt_tokens = json.value("prompt_tokens", 0), .completion_tokens = json.value("completion_tokens", 0)},
          .usage_estimated = json.value("usage_estimated", false),
          .outcome = json.value("outcome", ""),
          .ms = json.value("ms", 0.0)};
}

}  // namespace gibsey::model

namespace gibsey::store {

std::string encode(const std::vector<std::string>& strings) {
  return dump(strings);
}
std::string encode(const std::vector<model::SampleExchange>& samples) {
  return dump(samples);
}
std::string encode(const model::PersonalityProfile& personality) {
  return dump(personality);
}
std::string encode(const model::Character& character) {
  return dump(character);
}
std::string encode(const model::Sentiment& sentiment) {
  return dump(sentiment);
}
std::string encode(const std::vector<model::Phase>& phases) {
  return dump(phases);
}
std::string encode(const std::vector<model::ModelCall>& calls) {
  return dump(calls);
}

Result<void> decode(const std::string& json, std::vector<std::string>& strings) {
  return decode_into(json, strings);
}
Result<void> decode(const std::string& json, std::vector<model::SampleExchange>& samples) {
  return decode_into(json, samples);
}
Result<void> decode(const std::string& json, model::PersonalityProfile& personality) {
  return decode_into(json, personality);
}
Result<void> decode(const std::string& json, model::Character& character) {
  return decode_into(json, character);
}
Result<void> decode(const std::string& json, model::Sentiment& sentiment) {
  return decode_into(json, sentiment);
}
Result<void> decode(const std::string& json, std::vector<model::Phase>& phases) {
  return decode_into(json, phases);
}
Result<void> decode(const std::string& json, std::vector<model::ModelCall>& calls) {
  return decode_into(json, calls);
}

}  // namespace gibsey::store
