#pragma once
#include "base/result.hpp"
#include "model/page.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gibsey::app {

struct JudgedQuestion {
  std::string id;
  std::string text;
  std::string book;
  std::map<std::string, int> relevant;  ///< page id -> grade, above 0
};

/// Questions whose pages are known.
struct QuestionSet {
  std::string name;
  std::map<std::string, std::vector<model::PageContent>> books;  ///< cut into passages; pages in the file's order
  std::vector<JudgedQuestion> questions;                         ///< those with a relevant page, in the file's order
  std::vector<std::string> unanswerable;                         ///< questions that no page answers; mostly none
};

/// Which books' questions are asked: weights are chosen on one half and reported on the other. A set that is one book is parted
/// by its questions.
enum class Half { all, first, second };

/// Reads a folder in BEIR layout: corpus.jsonl {_id, title, text}, queries.jsonl {_id, text, metadata}, qrels.tsv (a header;
/// query, page, grade). Where the metadata of a query names a title of the corpus, the query is asked inside the pages of that
/// title, each title a book; in a set without such queries all pages are one book. A page id that comes twice counts once. Or a
/// world folder (world.toml) with questions.jsonl {question, page_id} and, where it has one, unanswerable.jsonl {question}.
/// Errors: not_found (no such folder or a file of it is missing), invalid_argument (a line that cannot be read, by file and
/// number; no question left); those of ingest::read_book.
Result<QuestionSet> read_question_set(const std::filesystem::path& folder);

/// Keeps at most `limit` questions, evenly taken (0: all of them), of those the ones of one half, and no book without a question
/// unless it is the only one.
void keep(QuestionSet& set, Half half, std::size_t limit);

/// A claimed quotation and whether the page has it.
struct Claim {
  std::string text;
  std::string kind;  ///< "exact", "altered_drop_word" ...
  std::string book;
  std::string page_id;
  bool verbatim = false;
};

struct ClaimSet {
  std::string name;
  std::map<std::string, std::vector<model::Page>> books;
  std::vector<Claim> claims;
};

/// Reads claims.jsonl {claim, verbatim, mode, page, novel, claimed_novel} of a folder. Its books are the titles of corpus.jsonl
/// of that folder, or of the folder beside it that has the claims' pages. Errors: as above.
Result<ClaimSet> read_claim_set(const std::filesystem::path& folder);

}  // namespace gibsey::app
