#include "store/cassandra/page_rows.hpp"

#include "store/json_text.hpp"
#include "store/page_check.hpp"

#include <algorithm>

namespace gibsey::store::cassandra {
namespace {

using Json = nlohmann::json;

const std::string kColumns =
    "world, id, label, title, chapter, text, source, voice, position, version, content_hash, updated, passages, quotes";
const std::string kSelect = "SELECT " + kColumns + " FROM pages WHERE world = ?";

/// [number, start, end, text] each; the text of a passage is kept because old programs may have cut the page otherwise.
std::string encode_passages(const model::PageContent& content) {
  auto list = Json::array();
  for (const auto& passage : content.passages) list.push_back({passage.number, passage.start, passage.end, passage.text});
  return dump(list);
}

/// [passage, start, end, words, sentences, text] each.
std::string encode_quotes(const model::PageContent& content) {
  auto list = Json::array();
  for (const auto& quote : content.quotes) {
    list.push_back({quote.passage, quote.start, quote.end, quote.words, quote.sentences, quote.text});
  }
  return dump(list);
}

Result<void> decode_parts(const std::string& passages, const std::string& quotes, model::PageContent& content) {
  const auto& page = content.page;
  try {
    if (!passages.empty()) {
      for (const auto& part : Json::parse(passages)) {
        content.passages.push_back({.world = page.world,
                                    .page_id = page.id,
                                    .number = part.at(0),
                                    .start = part.at(1),
                                    .end = part.at(2),
                                    .text = part.at(3)});
      }
    }
    if (quotes.empty()) return {};
    for (const auto& part : Json::parse(quotes)) {
      content.quotes.push_back({.world = page.world,
                                .page_id = page.id,
                                .passage = part.at(0),
                                .start = part.at(1),
                                .end = part.at(2),
                                .words = part.at(3),
                                .sentences = part.at(4),
                                .text = part.at(5)});
    }
  } catch (const Json::exception& exception) {
    return std::unexpected(unreadable_row(exception.what()));
  }
  return {};
}

Result<PageRow> read_row(Row row) {
  PageRow read;
  auto& page = read.content.page;
  std::optional<std::int64_t> position;
  std::string passages;
  std::string quotes;
  row >> page.world >> page.id >> page.label >> page.title >> page.chapter >> page.text >> page.source >> page.voice >>
      position >> page.version >> page.content_hash >> page.updated >> passages >> quotes;
  page.order = position.value_or(-1);
  read.edited_by_others = page.content_hash.empty();
  if (page.label.empty()) page.label = label_of_id(page.id);
  GIBSEY_CHECK(decode_parts(passages, quotes, read.content));
  std::ranges::sort(read.content.passages, {}, &model::Passage::number);
  return read;
}

}  // namespace

Async<std::optional<PageRow>> read_page_row(Session& session, std::string world, std::string id, Reading reading) {
  static const std::string kFind = kSelect + " AND id = ?";
  GIBSEY_CO_TRY(const auto rows, co_await session.read(cql(kFind, world, id), reading));
  if (rows.empty()) co_return std::nullopt;
  GIBSEY_CO_TRY(auto row, read_row(rows[0]));
  co_return std::optional(std::move(row));
}

Async<std::vector<model::PageContent>> read_page_rows(Session& session, std::string world, std::vector<std::string> ids) {
  static const std::string kFind = kSelect + " AND id IN ?";
  std::vector<model::PageContent> contents;
  for (const auto& some : in_slices(ids)) {
    GIBSEY_CO_TRY(const auto rows, co_await session.read(cql(kFind, world, some)));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      GIBSEY_CO_TRY(auto row, read_row(rows[i]));
      if (row.content.page.version > 0) contents.push_back(std::move(row.content));
    }
  }
  co_return contents;
}

Async<std::vector<model::PageContent>> read_all_page_rows(Session& session, std::string world) {
  std::vector<model::PageContent> contents;
  const auto keep = [&contents](Row row) -> Result<void> {
    GIBSEY_TRY(auto read, read_row(row));
    if (read.content.page.version > 0) contents.push_back(std::move(read.content));
    return {};
  };
  GIBSEY_CO_CHECK(co_await session.each(cql(kSelect, world), keep));
  co_return contents;
}

Statement put_page_statement(const model::PageContent& content, std::int64_t now) {
  static const std::string kPut =
      "UPDATE pages SET label = ?, title = ?, chapter = ?, text = ?, source = ?, voice = ?, position = ?, version = ?, "
      "content_hash = ?, updated = ?, passages = ?, quotes = ? WHERE world = ? AND id = ? IF version = ?";
  const auto& page = content.page;
  return cql(kPut, page.label, page.title, page.chapter, page.text, page.source, page.voice, page.order, page.version,
             page.content_hash, page.updated, encode_passages(content), encode_quotes(content), page.world, page.id,
             now == 0 ? null() : Value(now));
}

Statement keep_version_statement(const model::Page& page) {
  static const std::string kKeep =
      "INSERT INTO page_versions (world, id, version, label, title, chapter, text, source, voice, position, content_hash, "
      "updated) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  return cql(kKeep, page.world, page.id, page.version, page.label, page.title, page.chapter, page.text, page.source, page.voice,
             page.order, page.content_hash, page.updated);
}

const std::string kSelectVersion =
    "SELECT world, id, label, title, chapter, text, source, voice, position, version, content_hash, updated FROM page_versions "
    "WHERE world = ? AND id = ? AND version = ?";

model::Page read_version(Row row) {
  model::Page page;
  row >> page.world >> page.id >> page.label >> page.title >> page.chapter >> page.text >> page.source >> page.voice >>
      page.order >> page.version >> page.content_hash >> page.updated;
  return page;
}

namespace {

const std::string kSelectState = "SELECT id, version, position, edited, removed, seq FROM page_states WHERE world = ?";

PageState read_page_state(Row row) {
  PageState state;
  row >> state.id >> state.version >> state.position >> state.edited >> state.removed >> state.seq;
  return state;
}

}  // namespace

Async<std::optional<PageState>> read_state(Session& session, std::string world, std::string id) {
  static const std::string kFind = kSelectState + " AND id = ?";
  GIBSEY_CO_TRY(const auto rows, co_await session.read(cql(kFind, world, id)));
  if (rows.empty()) co_return std::nullopt;
  co_return read_page_state(rows[0]);
}

Async<std::vector<PageState>> read_states(Session& session, std::string world) {
  std::vector<PageState> states;
  const auto keep = [&states](Row row) {
    states.push_back(read_page_state(row));
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session.each(cql(kSelectState, world), keep));
  co_return states;
}

Async<std::vector<PageDigest>> read_digests(Session& session, std::string world) {
  std::vector<PageDigest> digests;
  const auto keep = [&digests](Row row) {
    auto& digest = digests.emplace_back();
    row >> digest.id >> digest.version >> digest.content_hash >> digest.label >> digest.chapter >> digest.position;
    return Result<void>();
  };
  GIBSEY_CO_CHECK(co_await session.each(
      cql("SELECT id, version, content_hash, label, chapter, position FROM pages WHERE world = ?", world), keep));
  co_return digests;
}

}  // namespace gibsey::store::cassandra
