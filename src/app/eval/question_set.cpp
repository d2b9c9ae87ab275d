#include "app/eval/question_set.hpp"

#include "ingest/importer.hpp"
#include "retrieval/chunks.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace gibsey::app {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr const char* kWholeBook = "all pages";

Error unreadable(const fs::path& file, int line, std::string_view why) {
  return {ErrorCode::invalid_argument, fmt::format("{}:{}: {}", file.string(), line, why)};
}

/// `use` is given each line and says what is wrong with it, or nothing. Empty lines are left out.
Result<void> for_each_line(const fs::path& file, const std::function<std::optional<std::string>(const std::string&, int)>& use) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::not_found, fmt::format("{} cannot be read", file.string()));
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    if (auto problem = use(line, number)) return std::unexpected(unreadable(file, number, *problem));
  }
  return {};
}

std::string text_of(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Result<void> for_each_object(const fs::path& file, const std::function<std::optional<std::string>(const json&)>& use) {
  return for_each_line(file, [&use](const std::string& line, int) -> std::optional<std::string> {
    const auto object = json::parse(line, nullptr, false);
    if (!object.is_object()) return "no JSON object";
    return use(object);
  });
}

Result<void> check_folder(const fs::path& folder, std::initializer_list<const char*> files) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return fail(ErrorCode::not_found, fmt::format("{} is no folder", folder.string()));
  for (const char* file : files) {
    if (fs::is_regular_file(folder / file, ignored)) continue;
    return fail(ErrorCode::not_found, fmt::format("{} is no evaluation set: it has no {}", folder.string(), file));
  }
  return {};
}

/// The pages of a corpus, each with its title as the book.
Result<std::vector<std::pair<std::string, model::Page>>> read_corpus(const fs::path& file) {
  std::vector<std::pair<std::string, model::Page>> pages;
  std::set<std::string> seen;
  GIBSEY_CHECK(for_each_object(file, [&](const json& object) -> std::optional<std::string> {
    model::Page page;
    page.id = text_of(object, "_id");
    page.text = text_of(object, "text");
    if (page.id.empty()) return "a page without an _id";
    if (seen.insert(page.id).second) pages.emplace_back(text_of(object, "title"), std::move(page));
    return std::nullopt;
  }));
  if (pages.empty()) return fail(ErrorCode::invalid_argument, fmt::format("{} has no page", file.string()));
  return pages;
}

using Judgements = std::map<std::string, std::map<std::string, int>>;

Result<Judgements> read_judgements(const fs::path& file) {
  Judgements judgements;
  GIBSEY_CHECK(for_each_line(file, [&](const std::string& line, int number) -> std::optional<std::string> {
    if (number == 1) return std::nullopt;
    const auto first = line.find('\t');
    const auto second = line.find('\t', first + 1);
    if (first == line.npos || second == line.npos) return "not three columns with tabs between";
    int grade = 0;
    const auto parsed = std::from_chars(line.data() + second + 1, line.data() + line.size(), grade);
    if (parsed.ec != std::errc()) return "the third column is no number";
    if (grade > 0) judgements[line.substr(0, first)][line.substr(first + 1, second - first - 1)] = grade;
    return std::nullopt;
  }));
  return judgements;
}

/// The title that a query's metadata names; "" where it names none.
std::string named_title(const json& query, const std::set<std::string>& titles) {
  const auto metadata = query.find("metadata");
  if (metadata == query.end() || !metadata->is_object()) return {};
  for (const auto& [key, value] : metadata->items()) {
    if (value.is_string() && titles.contains(value.get<std::string>())) return value.get<std::string>();
  }
  return {};
}

model::PageContent cut(model::Page page, std::size_t number) {
  page.order = static_cast<std::int64_t>(number);
  page.label = std::to_string(number + 1);
  page.content_hash = page.id;
  retrieval::Chunks chunks = retrieval::cut_page(page, "en");
  return {.page = std::move(page), .passages = std::move(chunks.passages), .quotes = std::move(chunks.quotes)};
}

/// FNV-1a: the same halves on every machine.
bool in_first_half(std::string_view key) {
  std::uint32_t hash = 2166136261U;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return ((hash >> 15) & 1U) == 0;
}

}  // namespace

namespace {

std::string name_of(const fs::path& folder) {
  return folder.filename().empty() ? folder.parent_path().filename().string() : folder.filename().string();
}

Result<QuestionSet> read_world(const fs::path& folder) {
  GIBSEY_CHECK(check_folder(folder, {"questions.jsonl"}));
  QuestionSet set{.name = name_of(folder)};
  GIBSEY_TRY(auto book, ingest::read_book(set.name, {folder}));
  for (model::PageContent& content : book.pages) {
    retrieval::Chunks chunks = retrieval::cut_page(content.page, "en");
    content.passages = std::move(chunks.passages);
    content.quotes = std::move(chunks.quotes);
  }
  set.books[set.name] = std::move(book.pages);
  GIBSEY_CHECK(for_each_object(folder / "questions.jsonl", [&set](const json& object) -> std::optional<std::string> {
    const std::string text = text_of(object, "question");
    const std::string page = text_of(object, "page_id");
    if (text.empty() || page.empty()) return "no question, or no page_id";
    set.questions.push_back(
        {.id = std::to_string(set.questions.size()), .text = text, .book = set.name, .relevant = {{page, 1}}});
    return std::nullopt;
  }));
  if (set.questions.empty()) return fail(ErrorCode::invalid_argument, fmt::format("{} asks nothing", folder.string()));
  if (!fs::exists(folder / "unanswerable.jsonl")) return set;
  GIBSEY_CHECK(for_each_object(folder / "unanswerable.jsonl", [&set](const json& object) -> std::optional<std::string> {
    set.unanswerable.push_back(text_of(object, "question"));
    return set.unanswerable.back().empty() ? std::optional<std::string>("no question") : std::nullopt;
  }));
  return set;
}

}  // namespace

Result<QuestionSet> read_question_set(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_regular_file(folder / "world.toml", ignored)) return read_world(folder);
  GIBSEY_CHECK(check_folder(folder, {"corpus.jsonl", "queries.jsonl", "qrels.tsv"}));
  GIBSEY_TRY(auto corpus, read_corpus(folder / "corpus.jsonl"));
  GIBSEY_TRY(const auto judgements, read_judgements(folder / "qrels.tsv"));
  std::set<std::string> titles;
  for (const auto& [title, page] : corpus) titles.insert(title);
  QuestionSet set;
  set.name = name_of(folder);
  bool by_title = false;
  GIBSEY_CHECK(for_each_object(folder / "queries.jsonl", [&](const json& query) -> std::optional<std::string> {
    JudgedQuestion question{.id = text_of(query, "_id"), .text = text_of(query, "text"), .book = named_title(query, titles)};
    if (question.id.empty() || question.text.empty()) return "a query without an _id or a text";
    const auto judged = judgements.find(question.id);
    if (judged == judgements.end()) return std::nullopt;
    by_title = by_title || !question.book.empty();
    question.relevant = judged->second;
    set.questions.push_back(std::move(question));
    return std::nullopt;
  }));
  if (!by_title) {
    for (auto& question : set.questions) question.book = kWholeBook;
  }
  std::erase_if(set.questions, [](const JudgedQuestion& question) { return question.book.empty(); });
  if (set.questions.empty()) return fail(ErrorCode::invalid_argument, fmt::format("{} judges no question", folder.string()));
  for (auto& [title, page] : corpus) {
    auto& book = set.books[by_title ? title : kWholeBook];
    book.push_back(cut(std::move(page), book.size()));
  }
  return set;
}

void keep(QuestionSet& set, Half half, std::size_t limit) {
  const bool one_book = set.books.size() == 1;
  const std::size_t count = set.questions.size();
  const std::size_t step = limit == 0 ? 1 : std::max<std::size_t>(1, (count + limit - 1) / limit);
  std::vector<JudgedQuestion> taken;
  for (std::size_t i = 0; i < count; i += step) {
    const bool first = in_first_half(one_book ? set.questions[i].id : set.questions[i].book);
    if (half == Half::all || first == (half == Half::first)) taken.push_back(std::move(set.questions[i]));
  }
  set.questions = std::move(taken);
  std::set<std::string> asked;
  for (const auto& question : set.questions) asked.insert(question.book);
  if (!one_book) std::erase_if(set.books, [&asked](const auto& book) { return !asked.contains(book.first); });
}

namespace {

Result<std::vector<Claim>> read_claims(const fs::path& file) {
  std::vector<Claim> claims;
  GIBSEY_CHECK(for_each_object(file, [&](const json& object) -> std::optional<std::string> {
    Claim claim{.text = text_of(object, "claim"), .kind = text_of(object, "mode"), .page_id = text_of(object, "page")};
    claim.book = object.contains("claimed_novel") ? text_of(object, "claimed_novel") : text_of(object, "novel");
    if (claim.text.empty() || claim.book.empty()) return "no claim, or no novel that it is made of";
    const auto verbatim = object.find("verbatim");
    if (verbatim == object.end() || !verbatim->is_boolean()) return "does not say whether the claim is verbatim";
    claim.verbatim = verbatim->get<bool>();
    claims.push_back(std::move(claim));
    return std::nullopt;
  }));
  if (claims.empty()) return fail(ErrorCode::invalid_argument, fmt::format("{} has no claim", file.string()));
  return claims;
}

/// The corpus that holds the pages of the claims; nullopt where `file` is another book's.
Result<std::optional<std::map<std::string, std::vector<model::Page>>>> books_of(const fs::path& file,
                                                                                const std::vector<Claim>& claims) {
  GIBSEY_TRY(auto corpus, read_corpus(file));
  std::map<std::string, std::vector<model::Page>> books;
  for (auto& [title, page] : corpus) books[title].push_back(std::move(page));
  const bool all = std::ranges::all_of(claims, [&books](const Claim& claim) { return books.contains(claim.book); });
  if (!all) return std::nullopt;
  return books;
}

}  // namespace

Result<ClaimSet> read_claim_set(const fs::path& folder) {
  GIBSEY_CHECK(check_folder(folder, {"claims.jsonl"}));
  ClaimSet set;
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(folder, ignored);
  set.name = name_of(whole);
  GIBSEY_TRY(set.claims, read_claims(folder / "claims.jsonl"));
  std::vector<fs::path> files{whole / "corpus.jsonl"};
  for (const auto& beside : fs::directory_iterator(whole.parent_path(), ignored)) files.push_back(beside.path() / "corpus.jsonl");
  std::sort(files.begin() + 1, files.end());
  for (const fs::path& file : files) {
    if (!fs::is_regular_file(file, ignored)) continue;
    GIBSEY_TRY(auto books, books_of(file, set.claims));
    if (!books) continue;
    set.books = std::move(*books);
    return set;
  }
  return fail(ErrorCode::not_found,
              fmt::format("neither {} nor a folder beside it has the books of its claims (corpus.jsonl)", whole.string()));
}

}  // namespace gibsey::app
