#pragma once
#include "base/clock.hpp"
#include "server/json_response.hpp"
#include "server/request_fields.hpp"
#include "server/router.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::server {

/// The largest body of a facade: its clients send the whole talk with every question.
inline constexpr std::size_t kFacadeBodyLimit = 1024 * 1024;
/// The name of a model: "arieol", "entrance-way/arieol".
inline constexpr TextRule kModelName{1, 200, false};

/// What a client of a facade asks, read out of its own JSON.
struct FacadeRequest {
  chat::Question question;
  std::string model;           ///< as the client named it
  bool stream = false;         ///< whether it wants the reply as it is written
  bool include_usage = false;  ///< OpenAI's stream_options.include_usage
  std::string previous;        ///< OpenAI's previous_response_id, the turn that this one follows
  UnixMillis created = unix_millis_now();
};

enum class Speaker { system, reader, character };
struct Said {
  Speaker speaker = Speaker::reader;
  std::string text;
};

/// Says who answers: "arieol", "entrance-way/arieol", "gibsey" (the narrator of the first world), "entrance-way/" or
/// "entrance-way/narrator". A tag ":latest" does not count. Whether there is such a character, the turn finds out.
void choose_model(std::string_view model, chat::Question& question);

/// A message's content: a text, or a list of parts of which each is one ("text", "input_text", "output_text"); null is "". 400
/// for images, sound, files and calls of tools; 422 for what is none of these.
[[nodiscard]] Field<std::string> content_text(const Json& content, std::string_view field);

/// The list `field` of {role, content}. system and developer speak for the client. 400 for messages of tools.
[[nodiscard]] Field<std::vector<Said>> read_messages(const Json& object, std::string_view field);

/// Makes the talk the question's: what the client's system says joins `client_system`, earlier exchanges are the history
/// (neighbouring messages of one speaker are one), the last message is the question. 400 where the last one is not the reader's,
/// 422 for an empty or too long one.
[[nodiscard]] Field<void> take_talk(std::vector<Said> talk, std::string_view field, chat::Question& question);

/// The user to act as: `wanted`, else the one who is signed in, else "anonymous". 403 for somebody else.
[[nodiscard]] Field<std::string> facade_user(const RouteRequest& request, const std::string& wanted);

/// temperature (0 to `hottest`), top_p and the greatest number of tokens under the client's name for it, where the object has
/// them.
[[nodiscard]] Field<void> take_sampling(const Json& object, double hottest, chat::Question& question);
[[nodiscard]] Field<void> take_max_tokens(const Json& object, std::string_view field, chat::Question& question);
/// A text or a list of texts before which the reply ends; "" and null end nothing.
[[nodiscard]] Field<void> take_stop(const Json& object, std::string_view field, chat::Question& question);

[[nodiscard]] Field<bool> optional_flag(const Json& object, std::string_view field, bool preset);
[[nodiscard]] Field<std::optional<double>> optional_real(const Json& object, std::string_view field, double least, double most);

/// The value of a field that is there and not null; nullptr otherwise.
[[nodiscard]] const Json* find_field(const Json& object, std::string_view field);
/// A 400 that says what is not to be had here.
[[nodiscard]] std::unexpected<net::HttpResponse> not_here(std::string_view field, const std::string& sentence);
/// not_here() where the client asks for tools: a list that is not empty.
[[nodiscard]] Field<void> refuse_tools(const Json& object, std::string_view field);

}  // namespace gibsey::server
