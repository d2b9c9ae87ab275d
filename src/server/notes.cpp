#include "server/notes.hpp"

#include "jobs/note_draft.hpp"
#include "server/pages.hpp"
#include "server/problem.hpp"
#include "server/request_fields.hpp"
#include "server/world_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibsey::server {
namespace {

constexpr std::int64_t kMostNotes = 200;
constexpr std::int64_t kMostVersions = INT32_MAX;

std::vector<std::string> page_ids(const model::Note& note) {
  std::vector<std::string> ids;
  for (const auto& member : note.members) {
    if (std::ranges::find(ids, member.page_id) == ids.end()) ids.push_back(member.page_id);
  }
  return ids;
}

Json sentences_json(const model::Note& note) {
  auto sentences = Json::array();
  for (const auto& sentence : note.sentences) {
    auto citations = Json::array();
    for (const auto& citation : sentence.citations)
      citations.push_back({{"page_id", citation.page_id}, {"label", citation.label}, {"page_version", citation.page_version}});
    sentences.push_back({{"text", sentence.text}, {"citations", std::move(citations)}});
  }
  return sentences;
}

Json note_json(const model::Note& note) {
  return {{"id", note.id},
          {"world", note.world},
          {"chapter", note.chapter},
          {"voice", note.voice},
          {"version", note.version},
          {"kind", to_string(note.kind)},
          {"text", note.text},
          {"sentences", sentences_json(note)},
          {"page_ids", page_ids(note)},
          {"model", note.model},
          {"run_id", note.run_id.empty() ? Json() : Json(note.run_id)},
          {"reverted_to", note.reverted_to == 0 ? Json() : Json(note.reverted_to)},
          {"retired", note.retired},
          {"created", iso8601(note.created)}};
}

Json version_json(const model::Note& note) {
  return {{"version", note.version},
          {"kind", to_string(note.kind)},
          {"words", jobs::count_words(note.text)},
          {"run_id", note.run_id.empty() ? Json() : Json(note.run_id)},
          {"reverted_to", note.reverted_to == 0 ? Json() : Json(note.reverted_to)},
          {"created", iso8601(note.created)}};
}

net::HttpResponse no_note(const std::string& id) {
  return problem(404, fmt::format("There is no note '{}'.", id));
}

std::string no_version(const std::string& id, std::int64_t version) {
  return fmt::format("The note '{}' has no version {}.", id, version);
}

Field<std::int64_t> version_in_path(const RouteRequest& request) {
  return query_number(request.parameters.at(1), "number", 0, 1, kMostVersions);
}

}  // namespace

boost::asio::awaitable<net::HttpResponse> list_notes(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto limit, query_number(request.find("limit"), "limit", 50, 1, kMostNotes));
  const auto world = co_await choose_world(services.pages, request.find("world").value_or(""));
  if (!world) co_return problem(world.error());
  auto list = Json::array();
  Json next;
  if (const auto page_id = request.find("page_id")) {
    const auto spelled = co_await spelled_id(services.pages, world->name, *page_id);
    if (!spelled) co_return problem(spelled.error());
    const auto notes = co_await services.notes->notes_of_page(world->name, *spelled);
    if (!notes) co_return problem(notes.error());
    for (const auto& note : *notes) list.push_back(note_json(note));
  } else {
    const auto notes =
        co_await services.notes->list_notes(world->name, request.find("after").value_or(""), static_cast<int>(limit));
    if (!notes) co_return problem(notes.error());
    for (const auto& note : *notes) list.push_back(note_json(note));
    if (std::cmp_equal(notes->size(), limit)) next = notes->back().id;
  }
  co_return json_response(200, {{"notes", std::move(list)}, {"next", std::move(next)}});
}

boost::asio::awaitable<net::HttpResponse> get_note(const Services& services, RouteRequest& request) {
  const auto& id = request.parameters.at(0);
  const auto note = co_await services.notes->find_note(id);
  if (!note) co_return problem(note.error());
  if (!*note) co_return no_note(id);
  const auto versions = co_await services.notes->list_note_versions(id);
  if (!versions) co_return problem(versions.error());
  auto body = note_json(**note);
  body["versions"] = Json::array();
  for (const auto& version : *versions) body["versions"].push_back(version_json(version));
  co_return json_response(200, body);
}

boost::asio::awaitable<net::HttpResponse> get_note_version(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto number, version_in_path(request));
  const auto& id = request.parameters.at(0);
  const auto note = co_await services.notes->find_note_version(id, number);
  if (!note) co_return problem(note.error());
  if (!*note) co_return problem(404, no_version(id, number));
  co_return json_response(200, note_json(**note));
}

std::vector<SentenceChange> diff_sentences(const model::Note& from, const model::Note& to) {
  const auto& a = from.sentences;
  const auto& b = to.sentences;
  // Longest common part, from the ends.
  std::vector<std::vector<int>> common(a.size() + 1, std::vector<int>(b.size() + 1));
  for (auto i = a.size(); i-- > 0;) {
    for (auto j = b.size(); j-- > 0;)
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  }
  std::vector<SentenceChange> changes;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      changes.push_back({"equal", jobs::note_text({a[i]})});
      ++i;
      ++j;
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      changes.push_back({"removed", jobs::note_text({a[i++]})});
    } else {
      changes.push_back({"added", jobs::note_text({b[j++]})});
    }
  }
  return changes;
}

boost::asio::awaitable<net::HttpResponse> diff_note(const Services& services, RouteRequest& request) {
  const auto& id = request.parameters.at(0);
  const auto newest = co_await services.notes->find_note(id);
  if (!newest) co_return problem(newest.error());
  if (!*newest) co_return no_note(id);
  GIBSEY_FIELD(const auto to, query_number(request.find("to"), "to", (*newest)->version, 1, kMostVersions));
  GIBSEY_FIELD(const auto from, query_number(request.find("from"), "from", std::max<std::int64_t>(to - 1, 1), 1, kMostVersions));
  const auto before = co_await services.notes->find_note_version(id, from);
  if (!before) co_return problem(before.error());
  if (!*before) co_return problem(404, no_version(id, from));
  const auto after = co_await services.notes->find_note_version(id, to);
  if (!after) co_return problem(after.error());
  if (!*after) co_return problem(404, no_version(id, to));
  auto changes = Json::array();
  for (const auto& [what, text] : diff_sentences(**before, **after)) changes.push_back({{"what", what}, {"text", text}});
  co_return json_response(200, {{"id", id}, {"from", from}, {"to", to}, {"changes", std::move(changes)}});
}

boost::asio::awaitable<Result<model::Note>> revert_to_version(store::NoteStore& notes, std::string id, std::int64_t version) {
  GIBSEY_CO_TRY(const auto now, co_await notes.find_note(id));
  if (!now) co_return fail(ErrorCode::not_found, fmt::format("There is no note '{}'.", id));
  GIBSEY_CO_TRY(auto older, co_await notes.find_note_version(id, version));
  if (!older) co_return fail(ErrorCode::not_found, no_version(id, version));
  auto note = *std::move(older);
  note.version = now->version + 1;
  note.members = now->members;
  note.source_hash = now->source_hash;
  note.run_id.clear();
  note.reverted_to = version;
  note.created = unix_millis_now();
  GIBSEY_CO_CHECK(co_await notes.put_note(note));
  co_return note;
}

boost::asio::awaitable<net::HttpResponse> revert_note(const Services& services, RouteRequest& request) {
  GIBSEY_FIELD(const auto object, parse_object(request.http.body));
  GIBSEY_FIELD(const auto version, required_number(object, "version", 1, kMostVersions));
  const auto note = co_await revert_to_version(*services.notes, request.parameters.at(0), version);
  if (!note) co_return problem(note.error());
  co_return json_response(200, note_json(*note));
}

}  // namespace gibsey::server
