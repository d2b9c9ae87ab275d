#include "server/problem.hpp"
#include "server/stargate/table.hpp"
#include "server/stargate/world_rows.hpp"

#include <algorithm>
#include <charconv>

namespace gibsey::server::stargate {
namespace {

constexpr const char* kReadOnly =
    "The table 'summaries' can only be read; POST /v1/jobs/nightly/run writes notes, POST /v1/notes/{id}/revert goes back to a "
    "version.";
constexpr const char* kNoNumber = "Invalid path for row to find, problem: 'version' is a number.";

std::optional<std::int64_t> number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

Json row_of(const model::Note& note) {
  std::vector<std::string> pages;
  for (const auto& member : note.members) pages.push_back(member.page_id);
  std::ranges::sort(pages);
  const auto [first, last] = std::ranges::unique(pages);
  pages.erase(first, last);
  return {{"cluster", note.id},
          {"version", note.version},
          {"world", note.world},
          {"title", note.chapter},
          {"text", note.text},
          {"page_ids", pages},
          {"extractive", note.kind == model::NoteKind::extract},
          {"voice", note.voice},
          {"model", note.model},
          {"run_id", note.run_id.empty() ? Json(nullptr) : Json(note.run_id)},
          {"reverted_to", note.reverted_to == 0 ? Json(nullptr) : Json(note.reverted_to)},
          {"retired", note.retired},
          {"created", iso8601(note.created)}};
}

/// All versions of a note under its key, newest first, those of retired ones too; a listing has of each note that is not retired
/// the newest.
class SummariesTable final : public Table {
 public:
  SummariesTable()
      : Table("summaries",
              {{"cluster"},
               {"version", Type::number},
               {"world"},
               {"title"},
               {"text"},
               {"page_ids", Type::list},
               {"extractive", Type::boolean},
               {"voice"},
               {"model"},
               {"run_id"},
               {"reverted_to", Type::number},
               {"retired", Type::boolean},
               {"created", Type::timestamp}},
              2) {}

  Rows find(const Services& services, const RouteRequest&, std::string world, std::vector<std::string> key) const override {
    std::vector<Json> rows;
    const auto& id = key.at(0);
    const auto version = key.size() > 1 ? number_of(key[1]) : std::nullopt;
    if (key.size() > 1 && !version) co_return fail(ErrorCode::invalid_argument, kNoNumber);
    std::vector<std::int64_t> numbers;
    if (version) {
      numbers.push_back(*version);
    } else {
      GIBSEY_CO_TRY(const auto versions, co_await services.notes->list_note_versions(id));
      for (const auto& note : versions) numbers.push_back(note.version);
      std::ranges::reverse(numbers);
    }
    for (const auto number : numbers) {
      GIBSEY_CO_TRY(const auto note, co_await services.notes->find_note_version(id, number));
      if (note && (world.empty() || note->world == world)) rows.push_back(row_of(*note));
    }
    co_return rows;
  }

  Listing list(const Services& services, const RouteRequest&, std::string world, std::string after, int limit) const override {
    GIBSEY_CO_TRY(auto place, read_place(after, 1));
    GIBSEY_CO_TRY(const auto worlds, co_await worlds_from(services, std::move(world), place.world));
    auto behind = place.parts.empty() ? std::string() : place.parts.front();
    std::vector<PlacedRow> rows;
    for (const auto& name : worlds) {
      const int wanted = limit - static_cast<int>(rows.size());
      if (wanted <= 0) break;
      GIBSEY_CO_TRY(const auto notes, co_await services.notes->list_notes(name, std::exchange(behind, ""), wanted));
      for (const auto& note : notes) rows.push_back({row_of(note), write_place({name, {note.id}})});
    }
    co_return rows;
  }

  Written put(const Services&, RouteRequest&, std::vector<std::string>) const override { co_return problem(405, kReadOnly); }
  Written remove(const Services&, RouteRequest&, std::vector<std::string>) const override { co_return problem(405, kReadOnly); }
};

}  // namespace

const Table& summaries_table() {
  static const SummariesTable table;
  return table;
}

}  // namespace gibsey::server::stargate
