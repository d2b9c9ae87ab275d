#include "store/note_json.hpp"

#include "store/json_text.hpp"

// The library looks these up beside the types; they are static, as in model_json.cpp.
namespace gibsey::model {

using Json = nlohmann::json;

static void to_json(Json& json, const NoteCitation& citation) {
  json = {{"page_id", citation.page_id}, {"label", citation.label}, {"page_version", citation.page_version}};
}
static void from_json(const Json& json, NoteCitation& citation) {
  citation = {.page_id = json.value("page_id", ""),
              .label = json.value("label", ""),
              .page_version = json.value("page_version", std::int64_t{0})};
}

static void to_json(Json& json, const NoteSentence& sentence) {
  json = {{"text", sentence.text}, {"citations", sentence.citations}};
}
static void from_json(const Json& json, NoteSentence& sentence) {
  sentence = {.text = json.value("text", ""), .citations = json.value("citations", std::vector<NoteCitation>())};
}

static void to_json(Json& json, const NoteMember& member) {
  json = {{"page_id", member.page_id}, {"passage", member.passage}, {"text_hash", member.text_hash}};
}
static void from_json(const Json& json, NoteMember& member) {
  member = {.page_id = json.value("page_id", ""), .passage = json.value("passage", 0), .text_hash = json.value("text_hash", "")};
}

static void to_json(Json& json, const PlannedNote& planned) {
  json = {{"world", planned.world}, {"id", planned.id}, {"chapter", planned.chapter}, {"members", planned.members}};
}
static void from_json(const Json& json, PlannedNote& planned) {
  planned = {.world = json.value("world", ""),
             .id = json.value("id", ""),
             .chapter = json.value("chapter", ""),
             .members = json.value("members", std::vector<NoteMember>())};
}

static void to_json(Json& json, const RunCounts& counts) {
  json = {{"clusters", counts.clusters},
          {"written", counts.written},
          {"extractive", counts.extractive},
          {"unchanged", counts.unchanged},
          {"retired", counts.retired},
          {"left_over", counts.left_over},
          {"sentences_kept", counts.sentences_kept},
          {"sentences_dropped", counts.sentences_dropped}};
}
static void from_json(const Json& json, RunCounts& counts) {
  counts = {.clusters = json.value("clusters", 0),
            .written = json.value("written", 0),
            .extractive = json.value("extractive", 0),
            .unchanged = json.value("unchanged", 0),
            .retired = json.value("retired", 0),
            .left_over = json.value("left_over", 0),
            .sentences_kept = json.value("sentences_kept", 0),
            .sentences_dropped = json.value("sentences_dropped", 0)};
}

}  // namespace gibsey::model

namespace gibsey::store {

std::string encode(const std::vector<model::NoteSentence>& sentences) {
  return dump(sentences);
}
std::string encode(const std::vector<model::NoteMember>& members) {
  return dump(members);
}
std::string encode(const std::vector<model::PlannedNote>& plan) {
  return dump(plan);
}
std::string encode(const model::RunCounts& counts) {
  return dump(counts);
}
std::string encode(const std::map<std::string, std::int64_t>& numbers) {
  return dump(numbers);
}

Result<void> decode(const std::string& json, std::vector<model::NoteSentence>& sentences) {
  return decode_into(json, sentences);
}
Result<void> decode(const std::string& json, std::vector<model::NoteMember>& members) {
  return decode_into(json, members);
}
Result<void> decode(const std::string& json, std::vector<model::PlannedNote>& plan) {
  return decode_into(json, plan);
}
Result<void> decode(const std::string& json, model::RunCounts& counts) {
  return decode_into(json, counts);
}
Result<void> decode(const std::string& json, std::map<std::string, std::int64_t>& numbers) {
  return decode_into(json, numbers);
}

}  // namespace gibsey::store
