#include "server/facades/facade_question.hpp"

#include "server/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gibsey::server {
namespace {

constexpr const char* kAnonymous = "anonymous";
constexpr TextRule kQuestion{1, 8000, true};
constexpr TextRule kSaid{0, kFacadeBodyLimit, true};
constexpr std::int64_t kMostTokens = 8192;
constexpr std::size_t kMostStops = 16;
/// Stands where the client's talk begins with the character's greeting: models want the reader to speak first, and some
/// refuse an empty message.
constexpr const char* kUnsaid = "Hello.";

std::unexpected<net::HttpResponse> wrong(std::string_view field, const std::string& sentence) {
  return std::unexpected(problem(422, sentence, field));
}

Field<Speaker> speaker_of(const Json& message, std::string_view field) {
  GIBSEY_TRY(const auto role, required_text(message, "role", {1, 40, false}));
  if (role == "system" || role == "developer") return Speaker::system;
  if (role == "user") return Speaker::reader;
  if (role == "assistant") return Speaker::character;
  if (role == "tool" || role == "function") return not_here(field, "Characters use no tools: leave their messages out.");
  return wrong(field, fmt::format("A message's role must be system, user or assistant, not '{}'.", role));
}

Field<std::string> part_text(const Json& part, std::string_view field) {
  if (part.is_string()) return part.get<std::string>();
  if (!part.is_object()) return wrong(field, fmt::format("A part of '{}' must be an object with a type.", field));
  const auto* type = find_field(part, "type");
  const std::string name = type != nullptr && type->is_string() ? type->get<std::string>() : "";
  if (name == "text" || name == "input_text" || name == "output_text") return required_text(part, "text", kSaid);
  return not_here(field, fmt::format("Characters read text alone: leave the part of type '{}' out.", name));
}

void join(std::string& text, const std::string& more) {
  if (!text.empty() && !more.empty()) text += "\n\n";
  text += more;
}

/// Neighbouring messages of one speaker as one; what the client's system says apart.
std::vector<Said> merged(std::vector<Said> talk, std::string& system) {
  std::vector<Said> turns;
  for (auto& said : talk) {
    if (said.speaker == Speaker::system) {
      join(system, said.text);
    } else if (!turns.empty() && turns.back().speaker == said.speaker) {
      join(turns.back().text, said.text);
    } else {
      turns.push_back(std::move(said));
    }
  }
  return turns;
}

std::vector<chat::PastExchange> paired(std::vector<Said> turns) {
  std::vector<chat::PastExchange> history;
  std::string question = kUnsaid;
  for (auto& said : turns) {
    if (said.speaker == Speaker::reader) {
      question = std::move(said.text);
    } else if (!said.text.empty()) {
      history.push_back({std::exchange(question, kUnsaid), std::move(said.text)});
    }
  }
  return history;
}

}  // namespace

const Json* find_field(const Json& object, std::string_view field) {
  const auto at = object.find(field);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

std::unexpected<net::HttpResponse> not_here(std::string_view field, const std::string& sentence) {
  return std::unexpected(problem(400, sentence, field));
}

Field<void> refuse_tools(const Json& object, std::string_view field) {
  const auto* tools = find_field(object, field);
  if (tools == nullptr || ((tools->is_array() || tools->is_object()) && tools->empty())) return {};
  return not_here(field, fmt::format("Characters use no tools: leave '{}' out.", field));
}

void choose_model(std::string_view model, chat::Question& question) {
  constexpr std::string_view kTag = ":latest";
  if (model.ends_with(kTag)) model.remove_suffix(kTag.size());
  const auto slash = model.find('/');
  question.world = slash == std::string_view::npos ? "" : std::string(model.substr(0, slash));
  question.character_id = std::string(slash == std::string_view::npos ? model : model.substr(slash + 1));
  const bool narrator = slash == std::string_view::npos ? model == "gibsey" : question.character_id == "narrator";
  if (narrator) question.character_id.clear();
}

Field<std::string> content_text(const Json& content, std::string_view field) {
  if (content.is_null()) return std::string();
  if (content.is_string()) return checked_text(content.get<std::string>(), field, kSaid);
  if (!content.is_array()) return wrong(field, fmt::format("'{}' must be a text or a list of parts.", field));
  std::string text;
  for (const auto& part : content) {
    GIBSEY_TRY(const auto more, part_text(part, field));
    join(text, more);
  }
  return checked_text(std::move(text), field, kSaid);
}

Field<std::vector<Said>> read_messages(const Json& object, std::string_view field) {
  const auto* messages = find_field(object, field);
  if (messages == nullptr) return wrong(field, fmt::format("The field '{}' is missing.", field));
  if (!messages->is_array()) return wrong(field, fmt::format("The field '{}' must be a list of messages.", field));
  std::vector<Said> talk;
  for (const auto& message : *messages) {
    if (!message.is_object()) return wrong(field, "A message must be an object with role and content.");
    GIBSEY_TRY(const auto speaker, speaker_of(message, field));
    if (auto refused = refuse_tools(message, "tool_calls"); !refused) return std::unexpected(std::move(refused).error());
    if (auto refused = refuse_tools(message, "images"); !refused)
      return not_here("images", "Characters read text alone: leave the images out.");
    const auto content = message.find("content");
    if (content == message.end()) return wrong(field, "A message lacks its content.");
    GIBSEY_TRY(auto text, content_text(*content, field));
    talk.push_back({speaker, std::move(text)});
  }
  return talk;
}

Field<void> take_talk(std::vector<Said> talk, std::string_view field, chat::Question& question) {
  auto turns = merged(std::move(talk), question.client_system);
  if (turns.empty()) return wrong(field, fmt::format("'{}' holds no question: the last message must be the user's.", field));
  if (turns.back().speaker != Speaker::reader) {
    return not_here(field, "The last message must be the user's: a reply that the client begins cannot be gone on with.");
  }
  GIBSEY_TRY(question.text, checked_text(std::move(turns.back().text), field, kQuestion));
  turns.pop_back();
  question.history = paired(std::move(turns));
  return {};
}

Field<std::string> facade_user(const RouteRequest& request, const std::string& wanted) {
  GIBSEY_TRY(auto user, authorize_user(request.principal, wanted));
  return user.empty() ? std::string(kAnonymous) : std::move(user);
}

Field<std::optional<double>> optional_real(const Json& object, std::string_view field, double least, double most) {
  const auto* value = find_field(object, field);
  if (value == nullptr) return std::nullopt;
  const double number = value->is_number() ? value->get<double>() : least - 1;
  if (number >= least && number <= most) return number;
  return wrong(field, fmt::format("The field '{}' must be a number from {} to {}.", field, least, most));
}

Field<bool> optional_flag(const Json& object, std::string_view field, bool preset) {
  const auto* value = find_field(object, field);
  if (value == nullptr) return preset;
  if (!value->is_boolean()) return wrong(field, fmt::format("The field '{}' must be true or false.", field));
  return value->get<bool>();
}

Field<void> take_sampling(const Json& object, double hottest, chat::Question& question) {
  GIBSEY_TRY(const auto temperature, optional_real(object, "temperature", 0, hottest));
  GIBSEY_TRY(const auto top_p, optional_real(object, "top_p", 0, 1));
  question.dialect.temperature = temperature.value_or(question.dialect.temperature);
  question.dialect.top_p = top_p.value_or(question.dialect.top_p);
  return {};
}

Field<void> take_max_tokens(const Json& object, std::string_view field, chat::Question& question) {
  GIBSEY_TRY(const auto most, optional_number(object, field, 1, INT32_MAX));
  if (most) question.max_tokens = static_cast<int>(std::min(*most, kMostTokens));
  return {};
}

Field<void> take_stop(const Json& object, std::string_view field, chat::Question& question) {
  const auto* stop = find_field(object, field);
  if (stop == nullptr) return {};
  const auto list = stop->is_array() ? *stop : Json::array({*stop});
  if (list.size() > kMostStops) return wrong(field, fmt::format("The field '{}' may hold {} texts.", field, kMostStops));
  for (const auto& text : list) {
    if (!text.is_string()) return wrong(field, fmt::format("The field '{}' must be a text or a list of texts.", field));
    if (!text.get<std::string>().empty()) question.stop.push_back(text.get<std::string>());
  }
  return {};
}

}  // namespace gibsey::server
